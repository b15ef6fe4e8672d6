"""`explain`: every stage from a recording to its answer, drawn for one file."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import make_folder
from tympan.audio._source import rereadable
from tympan.errors import ModelError
from tympan.report import explain_figures as draw
from tympan.report import explain_net as draw_net
from tympan.report import explain_training as draw_training
from tympan.report import page
from tympan.report.explain_options import LABEL, SEED
from tympan.report.explained import Explained, Picture, Stage
from tympan.report.gather import finished
from tympan.report.panels import Drawn, Panel, render, save_sheet
from tympan.report.player import data_address
from tympan.report.sections import moment
from tympan.spectra import figures_style as style
from tympan.tasks.inputs import name_of

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.tasks.classify.answer import ClassifyModel
    from tympan.tasks.classify.explanation import Explanation
    from tympan.tasks.results import Classification


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
        ArgumentError: the model has no such label, or the seed is none.
    """
    return finished(explaining(source, out, model=model, label=label, seed=seed))


def explaining(
    source: Any, out: str | os.PathLike[str], *, model: Any, label: str | None, seed: int
) -> Generator[float, None, Explained]:
    """`explain` step by step: yields the seconds that are read, and those again after each stage.

    Args:
        source, out, label, seed: as of `explain`.
        model: name, folder, or a loaded model.
    """
    from tympan.tasks.answering import load as load_model
    from tympan.tasks.classify import explain as explain_answer
    from tympan.tasks.classify.answer import ClassifyModel

    label, seed = LABEL.check(label), SEED.check(seed)
    source = rereadable(source)
    ready = model if hasattr(model, "session") else load_model(model, "classify")
    if not isinstance(ready, ClassifyModel):
        name = getattr(model, "name", model)
        raise ModelError("is no net that can be looked into", file=str(name), fix="give another")
    whole = yield from _answering(ready, source, 6 if label is None else len(ready.labels))
    why = explain_answer(ready, source, label or whole.best.label)
    folder = Path(out)
    make_folder(folder)
    clip = _part(source, why.start_s, why.start_s + why.duration_s)
    resampled = clip.mono().resample(ready.net.config.rate_hz)
    stages: list[Stage] = []
    for stage in _stages(clip, resampled, ready, why, whole, seed, folder):
        stages.append(stage)
        yield whole.duration_s
    name = style.short_name(why.file, 120)
    html = page.render(
        "explain.html.j2",
        f"{name} – stages",
        name=name,
        excerpt=_excerpt(why, whole),
        stages=stages,
    )
    written = page.write(folder / "explain.html", html)
    return Explained(
        written, tuple(s.path for s in stages), why.label, why.score,
        why.file, why.start_s, why.start_s + why.duration_s,
    )  # fmt: skip


def _answering(
    model: ClassifyModel, source: Any, top: int
) -> Generator[float, None, Classification]:
    """The answer about the whole, as when the model is called; yields the seconds that are read."""
    feed = yield from model.reading(model.session(name=name_of(source), top=top), source)
    answer: Classification = feed.answers()[0]
    return answer


def _part(source: Any, start_s: float, end_s: float) -> Clip:
    from tympan.audio import Clip, load

    if isinstance(source, Clip):
        return source.slice(start_s, min(end_s, source.duration_s))
    return load(source, start_s=start_s, end_s=end_s)


