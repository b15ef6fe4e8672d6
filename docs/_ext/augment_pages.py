"""Sphinx extension: one page for each transform, with picture and sound before and after.

Everything is made from the classes at each build: add a transform to `tympan.augment`, and it has
its page. Runs by itself too: `python docs/_ext/augment_pages.py OUTDIR`.
"""

from __future__ import annotations

import base64
import inspect
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RATE_HZ = 16_000
DURATION_S = 3.0
SEED = 1
# What the constructors need, or what shows best what they do.
CHOSEN: dict[str, dict[str, Any]] = {
    "BandStop": {"min_centre_hz": 900.0, "max_centre_hz": 900.0, "min_octaves": 1.5},
    "BandPass": {"min_octaves": 1.0, "max_octaves": 1.5},
    "Clipping": {"min_threshold_db": -18.0, "max_threshold_db": -18.0},
    "CodecLoss": {"codecs": ("mp3",), "max_quality": 0.0},
    "ColoredNoise": {"min_snr_db": 5.0, "max_snr_db": 5.0, "exponents": (1.0,)},
    "BackgroundMix": {"min_snr_db": 0.0, "max_snr_db": 0.0},
    "CropPad": {"length": RATE_HZ * 3 // 2},
    "Fade": {"min_in_s": 1.0, "max_in_s": 1.0, "min_out_s": 0.5, "shapes": ("half_sine",)},
    "FilterAugment": {"min_gain_db": -20.0, "max_gain_db": 15.0},
    "FrequencyShift": {"max_bins": 12},
    "Gain": {"min_gain_db": -12.0, "max_gain_db": -12.0},
    "HighPass": {"min_cutoff_hz": 1500.0, "max_cutoff_hz": 1500.0, "order": 4},
    "LowPass": {"min_cutoff_hz": 800.0, "max_cutoff_hz": 800.0, "order": 4},
    "Mixup": {"alpha": 20.0},
    "PacketDropout": {"min_loss": 0.25, "max_loss": 0.25},
    "PitchShift": {"min_semitones": 4.0, "max_semitones": 4.0},
    "Quantization": {"min_bits": 5, "max_bits": 5},
    "Reverb": {"min_rt60_s": 0.8},
    "Speed": {"min_factor": 1.25, "max_factor": 1.25},
    "TimeStretch": {"min_rate": 0.75, "max_rate": 0.75},
    "TimeWarp": {"max_shift": 0.25},
}


# On the page of presets.
MOVING = """From Python, with the events and targets that go with a batch:

.. code-block:: python

   augmentation = load_augmentation("speech", rate_hz=16000)
   done = augmentation.apply_waveform(waves, generator, events)   # waves (b, c, t)
   done.x, done.events

Events are ``(start_s, end_s, …)`` for each item. They move with the sound in {names}: what leaves
the item is cut off, and an event that a circular shift moves over the end comes back in two pieces.
"""


def generate(target: Any) -> list[Path]:
    """Write all pages.

    Args:
        target: the Sphinx application (pages go below its `_generated/augment`), or a folder.

    Returns:
        The pages written, the index last.
    """
    from tympan import augment

    named = isinstance(target, str | Path)
    folder = Path(target) if named else Path(target.srcdir) / "_generated" / "augment"
    folder.mkdir(parents=True, exist_ok=True)
    from tympan.augment._names import SPECTROGRAM, WAVEFORM

    kinds = {"Waveform": WAVEFORM, "Spectrogram": SPECTROGRAM}
    pages, index = [], [_heading("Augmentation", "="), _about(augment)]
    for title, names in kinds.items():
        index += [_heading(f"{title} transforms", "-"), ".. list-table::\n   :widths: 25 75\n"]
        for name in sorted(names):
            kind = getattr(augment, name)
            pages.append(_write(folder / f"{name}.rst", page(kind, folder)))
            index.append(f"   * - :doc:`{name}`\n     - {_summary(kind)}")
        index.append("")
    pages.append(_write(folder / "presets.rst", presets_page()))
    index.append(
        "A training takes them from a preset or a file: :doc:`presets`. Chains, choices, and other "
        "draws for each channel (``Compose``, ``OneOf``, ``PerChannel``): :doc:`../api/augment`.\n"
    )
    listed = "\n".join(f"   {page.stem}" for page in pages)
    index.append(f".. toctree::\n   :hidden:\n\n{listed}\n")
    return [*pages, _write(folder / "index.rst", "\n".join(index))]


def page(kind: type, folder: Path) -> str:
    """Return the page of one transform: what it is, figure, players, arguments, hazards."""
    transform = make(kind)
    before, after, figure, note = (
        waveform_example(transform) if _is_waveform(transform) else picture_example(transform)
    )
    parts = [_heading(kind.__name__, "="), f"*{_summary(kind)}*\n"]
    call = ", ".join(f"{key}={value!r}" for key, value in _shown(kind).items())
    parts.append(f"Before and after ``{kind.__name__}({call})``{note}:\n")
    _save(figure, folder / f"{kind.__name__}.png")
    parts.append(f".. image:: {kind.__name__}.png\n   :alt: before and after {kind.__name__}\n")
    for title, clip in (("Before", before), ("After", after)):
        if clip is not None:
            parts.append(_html(f"<p>{title}</p>{_player(title, clip)}"))
    parts.append(f".. autoclass:: {kind.__module__}.{kind.__name__}\n   :no-members:\n")
    return "\n".join(parts)


def presets_page() -> str:
    """Return the page of presets and files: how they are written, what each does, its hazards."""
    from tympan.augment import load_augmentation, preset_names
    from tympan.augment.toml_file import PRESETS

    how = (inspect.getdoc(load_augmentation) or "").split("Args:")[0]
    how = re.sub(r"`([^`]+)`", r"``\1``", how)
    parts = [_heading("Presets and files", "="), how, MOVING.format(names=", ".join(_moving()))]
    clip = example_clip()
    for name in preset_names():
        text = (PRESETS / f"{name}.toml").read_text(encoding="utf-8")
        head, _, chains = text.partition("\n\n")
        about = "\n".join(line.removeprefix("#").removeprefix(" ") for line in head.splitlines())
        parts += [_heading(f"``{name}``", "-"), about + "\n"]
        augmentation = load_augmentation(name, rate_hz=RATE_HZ)
        parts.append(_html(f"<p>Before</p>{_player('Before', clip)}"))
        for seed in (SEED, SEED + 1):
            title = f"After, seed {seed}"
            parts.append(
                _html(f"<p>{title}</p>{_player(title, _augmented(augmentation, clip, seed))}")
            )
        indented = "\n".join(f"   {line}".rstrip() for line in chains.strip().splitlines())
        parts.append(f".. code-block:: toml\n   :caption: {name}.toml\n\n{indented}\n")
    return "\n".join(parts)


def _augmented(augmentation: Any, clip: Any, seed: int) -> Any:
    """Return the clip as the chain of waves changes it."""
    import torch

    wave = augmentation.apply_waveform(torch.from_numpy(clip.samples.copy())[None], seed).x[0]
    peak = max(1.0, float(wave.abs().max()))
    return _clip((wave / peak).numpy(), clip, f"seed {seed}")


def _moving() -> list[str]:
    """Return the names of the transforms that move sounds in time, as links to their pages."""
    from tympan import augment
    from tympan.augment._names import SPECTROGRAM, WAVEFORM

    names = sorted({**WAVEFORM, **SPECTROGRAM})
    base = augment.Transform
    return [
        f":doc:`{name}`"
        for name in names
        if getattr(augment, name).move_times is not base.move_times
        or getattr(augment, name).move_events is not base.move_events
    ]


def make(kind: type) -> Any:
    """Return a transform with the chosen settings, the rate and probability 1 where it takes them.

    >>> from tympan.augment import LowPass
    >>> make(LowPass).rate_hz
    16000
    """
    given = {"rate_hz": RATE_HZ, "p": 1.0, "backgrounds": [_rain()]}
    takes = inspect.signature(kind).parameters
    given = {key: value for key, value in given.items() if key in takes}
    return kind(**(given | CHOSEN.get(kind.__name__, {})))


# -- examples --------------------------------------------------------------------------------------


def waveform_example(transform: Any) -> tuple[Any, Any, Any, str]:
    """Return the clips before and after, the figure, and a word on what it shows."""
    before = example_clip()
    after = transform(before, SEED)
    return before, after, _figure_of_clips(before, after), ""


def picture_example(transform: Any) -> tuple[Any, Any, Any, str]:
    """Return the same for a transform of spectrograms; the sound is made audible again."""
    import torch

    first, other = _log_mel(example_clip()), _log_mel(_rain())
    x = torch.stack([first, other])[:, None]
    note = ""
    if transform.mixes:
        y, targets = transform(x, torch.eye(2), SEED)
        own, others = targets[0].tolist()
        note = f", mixed with rain; targets {own:.2f} and {others:.2f}"
    else:
        y = transform(x, SEED)
    before, after = first.numpy(), y[0, 0].numpy()
    return _audible(before), _audible(after), _figure_of_pictures(before, after), note


def example_clip() -> Any:
    """Return a bell-like tune over a hiss, three seconds, peak −6 dBFS."""
    from tympan.audio import synth

    rng = np.random.default_rng(SEED)
    t = np.arange(round(DURATION_S * RATE_HZ)) / RATE_HZ
    wave = 0.02 * rng.standard_normal(len(t))
    for start_s, note in ((0.15, 0), (0.65, 4), (1.15, 7), (1.65, 12), (2.15, 7)):
        since = np.clip(t - start_s, 0, None)
        for partial, loud, fall in ((1, 1.0, 2.5), (2, 0.6, 4), (2.76, 0.4, 6), (5.4, 0.25, 9)):
            ring = np.sin(2 * np.pi * 330 * 2 ** (note / 12) * partial * since)
            wave += loud * ring * np.exp(-fall * since) * (since > 0)
    like = synth.silence(duration_s=DURATION_S, rate_hz=RATE_HZ)
    return _clip(0.5 * wave / np.abs(wave).max(), like, "tune")


def _rain() -> Any:
    from tympan.audio import synth

    return 0.2 * synth.pink_noise(duration_s=DURATION_S, rate_hz=RATE_HZ, seed=SEED)


def _clip(wave: np.ndarray, like: Any, name: str) -> Any:
    return type(like)(np.atleast_2d(wave).astype(np.float32), like.rate_hz, name)


def _log_mel(clip: Any) -> Any:
    import torch

    from tympan.spectra import LogMel

    return LogMel(rate_hz=RATE_HZ, n_mels=96)(torch.from_numpy(clip.samples.copy()))[0]


def _audible(level_db: np.ndarray) -> Any:
    """Return a sound with about this log-mel spectrogram: bands to bins, phases by Griffin-Lim."""
    import torch

    from tympan.audio import synth
    from tympan.spectra import GriffinLim, Mel

    bank = Mel(rate_hz=RATE_HZ, n_fft=512, n_mels=level_db.shape[0])(torch.eye(257))  # (f, bins)
    bank = bank / bank.square().sum(0).clamp_min(1e-12)
    power = bank.T @ torch.from_numpy(10 ** (level_db / 10)).float()
    length = (level_db.shape[1] - 1) * 160
    wave = GriffinLim(n_fft=512, hop=160, num_iterations=16)(power.clamp_min(0).sqrt(), length)
    wave = wave.numpy()
    return _clip(0.5 * wave / max(1e-6, np.abs(wave).max()), synth.silence(rate_hz=RATE_HZ), "made")


# -- figures and text ------------------------------------------------------------------------------


def _figure_of_clips(before: Any, after: Any) -> Any:
    figure, axes = _panels(2)
    top = max(before.peak, after.peak, 1e-3) * 1.05
    pictures = [_log_mel(clip).numpy() for clip in (before, after)]
    image = None
    for column, (title, clip) in enumerate((("Before", before), ("After", after))):
        t = np.arange(clip.num_samples) / clip.rate_hz
        axes[0][column].plot(t, clip.samples[0], linewidth=0.4, color="#0072B2")
        axes[0][column].set(title=title, ylim=(-top, top), xlim=(0, max(t[-1], 1e-3)))
        image = _draw(axes[1][column], pictures[column], clip.duration_s, pictures[0].max())
    axes[0][0].set_ylabel("Amplitude")
    axes[1][0].set_ylabel("Frequency (kHz, mel scale)")
    figure.colorbar(image, ax=axes[1], label="Level (dB)")
    return figure


def _figure_of_pictures(before: np.ndarray, after: np.ndarray) -> Any:
    figure, axes = _panels(1)
    for column, (title, level) in enumerate((("Before", before), ("After", after))):
        image = _draw(axes[0][column], level, DURATION_S, before.max())
        axes[0][column].set_title(title)
    axes[0][0].set_ylabel("Frequency (kHz, mel scale)")
    figure.colorbar(image, ax=axes[0], label="Level (dB)")
    return figure


def _panels(rows: int) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.4 + 1.6 * (rows - 1)), layout="constrained", dpi=90)
    heights = [1.0, 1.8][-rows:]
    axes = figure.subplots(rows, 2, squeeze=False, sharex="col", height_ratios=heights)
    return figure, axes


