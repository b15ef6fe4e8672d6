"""From a recording of any length to labels and a timeline."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.classify.timeline import Step, decide, extend
from tympan.tasks.results import Classification, Label, Segment

if TYPE_CHECKING:
    from tympan.tasks.classify.config import ClassifyConfig
    from tympan.tasks.classify.ensemble import Ensemble
    from tympan.tasks.classify.net import Classifier

BATCH = 8
SHORTEST_S = 0.1
# One step of 16 bits is -90 dB of full scale: what never reaches it holds nothing.
SILENT_PEAK = 10 ** (-90 / 20)
STEPS_PER_WINDOW = 2.5
# A recording of up to so many times `clip_s` is heard at once.
WHOLE_CLIPS = 1.5


@dataclass(frozen=True, eq=False)
class ClassifyModel:
    """A loaded classifier: the net (or nets) ready to answer, its labels and its name."""

    net: Classifier | Ensemble
    labels: tuple[str, ...]
    name: str

    @property
    def rate_hz(self) -> int:
        """The rate of the samples that it takes."""
        return self.net.config.rate_hz

    @property
    def shown(self) -> Classifier:
        """The net to look into: of several that answer together the first."""
        from tympan.tasks.classify.ensemble import nets_of

        return nets_of(self.net)[0]


class Level:
    """The peak of a recording, measured as it passes by."""

    peak = 0.0

    def watch(self, chunks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the chunks `(t,)` unchanged."""
        for chunk in chunks:
            self.peak = max(self.peak, float(np.abs(chunk).max(initial=0.0)))
            yield chunk


def steps(
    model: ClassifyModel,
    source: Any,
    every_s: float | None = None,
    level: Level | None = None,
) -> Iterator[Step]:
    """Yield what is heard, step by step, in bounded memory however long the recording.

    The net hears a window around the middle of each step, as long as what it heard in training;
    at both ends of the recording the window is moved inwards. A recording that is not longer than
    1.5 times `clip_s` is one step, unless `every_s` is given.

    Args:
        model: the classifier.
        source: what `tympan.load` takes.
        every_s: length of a step; by default two fifths of the window.
        level: is told the peak on the way.

    Raises:
        ArgumentError: `every_s` is not a usable length.
        AudioFileError: the recording cannot be read.
    """
    if every_s is not None and not 0.01 <= every_s <= 3600:
        raise ArgumentError(f"every_s={every_s} is no usable step", fix="give 0.01 to 3600 seconds")
    config = model.net.config
    chunks = _chunks(source, config.rate_hz)
    return steps_of(model, chunks if level is None else level.watch(chunks), every_s)


def steps_of(
    model: ClassifyModel, chunks: Iterable[np.ndarray], every_s: float | None = None
) -> Iterator[Step]:
    """`steps` of a recording that comes as mono chunks `(t,)` at the net's rate."""
    config = model.net.config
    window_s = config.clip_s * config.crop
    whole_s = WHOLE_CLIPS * config.clip_s if every_s is None else 0.0
    every_s = every_s or window_s / STEPS_PER_WINDOW
    # A step longer than a window is heard in parts, or most of it would not be heard at all.
    parts = math.ceil(every_s / window_s - 1e-9)
    windows = _windows(chunks, config.rate_hz, window_s, every_s / parts, whole_s)
    found = _heard(model, windows)
    while group := list(itertools.islice(found, parts)):
        lengths = np.array([step.end_s - step.start_s for step in group])
        rows = np.stack([step.probabilities for step in group])
        mean = lengths @ rows / max(lengths.sum(), 1e-9) if parts > 1 else rows[0]
        yield Step(group[0].start_s, group[-1].end_s, mean)