def _excerpt(why: Explanation, whole: Classification) -> str:
    """Say what of the recording is explained, and why its score is another one."""
    label, score = page.words(why.label), page.percent(why.score)
    if why.duration_s >= whole.duration_s - 0.05:
        return f"The whole recording, predicted as {label}, {score}."
    text = (
        f"Explained is the window from {moment(why.start_s)} to "
        f"{moment(why.start_s + why.duration_s)}, in which {label} scores highest: {score} in this "
        "window alone."
    )
    mean = next((one.score for one in whole.labels if one.label == why.label), None)
    if mean is None:
        return text
    return (
        f"{text} Over the whole recording {label} has {page.percent(mean)}, because that score "
        "is the mean over all its windows, also those in which something else sounds."
    )


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
        "ones (aliasing). Here the excerpt is raised first, so that its peak is 1 and all levels "
        "are used.",
    ),
    "spectrum": (
        "Time and frequency",
        "The same sound, seen twice: amplitude over time, and amplitude over frequency. {tones}",
    ),
    "spectrogram": (
        "Spectrogram",
        "A short frame is cut out under a window and its spectrum taken. Frame after frame, the "
        "spectra stand side by side; the dashed line is where this frame stands.",
    ),
    "mel": (
        "Mel bands",
        "Ears tell low tones apart better than high ones. {n_mels} bands, narrow below and wide "
        "above, and decibels instead of power: this picture is all that the net sees. Its levels "
        "are normalised: 0 is the mean of the training recordings, 1 their standard deviation."
        "{nets}",
    ),
    "augmented": (
        "Augmented versions",
        "Where the encoder is trained, it never sees the same recording twice: each is shifted, "
        "cropped, mixed with another sound in any shares, and its picture moved, filtered and "
        "masked. Here are these variations one at a time, with what was drawn; in training they "
        "come together, and the other sound is another recording (here a sweep). With few "
        "recordings only the head is fitted, and nothing is varied.",
    ),
    "features": (
        "Feature maps",
        "Each stage of the encoder looks at larger pieces of the picture (channels × bands × "
        "frames). Shown are the six channels of each stage that vary most; bright is strong.",
    ),
    "why": (
        "What spoke for the answer",
        "The score of a label is a sum over the places of {maps}. Bright places raised the score "
        "of “{label}”.",
    ),
    "scores": (
        "Scores",
        "The scores of all labels sum to 100 %. The highest is the answer.",
    ),
}
_IN_A_ROW = {"augmented": 3}


def _stages(
    clip: Clip,
    resampled: Clip,
    ready: Any,
    why: Explanation,
    whole: Classification,
    seed: int,
    folder: Path,
) -> Iterator[Stage]:
    """Draw the stages one after another, so that only one figure is in memory."""
    net, config, start_s = ready.first_net, ready.net.config, why.start_s
    middles_hz = why.frequencies_hz.tolist()
    panels: dict[str, Callable[[], list[Panel]]] = {
        "samples": lambda: draw.samples(clip, start_s),
        "digitisation": lambda: draw.digitisation(clip, start_s),
        "spectrum": lambda: draw.time_and_frequency(clip, start_s),
        "spectrogram": lambda: draw.spectrogram(resampled, config.n_fft, start_s),
        "mel": lambda: draw_net.mel(resampled, net, start_s, middles_hz),
        "augmented": lambda: draw_training.augmented(resampled, net, seed, middles_hz),
        "features": lambda: draw_net.features(resampled, net),
        "why": lambda: draw_net.why(why),
        "scores": lambda: draw_net.scores(resampled, ready, whole.labels),
    }
    values = {
        "rate": clip.rate_hz,
        "n_mels": config.n_mels,
        "label": page.words(why.label),
        "tones": draw.tones(clip),
        "nets": _nets_told(ready),
        "maps": "the last feature map"
        if config.pool == "last"
        else "the spectrogram and all feature maps, compared with their mean in training",
    }
    for number, (key, (title, text)) in enumerate(_WORDS.items(), 1):
        found = panels[key]()
        drawn = [render(panel) for panel in found]
        path = folder / f"{number:02d}_{key}.png"
        titles = [panel.title for panel in found]
        save_sheet([one.png for one in drawn], titles, _IN_A_ROW.get(key, 2), path)
        pictures = tuple(map(_picture, found, drawn))
        yield Stage(number, title, text.format(**values), path, pictures, key in _IN_A_ROW)


def _nets_told(ready: Any) -> str:
    """Say so if there are several nets, of which one is drawn."""
    from tympan.tasks.classify.ensemble import nets_of

    number = len(nets_of(ready.net))
    if number == 1:
        return ""
    return (
        f" This model is {number} nets that hear at different resolutions and answer together. "
        "The first is drawn, from the spectrogram on; what spoke for the answer is the mean over "
        "all, and so are the scores."
    )


def _picture(panel: Panel, drawn: Drawn) -> Picture:
    image = "data:image/svg+xml;base64," + base64.b64encode(drawn.svg.encode()).decode()
    clip = panel.clip
    sound = "" if clip is None else data_address(clip.samples, clip.rate_hz)
    return Picture(panel.title, f"{panel.title}. {panel.alt}.", image, sound)