def _draw(ax: Any, level_db: np.ndarray, duration_s: float, top_db: float) -> Any:
    """Draw a log-mel spectrogram: brighter is more energy, 70 dB from top to black."""
    bands = level_db.shape[0]
    image = ax.imshow(
        level_db,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top_db - 70,
        vmax=top_db,
        extent=(0, duration_s, 0, bands),
        interpolation="nearest",
    )
    centres = _centres_hz(bands)
    marks = [250, 1000, 2000, 4000, 7000]
    ax.set_yticks(np.interp(marks, centres, np.arange(bands)), [f"{m / 1000:g}" for m in marks])
    ax.set_xlabel("Time (s)")
    return image


def _centres_hz(bands: int) -> np.ndarray:
    """Return the centre of each band: where its filter is highest."""
    import torch

    from tympan.spectra import Mel

    bank = Mel(rate_hz=RATE_HZ, n_fft=8192, n_mels=bands)(torch.eye(4097))
    return bank.argmax(1).numpy() * RATE_HZ / 8192


def _save(figure: Any, path: Path) -> None:
    """Write the picture, but leave an equal one alone."""
    file = io.BytesIO()
    # Without the library's version the same transform gives the same bytes.
    figure.savefig(file, format="png", metadata={"Software": None})
    if not path.is_file() or path.read_bytes() != file.getvalue():
        path.write_bytes(file.getvalue())