def windows_of(config: ClassifyConfig, chunks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The windows `(t,)` in which a net of that configuration hears mono chunks of a recording."""
    window_s = config.clip_s * config.crop
    every_s, whole_s = window_s / STEPS_PER_WINDOW, WHOLE_CLIPS * config.clip_s
    found = _windows(chunks, config.rate_hz, window_s, every_s, whole_s)
    return (wave for *_, wave in found)


def _heard(
    model: ClassifyModel, windows: Iterable[tuple[float, float, np.ndarray]]
) -> Iterator[Step]:
    """Answer about windows, a few of one length at a time."""
    batch: list[tuple[float, float, np.ndarray]] = []
    for window in windows:
        if batch and (len(batch) == BATCH or len(window[2]) != len(batch[0][2])):
            yield from _answered(model, batch)
            batch = []
        batch.append(window)
    if batch:
        yield from _answered(model, batch)


def _chunks(source: Any, rate_hz: int) -> Iterable[np.ndarray]:
    """The recording as mono blocks `(t,)` at the net's rate."""
    from tympan.audio import Clip, blocks

    if isinstance(source, np.ndarray):
        fix = "tympan.load(array, rate_hz=...) gives a clip that knows its rate"
        raise ArgumentError("an array of samples has no rate", fix=fix)
    if isinstance(source, Clip):
        return [source.mono().resample(rate_hz).samples[0]]
    return (b.clip.samples[0] for b in blocks(source, block_s=30.0, rate_hz=rate_hz, mono=True))


def _windows(
    chunks: Iterable[np.ndarray], rate_hz: int, window_s: float, every_s: float, whole_s: float
) -> Iterator[tuple[float, float, np.ndarray]]:
    """Yield `(start_s, end_s, window)`; of the past only what later windows need is kept."""
    size, every = max(1, round(window_s * rate_hz)), max(1.0, every_s * rate_hz)
    held, first, step = np.zeros(0, np.float32), 0, 0  # `first`: place of held[0] in the file
    whole_limit = round(whole_s * rate_hz)

    def place(i: int) -> int:
        # Of each step anew, or the rounding errors of hours of steps would add up.
        return round(i * every)

    def cut(middle: int, end: int) -> np.ndarray:
        start = max(0, min(middle - size // 2, end - size))
        return held[start - first : start - first + size]

    for chunk in chunks:
        held = np.concatenate([held, chunk])
        known = first + len(held)
        # A window is safe once the recording goes on beyond it and beyond its step.
        while (
            known > whole_limit
            and (middle := (place(step) + place(step + 1)) // 2) + size < known
            and place(step + 1) <= known
        ):
            yield place(step) / rate_hz, place(step + 1) / rate_hz, cut(middle, known)
            step += 1
            # The last window may be moved inwards, to the end of what is known.
            useless = min(len(held) - size, place(step) - size // 2 - first)
            if useless > size:
                held, first = held[useless:], first + useless
    end = first + len(held)
    if step == 0 and end <= whole_limit:
        yield 0.0, end / rate_hz, _at_least(held, rate_hz)
        return
    while place(step) < end:
        stop = min(end, place(step + 1))
        middle = (place(step) + stop) // 2
        yield place(step) / rate_hz, stop / rate_hz, _at_least(cut(middle, end), rate_hz)
        step += 1


def _at_least(wave: np.ndarray, rate_hz: int) -> np.ndarray:
    """Pad a wave that is too short for a spectrogram with silence."""
    return np.pad(wave, (0, max(0, round(SHORTEST_S * rate_hz) - len(wave))))


def _answered(model: ClassifyModel, batch: list[tuple[float, float, np.ndarray]]) -> Iterator[Step]:
    import torch

    waves = torch.from_numpy(np.stack([wave for *_, wave in batch]))
    scores = model.net.probabilities(waves).numpy()
    for (start_s, end_s, _), row in zip(batch, scores, strict=True):
        yield Step(start_s, end_s, row)


def answer(
    model: ClassifyModel,
    source: Any,
    *,
    top: int = 5,
    every_s: float | None = None,
    name: str | None = None,
) -> Classification:
    """Classify one recording.

    Args:
        model: the classifier.
        source: what `tympan.load` takes.
        top: how many labels to give.
        every_s: length of a step of the timeline, see `steps`.
        name: name of the recording in the result.

    Returns:
        The labels of the whole recording (its mean probabilities), and the timeline.

    Raises:
        ArgumentError: `top` is below 1.
    """
    if top < 1:
        raise ArgumentError(f"top={top} labels cannot be given", fix="give 1 or more")
    total, duration_s, level = np.zeros(len(model.labels)), 0.0, Level()
    timeline: list[Segment] = []
    window_s = model.net.config.clip_s * model.net.config.crop
    overlap = window_s / every_s if every_s else STEPS_PER_WINDOW
    for step, i in decide(steps(model, source, every_s, level), overlap):
        total += step.probabilities * (step.end_s - step.start_s)
        duration_s = step.end_s
        extend(timeline, step, model.labels[i], float(step.probabilities[i]))
    total /= max(duration_s, 1e-9)
    best = np.argsort(-total, kind="stable")[:top]
    labels = tuple(Label(model.labels[i], float(total[i])) for i in best)
    return Classification(
        name or _name(source),
        labels,
        tuple(timeline),
        duration_s,
        model.name,
        _warnings(level.peak, duration_s),
    )


def _warnings(peak: float, duration_s: float) -> tuple[str, ...]:
    """Why an answer may mean nothing."""
    if peak < SILENT_PEAK:
        return ("is silent, so its labels mean nothing",)
    if duration_s < SHORTEST_S:
        return (f"lasts only {1000 * duration_s:.0f} ms, too short to tell what it is",)
    return ()


def _name(source: Any) -> str:
    from tympan.audio import Clip

    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, Clip):
        return source.name or "clip"
    return "bytes" if isinstance(source, bytes) else str(getattr(source, "name", "stream"))


def mean_probabilities(model: ClassifyModel, chunks: Iterable[np.ndarray]) -> np.ndarray:
    """Probabilities `(k,)` of a whole recording, given as mono chunks at the net's rate."""
    total, weight = np.zeros(len(model.labels)), 0.0
    for step in steps_of(model, chunks):
        total += step.probabilities * (step.end_s - step.start_s)
        weight += step.end_s - step.start_s
    return total / max(weight, 1e-9)
