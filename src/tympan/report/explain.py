"""`explain`: every stage from a recording to its answer, drawn for one file."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write
from tympan.audio._source import rereadable
from tympan.report import explain_figures as draw
from tympan.report import page
from tympan.report.player import data_address
from tympan.spectra import figures_style as look
from tympan.spectra.figures import make_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.audio import Clip
    from tympan.tasks.classify.explanation import Explanation


@dataclass(frozen=True)
class Sound:
    """A player under a picture."""

    name: str
    src: str


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline: its picture on disk and on the page, in words too."""

    number: int
    title: str
    text: str
    path: Path
    image: str
    sounds: tuple[Sound, ...] = ()


@dataclass(frozen=True)
class Explained:
    """What `explain` wrote.

    Attributes:
        path: the page with all stages.
        pictures: one PNG per stage, in order.
        label: the answer that was explained.
        score: its probability.
    """

    path: Path
    pictures: tuple[Path, ...]
    label: str
    score: float


def explain(
    source: Any,
    out: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] = "sounds",
    label: str | None = None,
    seed: int = 0,
) -> Explained:
    """Draw every stage of the pipeline for a recording, where its answer is clearest.

    Samples, digitisation, spectrum, spectrogram, mel bands, augmented versions, feature maps of
    each encoder stage, what spoke for the answer, and the scores: one PNG each, and `explain.html`
    with all of them.

    Args:
        source: a file, its bytes, or a clip, of any length.
        out: the folder to write into; it is made if needed.
        model: name or folder of a `classify` model.
        label: the label to explain; the best one by default.
        seed: seed of the augmented versions.

    Returns:
        Where the page and the pictures are, and the answer.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: there is no such model.
        ArgumentError: the model has no such label.
    """
    from tympan.tasks.ask import load as load_model
    from tympan.tasks.classify import explain as explain_answer

    source = rereadable(source)
    ready = load_model(model, "classify")
    why = explain_answer(ready, source, label)
    folder = Path(out)
    make_folder(folder)
    clip = _part(source, why.start_s, why.start_s + why.duration_s)
    heard = clip.mono().resample(ready.net.config.rate_hz)
    stages = list(_stages(clip, heard, ready, why, seed, folder))
    name = look.short_name(why.file, 120)
    html = page.render(
        "explain.html.j2",
        f"{name} – how it is heard",
        name=name,
        label=why.label.replace("_", " "),
        score=page.percent(why.score),
        window=f"{look.clock(why.start_s, 0.1)} s to "
        f"{look.clock(why.start_s + why.duration_s, 0.1)} s",
        stages=stages,
    )
    written = page.write(folder / "explain.html", html)
    return Explained(written, tuple(s.path for s in stages), why.label, why.score)


def _part(source: Any, start_s: float, end_s: float) -> Clip:
    from tympan.audio import Clip, load

    if isinstance(source, Clip):
        return source.slice(start_s, min(end_s, source.duration_s))
    return load(source, start_s=start_s, end_s=end_s)


_WORDS = {
    "samples": (
        "Samples",
        "Air pressure is measured {rate:,} times a second. "
        "Close up, the recording is a row of numbers.",
    ),
    "digitisation": (
        "Digitisation",
        "Each number is rounded to a level, and only so many are kept. With few bits the steps "
        "become noise; with few samples a second, high tones are lost or come back as wrong low "
        "ones (aliasing).",
    ),
    "spectrum": (
        "Time and frequency",
        "The same sound, seen twice: amplitude over time, and amplitude over frequency.",
    ),
    "spectrogram": (
        "Spectrogram",
        "A short frame is cut out under a window and its spectrum taken. Frame after frame, the "
        "spectra stand side by side.",
    ),
    "mel": (
        "Mel bands",
        "Ears tell low tones apart better than high ones. {n_mels} bands, narrow below and wide "
        "above, and decibels instead of power: this picture is all that the net sees.",
    ),
    "augmented": (
        "Augmented versions",
        "In training the net never sees the same recording twice: it is varied in ways that do "
        "not change what it is.",
    ),
    "features": (
        "Feature maps",
        "Each stage of the encoder looks at larger pieces of the picture. Shown are the six "
        "channels of each stage that vary most; bright is strong.",
    ),
    "why": (
        "What spoke for the answer",
        "The score of a label is a sum over the places of the last feature map. Bright places "
        "raised the score of “{label}”.",
    ),
    "scores": ("Scores", "The scores of all labels sum to 100 %. The highest is the answer."),
}


def _stages(
    clip: Clip, heard: Clip, ready: Any, why: Explanation, seed: int, folder: Path
) -> Iterator[Stage]:
    """Draw the stages one after another, so that only one figure is in memory."""
    net, config = ready.net, ready.net.config
    versions = draw.augmented_versions(heard, net, seed)
    figures: dict[str, Callable[[], Figure]] = {
        "samples": lambda: draw.samples(clip),
        "digitisation": lambda: draw.digitisation(clip),
        "spectrum": lambda: draw.time_and_frequency(clip),
        "spectrogram": lambda: draw.spectrogram(heard, config.n_fft),
        "mel": lambda: draw.mel(heard, net),
        "augmented": lambda: draw.augmented(versions, net),
        "features": lambda: draw.features(heard, net),
        "why": lambda: draw.why(why),
        "scores": lambda: draw.scores(heard, ready),
    }
    sounds: dict[str, list[tuple[str, Clip]]] = {
        "samples": [("The recording", clip)],
        "digitisation": draw.digitised(clip),
        "augmented": [(v.name, v.clip) for v in versions if v.clip is not None],
    }
    values = {
        "rate": clip.rate_hz,
        "n_mels": config.n_mels,
        "label": why.label.replace("_", " "),
    }
    for number, (key, (title, text)) in enumerate(_WORDS.items(), 1):
        path = _save(figures[key], folder / f"{number:02d}_{key}.png")
        players = tuple(_sound(name, one) for name, one in sounds.get(key, []))
        yield Stage(number, title, text.format(**values), path, _address(path), players)


def _save(figure: Callable[[], Figure], path: Path) -> Path:
    with look.style():
        drawn = figure()
        with atomic_write(path) as beside:
            drawn.savefig(beside, dpi=110)
    return path


def _address(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def _sound(name: str, clip: Clip) -> Sound:
    return Sound(name, data_address(clip.samples, clip.rate_hz))
