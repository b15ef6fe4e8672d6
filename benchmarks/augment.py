"""Transforms of waveforms beside audiomentations and torch-audiomentations.

Each library changes the same 64 clips of 5 s, every clip with its own drawn parameters from the
same ranges: tympan and torch-audiomentations as one batch, audiomentations clip by clip, as it
works. The three take turns, and a ratio is the median over the turns. Then single clips, whose
reverberation is beside scipy's convolution.
"""

from __future__ import annotations

import sys
import tempfile
import types
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.common import Timing, arguments, compare, main, speedup, times_faster
from tympan import augment

CLIPS, DURATION_S, SEED = 64, 5, 0
SINGLE_S = (1, 5, 30)
RATES_HZ = (16000, 44100)
ROUNDS, TARGET = 5, 5
ONE_CORE = "tympan on one core"
AUDIOMENTATIONS, TORCH_AUDIOMENTATIONS = "audiomentations", "torch_audiomentations"

# What to measure: ours, then the peers' class (or None) and its arguments for the same work.
Case = tuple[Callable[[int], Any], tuple[str, dict[str, Any]] | None, tuple[str, dict] | None]


def cases(folder: Path) -> dict[str, Case]:
    """Return name → what each library is asked to do; `folder` holds noises and responses."""
    snr = {"min_snr_db": 5.0, "max_snr_db": 40.0}
    snr_in_db = {"min_snr_in_db": 5.0, "max_snr_in_db": 40.0}
    cutoff = {"min_cutoff_freq": 150.0, "max_cutoff_freq": 7500.0}
    slope = {"min_rolloff": 12, "max_rolloff": 12}
    centre = {"min_center_freq": 200.0, "max_center_freq": 4000.0}
    noises, responses = folder / "noises", folder / "responses"
    return {
        "a mere copy": (lambda r: _Copy(), None, None),
        "gain": (
            lambda r: augment.Gain(-12.0, 6.0),
            ("Gain", {"min_gain_db": -12.0, "max_gain_db": 6.0}),
            ("Gain", {"min_gain_in_db": -12.0, "max_gain_in_db": 6.0}),
        ),
        "polarity": (
            lambda r: augment.Polarity(p=1.0),
            ("PolarityInversion", {}),
            ("PolarityInversion", {}),
        ),
        "shift": (
            lambda r: augment.Shift(),
            ("Shift", {"fade_duration": 0.0}),
            ("Shift", {"min_shift": -0.5, "max_shift": 0.5}),
        ),
        "colored_noise": (
            lambda r: augment.ColoredNoise(5.0, 40.0, (-2.0, -1.0, 0.0, 1.0, 2.0), rate_hz=r),
            ("AddColorNoise", snr),
            ("AddColoredNoise", snr_in_db),
        ),
        "background_mix": (
            lambda r: augment.BackgroundMix(_read(noises), 5.0, 40.0),
            ("AddBackgroundNoise", snr | {"sounds_path": noises}),
            None,  # its reading of files wants a torchaudio that is no more
        ),
        "low_pass": (
            lambda r: augment.LowPass(150.0, 7500.0, rate_hz=r),
            ("LowPassFilter", cutoff | slope),
            ("LowPassFilter", cutoff),
        ),
        "high_pass": (
            lambda r: augment.HighPass(20.0, 2400.0, rate_hz=r),
            ("HighPassFilter", slope | {"min_cutoff_freq": 20.0, "max_cutoff_freq": 2400.0}),
            ("HighPassFilter", {"min_cutoff_freq": 20.0, "max_cutoff_freq": 2400.0}),
        ),
        "band_pass": (
            lambda r: augment.BandPass(200.0, 4000.0, rate_hz=r),
            ("BandPassFilter", centre | slope),
            ("BandPassFilter", {"min_center_frequency": 200.0, "max_center_frequency": 4000.0}),
        ),
        "band_stop": (
            lambda r: augment.BandStop(200.0, 4000.0, rate_hz=r),
            ("BandStopFilter", centre | slope),
            ("BandStopFilter", {"min_center_frequency": 200.0, "max_center_frequency": 4000.0}),
        ),
        "parametric_eq": (
            lambda r: augment.ParametricEQ(-12.0, 12.0, rate_hz=r),
            ("SevenBandParametricEQ", {"min_gain_db": -12.0, "max_gain_db": 12.0}),
            None,
        ),
        "reverb": (
            lambda r: augment.Reverb(_read(responses), rate_hz=r),
            ("ApplyImpulseResponse", {"ir_path": responses}),
            None,  # the same
        ),
        "time_stretch": (
            lambda r: augment.TimeStretch(0.8, 1.25, rate_hz=r),
            ("TimeStretch", {"min_rate": 0.8, "max_rate": 1.25}),
            None,
        ),
        "pitch_shift": (
            lambda r: augment.PitchShift(-4.0, 4.0, rate_hz=r),
            ("PitchShift", {"min_semitones": -4.0, "max_semitones": 4.0}),
            ("PitchShift", {"min_transpose_semitones": -4.0, "max_transpose_semitones": 4.0}),
        ),
        "clipping": (lambda r: augment.Clipping(), ("ClippingDistortion", {}), None),
        "quantization": (
            lambda r: augment.Quantization(5, 10),
            ("BitCrush", {"min_bit_depth": 5, "max_bit_depth": 10}),
            None,
        ),
        "mp3": (
            lambda r: augment.CodecLoss(("mp3",), 0.0, 0.6, rate_hz=r),
            ("Mp3Compression", {"min_bitrate": 8, "max_bitrate": 64}),
            None,
        ),
    }