def _player(title: str, clip: Any) -> str:
    data = base64.b64encode(clip.to_wav_bytes()).decode()
    source = f'src="data:audio/wav;base64,{data}"'
    return (
        f'<audio controls preload="none" style="width:100%" aria-label="{title}" {source}></audio>'
    )


def _html(text: str) -> str:
    return f".. raw:: html\n\n   {text}\n"


def _shown(kind: type) -> dict[str, Any]:
    """Return the settings worth showing: rate and what was chosen."""
    takes = inspect.signature(kind).parameters
    rate = {"rate_hz": RATE_HZ} if "rate_hz" in takes and kind.__name__ != "BackgroundMix" else {}
    return CHOSEN.get(kind.__name__, {}) | rate


def _summary(kind: type) -> str:
    """Return the first paragraph of the docstring in one line, backticks doubled."""
    text = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
    return re.sub(r"`([^`]+)`", r"``\1``", text)


def _about(package: Any) -> str:
    text = (package.__doc__ or "").strip()
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    return text + (
        "\n\nEach page shows one transform before and after. Sounds of spectrogram transforms are "
        "made audible again from the picture (Griffin-Lim), so both sound a little hollow.\n"
    )


def _is_waveform(transform: Any) -> bool:
    return transform.domain == "waveform"


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def _write(path: Path, text: str) -> Path:
    """Write a page, but leave an equal one alone, so that Sphinx need not read it again."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    hook: Callable[[Any], Any] = generate
    app.connect("builder-inited", lambda app: hook(app) and None)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/_ext/augment_pages.py OUTDIR")
    print(f"{len(generate(sys.argv[1]))} pages in {sys.argv[1]}")
