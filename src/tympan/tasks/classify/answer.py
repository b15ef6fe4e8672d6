"""From a recording of any length to labels and a timeline."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.classify.timeline import Decider, Piece, Probabilities, Step, Wave, extend
from tympan.tasks.inputs import SHORTEST_S, SILENT_PEAK, samples_of
from tympan.tasks.model import BaseModel, WindowSession
from tympan.tasks.results import Classification, Label, Segment
from tympan.tasks.windows import Batcher, CenteredWindows, Window, cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from tympan.tasks.windows.batcher import Run

    Maps = tuple[npt.NDArray[np.float32], ...]
    from tympan.tasks.classify.config import ClassifyConfig
    from tympan.tasks.classify.ensemble import Ensemble
    from tympan.tasks.classify.explanation import Reason
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.classify.reasons import Clearest

__all__ = [
    "SHORTEST_S",
    "SILENT_PEAK",
    "ClassifyModel",
    "answer",
    "mean_probabilities",
    "recording_probabilities",
    "steps",
    "steps_of",
    "windows_of",
]

BATCH, GPU_BATCH = 8, 64
STEPS_PER_WINDOW = 2.5
# A recording of up to so many times `clip_s` is one window.
WHOLE_CLIPS = 1.5
# A step so far below its own window holds nothing: the net answered what lies around it.
NOTHING = 10 ** (-60 / 20)


@dataclass(frozen=True, eq=False)
class ClassifyModel(BaseModel[Classification]):
    """A loaded classifier, ready to answer.

    Attributes:
        net: the net, or several that answer together, in evaluation mode.
        labels: names of its outputs.
        name: of the catalogue or folder.
        device: where it computes.
    """

    net: Classifier | Ensemble
    labels: tuple[str, ...]
    name: str
    device: str = "cpu"

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"classify"`."""
        return "classify"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.net.config.rate_hz

    @property
    def first_net(self) -> Classifier:
        """The net; of several that answer together the first."""
        from tympan.tasks.classify.ensemble import nets_of

        return nets_of(self.net)[0]

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return self._batcher(self.net.probabilities)

    def _batcher(self, run: Run) -> Batcher:
        batch = BATCH if self.device == "cpu" else GPU_BATCH
        return Batcher(run, device=self.device, batch=batch)

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        top: int = 5,
        every_s: float | None = None,
        **options: Any,
    ) -> ClassifySession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            top: how many labels to give.
            every_s: length of a step of the timeline, see `steps`.
            options: there are no others.

        Raises:
            ArgumentError: `top` is below 1, `every_s` no usable length, or another option.
        """
        if options:
            what = f"classify has no option {next(iter(options))!r}"
            raise ArgumentError(what, fix="it has top and every_s")
        if top < 1:
            raise ArgumentError(f"top={top} labels cannot be given", fix="give 1 or more")
        return ClassifySession(self, name, top, every_s, batcher or self.batcher())

    def explaining_session(self, *, name: str = "", **options: Any) -> ClassifySession:
        """`session` that also keeps what explains its answer, see `ClassifySession.reasons`."""
        from tympan.tasks.classify.activation import with_maps
        from tympan.tasks.classify.reasons import Clearest

        if "batcher" not in options:
            options["batcher"] = self._batcher(with_maps(self.net))
        session = self.session(name=name, **options)
        session.clearest = Clearest(self.net.config.clip_s * self.net.config.crop)
        return session


class ClassifySession(WindowSession[Classification]):
    """A recording on its way to a classification; `push` gives segments, a step each."""

    def __init__(
        self,
        model: ClassifyModel,
        name: str,
        top: int,
        every_s: float | None,
        batcher: Batcher,
    ) -> None:
        config = model.net.config
        geometry, parts = geometry_of(config, every_s)
        super().__init__(geometry.cutter(), batcher)
        self._model, self._name, self._top = model, name, top
        self._steps = StepJoiner(model.rate_hz, parts)
        window_s = config.clip_s * config.crop
        self._decider = Decider(window_s / every_s if every_s else STEPS_PER_WINDOW)
        self._mean = Mean(len(model.labels))
        self._timeline: list[Segment] = []
        self._duration_s = 0.0
        self.clearest: Clearest | None = None

    def take(self, window: Window, output: Any) -> None:
        """Take the probabilities `(k,)` of the next window, or these and feature maps."""
        row, maps = (output[0], output[1:]) if isinstance(output, tuple) else (output, ())
        keep = self.clearest is not None
        for step in self._steps.add(window, row, maps, keep=keep):
            self._add(step)

    def _add(self, step: Step) -> None:
        if self.clearest is not None:
            self.clearest.hold(step)
        self._settle(self._decider.push(step))

    def _settle(self, decided: list[tuple[Step, int | None]]) -> None:
        """Add decided steps to the mean and to the timeline."""
        for step, label in decided:
            self._mean.add(step)
            self._duration_s = step.end_s
            if label is None:
                continue
            name, score = self._model.labels[label], float(step.probabilities[label])
            extend(self._timeline, step, name, score)
            if self.clearest is not None:
                self.clearest.add(step, label, self._timeline)
            self.decide([Segment(step.start_s, step.end_s, name, score)])

    def answer(self) -> Classification:
        """The labels of the whole recording (its mean probabilities), and the timeline."""
        for step in self._steps.finish():
            self._add(step)
        self._settle(self._decider.finish())
        mean = self._mean.value()
        best = np.argsort(-mean, kind="stable")[: self._top]
        labels = tuple(Label(self._model.labels[i], float(mean[i])) for i in best)
        if self._duration_s < SHORTEST_S or (self.input is not None and self.input.empty):
            self._timeline.clear()
        return Classification(
            self._name, labels, tuple(self._timeline), self._duration_s, self._model.name
        )

    def mean(self) -> Probabilities:
        """The mean probabilities `(k,)` of the whole recording."""
        self.result()
        return self._mean.value()

    def reasons(self) -> list[Reason]:
        """What spoke for the segments of the answer, once it is given; see `Clearest.reasons`."""
        if self.clearest is None:
            return []
        return self.clearest.reasons(self._model, self._name, self._timeline, self._duration_s)


class StepJoiner:
    """Joins answered windows to steps: a step longer than a window is answered in parts."""

    def __init__(self, rate_hz: int, parts: int) -> None:
        self._rate_hz, self._parts = rate_hz, parts
        self._group: list[tuple[Window, Probabilities, bool, Piece | None]] = []

    def add(
        self, window: Window, output: Probabilities, maps: Maps = (), *, keep: bool = False
    ) -> list[Step]:
        """Take a window; with `keep`, its samples and feature maps stay with the step."""
        peak = float(np.abs(window.wave).max(initial=0.0))
        own = float(np.abs(window.own).max(initial=0.0))
        silent = own < max(SILENT_PEAK, NOTHING * peak)
        offset_s = window.offset / self._rate_hz
        piece = Piece(offset_s, output, window.wave.copy(), maps) if keep else None
        self._group.append((replace(window, wave=window.wave[:0]), output, silent, piece))
        return self.finish() if len(self._group) == self._parts else []

    def finish(self) -> list[Step]:
        """The step that is complete now, or that ends with the recording."""
        group, self._group = self._group, []
        if not group:
            return []
        silent = all(quiet for *_, quiet, _ in group)
        weights = np.array([w.end - w.start if silent or not q else 0 for w, _, q, _ in group])
        rows = np.stack([row for _, row, _, _ in group])
        mean = rows[0] if self._parts == 1 else weights @ rows / max(weights.sum(), 1)
        start_s, end_s = (group[0][0].start / self._rate_hz, group[-1][0].end / self._rate_hz)
        pieces = tuple(piece for *_, piece in group if piece is not None)
        return [Step(start_s, end_s, mean, silent, pieces)]


class Mean:
    """Mean probabilities of a recording: of its steps with sound, if it has any."""

    def __init__(self, k: int) -> None:
        self._sums, self._lengths = np.zeros((2, k)), np.zeros(2)

    def add(self, step: Step) -> None:
        """Take the next step."""
        length = step.end_s - step.start_s
        self._sums[int(step.silent)] += step.probabilities * length
        self._lengths[int(step.silent)] += length

    def value(self) -> Probabilities:
        """The mean `(k,)`."""
        which = 0 if self._lengths[0] > 0 else 1
        mean: Probabilities = self._sums[which] / max(self._lengths[which], 1e-9)
        return mean


def steps(model: ClassifyModel, source: Any, every_s: float | None = None) -> Iterator[Step]:
    """Yield the answer of each step, in bounded memory however long the recording.

    The net gets a window around the middle of each step, as long as in training; at both ends of
    the recording the window is moved inwards. A recording that is not longer than 1.5 times
    `clip_s` is one step, unless `every_s` is given.

    Args:
        model: the classifier.
        source: what `tympan.load` takes.
        every_s: length of a step; by default two fifths of the window.

    Raises:
        ArgumentError: `every_s` is not a usable length.
        AudioFileError: the recording cannot be read.
    """
    geometry_of(model.net.config, every_s)  # says what is wrong before anything is read
    chunks = (block[0] for block in samples_of(source, model.rate_hz))
    return steps_of(model, chunks, every_s)


def steps_of(
    model: ClassifyModel,
    chunks: Iterable[Wave],
    every_s: float | None = None,
    *,
    keep: bool = False,
) -> Iterator[Step]:
    """`steps` of a recording that comes as mono chunks `(t,)` at the net's rate.

    With `keep`, each step has the windows that it was answered from.
    """
    geometry, parts = geometry_of(model.net.config, every_s)
    lane, joined = model.batcher().lane(), StepJoiner(model.rate_hz, parts)
    for window in cut(geometry.cutter(), chunks):
        lane.submit(window)
        for answered, row in lane.take():
            yield from joined.add(answered, row, keep=keep)
    lane.flush()
    for answered, row in lane.take():
        yield from joined.add(answered, row, keep=keep)
    yield from joined.finish()


def windows_of(config: ClassifyConfig, chunks: Iterable[Wave]) -> Iterator[Wave]:
    """The windows `(t,)` in which a net of that configuration gets mono chunks of a recording."""
    geometry, _ = geometry_of(config, None)
    return (window.wave for window in cut(geometry.cutter(), chunks))


def geometry_of(config: ClassifyConfig, every_s: float | None) -> tuple[CenteredWindows, int]:
    """The windows of a recording, and how many of them make a step.

    Raises:
        ArgumentError: `every_s` is not a usable length.
    """
    if every_s is not None and not 0.01 <= every_s <= 3600:
        raise ArgumentError(f"every_s={every_s} is no usable step", fix="give 0.01 to 3600 seconds")
    window_s = config.clip_s * config.crop
    whole_s = WHOLE_CLIPS * config.clip_s if every_s is None else 0.0
    step_s = every_s or window_s / STEPS_PER_WINDOW
    # A step longer than a window is answered in parts, or most of it would be left out.
    parts = math.ceil(step_s / window_s - 1e-9)
    return CenteredWindows(config.rate_hz, window_s, step_s / parts, whole_s, SHORTEST_S), parts


def answer(model: ClassifyModel, source: Any, **options: Any) -> Classification:
    """Classify one recording: `model(source, top=…, every_s=…)`."""
    return model(source, **options)


def mean_probabilities(model: ClassifyModel, chunks: Iterable[Wave]) -> Probabilities:
    """Probabilities `(k,)` of a whole recording, given as mono chunks at the net's rate."""
    return next(recording_probabilities(model, [chunks]))


class MeanSession(Protocol):
    """A session that knows the mean probabilities of its recording."""

    @property
    def ready(self) -> bool: ...
    def push(self, wave: Wave) -> Iterable[Any]: ...
    def end(self) -> None: ...
    def mean(self) -> Probabilities: ...


class MeanModel(Protocol):
    """A model with such sessions, whose windows can share batches."""

    def batcher(self) -> Batcher: ...
    def session(self, *, batcher: Batcher | None = None, top: int = 1) -> MeanSession: ...


def recording_probabilities(
    model: MeanModel, recordings: Iterable[Iterable[Wave]]
) -> Iterator[Probabilities]:
    """Probabilities `(k,)` of whole recordings, in their order, their windows in common batches.

    Args:
        model: a classifier or tagger.
        recordings: each as mono chunks `(t,)` at the net's rate.
    """
    batcher = model.batcher()
    open_: list[MeanSession] = []
    for chunks in recordings:
        session = model.session(batcher=batcher, top=1)
        for chunk in chunks:
            session.push(chunk[None])
        session.end()
        open_.append(session)
        while open_ and open_[0].ready:
            yield open_.pop(0).mean()
    for session in open_:
        yield session.mean()