class _Copy:
    """What any transform at least does: read the batch, and write a new one."""

    def __call__(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return x.clone()


def on_one_core(call: Callable[[], object]) -> Callable[[], object]:
    """The same call with one torch thread."""

    def alone() -> object:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return call()
        finally:
            torch.set_num_threads(threads)

    return alone


def batch(rate_hz: int) -> torch.Tensor:
    """Return the clips (b, 1, t): tones in pink noise, from the seed."""
    generator = torch.Generator().manual_seed(SEED)
    t = torch.arange(DURATION_S * rate_hz) / rate_hz
    pitch = 100 + 900 * torch.rand(CLIPS, 1, 1, generator=generator)
    tones = sum(torch.sin(2 * torch.pi * k * pitch * t) / k for k in range(1, 6))
    return augment.ColoredNoise(10.0, 10.0, (1.0,), rate_hz=rate_hz)(0.1 * tones, generator)


def write_files(folder: Path, rate_hz: int) -> None:
    """Write four noises of 10 s and four impulse responses of 0.8 s."""
    import soundfile

    rng = np.random.default_rng(SEED)
    for kind, duration_s, decay in (("noises", 10.0, 0.0), ("responses", 0.8, 8.0)):
        (folder / kind).mkdir(exist_ok=True)
        for number in range(4):
            t = np.arange(round(duration_s * rate_hz)) / rate_hz
            wave = 0.1 * rng.standard_normal(len(t)) * np.exp(-decay * t)
            wave[0] = 0.9
            soundfile.write(folder / kind / f"{number}.wav", wave, rate_hz)


def _read(folder: Path) -> list[np.ndarray]:
    import soundfile

    return [soundfile.read(path, dtype="float32")[0] for path in sorted(folder.iterdir())]


def peers() -> dict[str, Any]:
    """Return the libraries that can be imported."""
    # torchaudio's compiled part wants CUDA libraries. Its Python part, all that
    # torch-audiomentations calls here, works without; a stand-in for the former lets it load.
    if "torchaudio" not in sys.modules and not torch.cuda.is_available():
        stand_in: Any = types.ModuleType("torchaudio._extension")
        stand_in.__file__ = __file__
        stand_in.__path__ = []
        stand_in.__getattr__ = lambda name: False if name.startswith("_IS") else lambda f: f
        sys.modules["torchaudio._extension"] = stand_in
    found: dict[str, Any] = {}
    for name in (AUDIOMENTATIONS, TORCH_AUDIOMENTATIONS):
        try:
            found[name] = __import__(name)
        except Exception as error:  # a peer that is missing or broken is no failure of ours
            print(f"without {name}: {error}", file=sys.stderr)
    return found


def candidates(
    case: Case, x: torch.Tensor, rate_hz: int, libraries: dict[str, Any]
) -> dict[str, Callable[[], object]]:
    """Return name of the library → a call that changes all clips once."""
    ours, one_by_one, batched = case
    transform, generator = ours(rate_hz), torch.Generator().manual_seed(SEED)
    calls: dict[str, Callable[[], object]] = {"tympan": lambda: transform(x, generator)}
    calls[ONE_CORE] = on_one_core(calls["tympan"])
    if one_by_one and AUDIOMENTATIONS in libraries:
        kind, options = one_by_one
        theirs = getattr(libraries[AUDIOMENTATIONS], kind)(p=1.0, **options)
        waves = list(x[:, 0].numpy())
        if kind != "Mp3Compression" or find_spec("fast_mp3_augment"):
            calls[AUDIOMENTATIONS] = lambda: [theirs(wave, sample_rate=rate_hz) for wave in waves]
    # Half a minute a batch above the lowest rate: not worth the wait.
    too_slow = batched is not None and batched[0] == "PitchShift" and rate_hz > min(RATES_HZ)
    if batched and TORCH_AUDIOMENTATIONS in libraries and not too_slow:
        kind, options = batched
        given = {"p": 1.0, "sample_rate": rate_hz, "output_type": "dict"}
        other = getattr(libraries[TORCH_AUDIOMENTATIONS], kind)(**options, **given)
        calls[TORCH_AUDIOMENTATIONS] = lambda: other(x, sample_rate=rate_hz)
    return calls


def measure(quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Return the rows of the table and the figures."""
    libraries = peers()
    rounds, round_s = (1, 0.0) if quick else (ROUNDS, 0.1)
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for rate_hz in RATES_HZ[:1] if quick else RATES_HZ:
        suffix = "" if rate_hz == RATES_HZ[0] else f"_{rate_hz // 1000}k"
        with tempfile.TemporaryDirectory() as name:
            write_files(Path(name), rate_hz)
            x = batch(rate_hz)[: 2 if quick else None]
            for what, case in cases(Path(name)).items():
                slow = what == "pitch_shift"  # seconds a batch, in torch-audiomentations ten
                timings = compare(
                    candidates(case, x, rate_hz, libraries),
                    rounds=min(rounds, 3) if slow else rounds,
                    warmup=0 if slow else 1,
                    round_s=round_s,
                )
                seconds = timings["tympan"].median_s
                row: dict[str, object] = {
                    "transform": what,
                    "rate": f"{rate_hz / 1000:g} kHz",
                    "time": timings["tympan"],
                    "× real time": CLIPS * DURATION_S / seconds,
                }
                key = what.replace(" ", "_") + suffix
                figures[f"{key}_x_real_time"] = CLIPS * DURATION_S / seconds
                rows.append(row | _beside_peers(key, timings, figures))
                row = rows[-1]
                print(" | ".join(str(value) for value in row.values()), file=sys.stderr)
    return rows, figures


def single_clips(quick: bool) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Return a table of the reverberation of one clip beside scipy's convolution, and figures."""
    from scipy.signal import fftconvolve, oaconvolve

    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    rng = np.random.default_rng(SEED)
    for rate_hz in RATES_HZ[:1] if quick else RATES_HZ:
        t = np.arange(round(0.8 * rate_hz)) / rate_hz
        response = (0.1 * rng.standard_normal(len(t)) * np.exp(-8 * t)).astype(np.float32)
        response[0] = 0.9
        reverb = augment.Reverb([response], rate_hz=rate_hz)
        for duration_s in SINGLE_S:
            x = torch.from_numpy(rng.standard_normal((1, 1, duration_s * rate_hz)))
            x = 0.1 * x.float()
            wave, params = x[0, 0].numpy(), reverb.draw(x, SEED)
            calls: dict[str, Callable[[], object]] = {
                ONE_CORE: on_one_core(lambda x=x, p=params, r=reverb: r.apply(x, p)),
                "fftconvolve": lambda w=wave, h=response: fftconvolve(w, h)[: len(w)],
                "oaconvolve": lambda w=wave, h=response: oaconvolve(w, h)[: len(w)],
            }
            timings = compare(calls, rounds=1 if quick else ROUNDS, round_s=0.0 if quick else 0.1)
            row: dict[str, object] = {
                "transform": f"reverb of one clip of {duration_s} s",
                "rate": f"{rate_hz / 1000:g} kHz",
                "time": timings[ONE_CORE],
            }
            for peer in ("fftconvolve", "oaconvolve"):
                row[f"faster than scipy's {peer}"] = times_faster(timings, peer, ONE_CORE)
                key = f"reverb_{duration_s}_s_{rate_hz // 1000}k_vs_scipy_{peer}"
                figures[key] = speedup(timings, ONE_CORE, peer)
            rows.append(row)
            print(" | ".join(str(value) for value in row.values()), file=sys.stderr)
    return rows, figures


def _beside_peers(
    key: str, timings: dict[str, Timing], figures: dict[str, float]
) -> dict[str, object]:
    """The rest of a row, and its ratios into `figures`."""
    row: dict[str, object] = {}
    ratios = []
    for peer in (AUDIOMENTATIONS, TORCH_AUDIOMENTATIONS):
        row[f"faster than {peer}"] = times_faster(timings, peer)
        if peer in timings:
            ratios.append(speedup(timings, "tympan", peer))
            figures[f"{key}_vs_{peer}"] = ratios[-1]
    row[f"on one core, than {AUDIOMENTATIONS}"] = times_faster(timings, AUDIOMENTATIONS, ONE_CORE)
    if ratios:
        figures[f"{key}_vs_faster_peer"] = min(ratios)
    met = "–" if not ratios else "yes" if min(ratios) >= TARGET else "no"
    row[f"{TARGET} × the faster peer"] = met
    return row


WHY = f"""
The aim is {TARGET} × the faster peer. Where it is missed, this is why, and what was tried:

- **Gain, polarity, shift, quantisation** are bound by memory. The row "a mere copy" is the time to
  read the batch and write it again, with nothing done to it; these take about as long, in every
  library, so nobody can be several times faster than another. Tried, and kept: working item by item
  in the cache where there are several steps; reusing freed memory, without which fetching new pages
  takes most of the time.
- **Background mix** reads two signals twice (their powers, then the sum) and writes one: two to
  three copies' worth. The steps on each item already stay in the cache.
- **Filters** are exact recursions, computed as matrix products over blocks of some fifty samples.
  The product, about 100 billion operations a second on one core, is a third of the time, the rest
  is reading and writing the batch. Tried: other block lengths; groups of 1 to 32 items at a time,
  to stay in the cache (slower, the more so the smaller: each product then is too small). Truncated
  responses would be faster and not exact. The peer's filter is compiled C: 3 to 4 × on one core is
  what the blocks bring, the threads bring the rest.
- **Reverberation** is Fourier transforms to four fifths; shared responses are transformed once.
  Long clips go in overlapping blocks where that is less work: one clip, and one with a short
  response. The spectra of measured responses are kept from call to call. MKL takes two to four
  times as long for the transform of one row alone as for each of several, so SciPy transforms a
  single row. Tried: SciPy for several rows as well (slower); groups from 2¹⁷ to 2²² numbers (flat
  above 2¹⁹, slower below). A clip of a second is bound by the calls around the transforms.
- **MP3** is LAME in both, at the encoder's speed, and at the same depth of its search. The builds
  that come with libsndfile and with PyAV take several times as long as that of `lameenc`, which is
  used where it is installed; the peer comes with a build of its own as fast.
- **Pitch shift** is resampling (an eighth) and the stretching vocoder, which transforms each frame
  twice forwards and once back and locks the phases frame by frame; the peer's is compiled C++.
  Tried: longer kernels for resampling (a tenth faster at best, of that eighth). What is left needs
  compiled code, which tympan does not ship.
- **Clipping** at 44.1 kHz is bound by memory too: each item is read twice and written once.
"""


if __name__ == "__main__":
    options = arguments("augment")
    warnings.simplefilter("ignore")
    torch.manual_seed(SEED)
    augment.reuse_memory()
    table, ratios = measure(options.quick)
    singles, more_ratios = single_clips(options.quick)
    main(
        "augment",
        table,
        ratios | more_ratios,
        title="Augmentation",
        about=(
            f"{CLIPS} clips of {DURATION_S} s (tones in pink noise, seed {SEED}), each with its "
            "own drawn parameters. tympan and torch-audiomentations take them as one batch on all "
            "torch threads; audiomentations takes one clip after the other on one core (with two "
            "worker processes it would do twice as much), so there is a column with tympan on one "
            "core, too. In brackets: smallest and largest ratio "
            f"of {ROUNDS} rounds (pitch shift 3), in which the libraries take turns. The process "
            "keeps freed memory (`tympan.augment.reuse_memory`), for all three.\n\n"
            "Not quite the same work: audiomentations clips at a percentile, tympan at a level "
            "below the peak; torch-audiomentations filters with a windowed sinc, shifts pitch by a "
            "few simple ratios only, and repeats one second of noise; audiomentations encodes MP3 "
            "at drawn bit rates, tympan at drawn qualities. Not in the table: the other codecs, "
            "where the time is the encoder's, and cropping, where audiomentations copies nothing."
        ),
        more={"One clip, on one core": singles},
        why=WHY,
    )
