"""From a recording of any length to labels and a timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.classify.geometry import STEPS_PER_WINDOW, geometry_of, windows_of
from tympan.tasks.classify.steps import Judge, Mean, StepJoiner
from tympan.tasks.classify.timeline import Decider, Probabilities, Step, Wave, extend
from tympan.tasks.familiarity import MIN_FAMILIARITY, KnownSounds
from tympan.tasks.inputs import SHORTEST_S, SILENT_PEAK, samples_of
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.results import Classification, Label, Segment
from tympan.tasks.results.parts import UNKNOWN
from tympan.tasks.windows import Batcher, Window, cut

if TYPE_CHECKING:
    import numpy.typing as npt

    from tympan.tasks.classify.ensemble import Ensemble
    from tympan.tasks.classify.explanation import Reason
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.classify.reasons import Clearest
    from tympan.tasks.graphs import Graph
    from tympan.tasks.windows.batcher import Run

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


def batcher_of(
    net: Classifier | Ensemble, known: KnownSounds | None, run: Run, device: str
) -> Batcher:
    """What takes windows `(b, t)` through `run`, with their distances where those are known."""
    if known is not None:
        from tympan.tasks.classify.familiarity import with_distances

        run = with_distances(net, known, run)
    return Batcher(run, device=device, batch=BATCH if device == "cpu" else GPU_BATCH)


@dataclass(frozen=True, eq=False)
class ClassifyModel(BaseModel[Classification]):
    """A loaded classifier, ready to answer.

    Attributes:
        net: the net, or several that answer together, in evaluation mode.
        labels: names of its outputs.
        name: of the catalogue or folder.
        device: where it computes.
        known: what it knows of its training recordings; None: nothing.
    """

    net: Classifier | Ensemble
    labels: tuple[str, ...]
    name: str
    device: str = "cpu"
    known: KnownSounds | None = None

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

    def graph(self) -> Graph:
        """Its net for the export: spectrogram in, probabilities `(b, k)` out."""
        from tympan.tasks.classify.graph import clip_graph

        return clip_graph(self.net, self.labels, several=False)

    def _batcher(self, run: Run) -> Batcher:
        return batcher_of(self.net, self.known, run, self.device)

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        top: int = 5,
        every_s: float | None = None,
        reject: bool = False,
        min_familiarity: float = MIN_FAMILIARITY,
        **options: Any,
    ) -> ClassifySession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            top: how many labels to give.
            every_s: length of a step of the timeline, see `steps`.
            reject: give what is unfamiliar the label "unknown".
            min_familiarity: below it a sound is unfamiliar.
            options: there are no others.

        Raises:
            ArgumentError: `top` is below 1, `every_s` no usable length, `min_familiarity` no share,
                the model cannot reject, or there is another option.
        """
        if options:
            what = f"classify has no option {next(iter(options))!r}"
            raise ArgumentError(what, fix="it has top, every_s, reject and min_familiarity")
        if top < 1:
            what = f"top={top} labels cannot be given"
            raise ArgumentError(what, fix="give 1 or more", option="top")
        judge = Judge(self.known, reject, min_familiarity, every_s is None)
        return ClassifySession(self, name, top, every_s, batcher or self.batcher(), judge)

    def explaining_session(self, *, name: str = "", **options: Any) -> ClassifySession:
        """`session` that also keeps what explains its answer, see `ClassifySession.reasons`."""
        from tympan.tasks.classify.activation import with_maps
        from tympan.tasks.classify.reasons import Clearest

        if "batcher" not in options:
            options["batcher"] = self._batcher(with_maps(self.net))
        session = self.session(name=name, **options)
        session.clearest = Clearest(self.net.config.clip_s * self.net.config.crop)
        return session


class ClassifySession(ScoringSession[Classification]):
    """A recording on its way to a classification; `push` gives segments, a step each."""

    def __init__(
        self,
        model: ClassifyModel,
        name: str,
        top: int,
        every_s: float | None,
        batcher: Batcher,
        judge: Judge,
    ) -> None:
        config = model.net.config
        geometry, parts = geometry_of(config, every_s)
        super().__init__(geometry.cutter(), batcher)
        self._model, self._name, self._top = model, name, top
        self._steps = StepJoiner(model.rate_hz, parts)
        window_s = config.clip_s * config.crop
        self._decider = Decider(window_s / every_s if every_s else STEPS_PER_WINDOW)
        self._mean, self._judge = Mean(len(model.labels)), judge
        self._timeline: list[Segment] = []
        self._duration_s = 0.0
        self.clearest: Clearest | None = None

    def take(self, window: Window, output: Any) -> None:
        """Take the probabilities `(k,)` of the next window, or these and feature maps."""
        keep = self.clearest is not None
        for step in self._steps.add(window, self._judge.parts(output), keep=keep):
            self._add(step)

    def _add(self, step: Step) -> None:
        if self.clearest is not None:
            self.clearest.hold(step)
        step = self._judge.judged(step)
        if self.on_step is not None:
            scores = self._judge.scores(step, self._model.labels)
            self.on_step(step.start_s, step.end_s, scores)
        self._settle(self._decider.push(self._judge.evidence(step)))

    def _settle(self, decided: list[tuple[Step, int | None]]) -> None:
        """Add decided steps to the mean and to the timeline."""
        k = len(self._model.labels)
        for step, label in decided:
            self._mean.add(step)
            self._duration_s = step.end_s
            if label is None:
                continue
            if label < k:
                name, score = self._model.labels[label], float(step.probabilities[label])
            else:
                name, score = UNKNOWN, 1 - (step.familiarity or 0.0)
                step, label = replace(step, pieces=()), 0  # nothing spoke for it
            extend(self._timeline, step, name, score)
            if self.clearest is not None:
                self.clearest.add(step, label, self._timeline)
            self.decide([Segment(step.start_s, step.end_s, name, score, step.familiarity)])

    def score_labels(self) -> tuple[str, ...]:
        """Those of the model; and of an unknown sound, where those are rejected."""
        return self._judge.score_labels(self._model.labels)

    def forget(self) -> None:
        """Keep of the timeline only the segment that may become longer."""
        del self._timeline[:-1]

    def answer(self) -> Classification:
        """The labels of the whole recording (its mean probabilities), and the timeline."""
        for step in self._steps.finish():
            self._add(step)
        self._settle(self._decider.finish())
        mean = self._mean.value()
        best = np.argsort(-mean, kind="stable")[: self._top]
        labels = tuple(Label(self._model.labels[i], float(mean[i])) for i in best)
        familiarity = self._judge.familiarity()
        unfamiliar = self._judge.is_unfamiliar(familiarity)
        if unfamiliar and self._judge.reject:
            labels = _rejected(labels, familiarity or 0.0, self._top)
        if self._duration_s < SHORTEST_S or (self.input is not None and self.input.empty):
            self._timeline.clear()
        return Classification(
            self._name,
            labels,
            tuple(self._timeline),
            self._duration_s,
            self._model.name,
            familiarity=familiarity,
            unfamiliar=unfamiliar,
        )

    def mean(self) -> Probabilities:
        """The mean probabilities `(k,)` of the whole recording."""
        self.result()
        return self._mean.value()

    def distances(self) -> npt.NDArray[np.floating] | None:
        """The mean distances `(1 + k,)` of the whole recording from what was trained on."""
        self.result()
        return self._judge.distances()

    def familiarity(self) -> float | None:
        """The familiarity of the whole recording."""
        self.result()
        return self._judge.familiarity()

    def reasons(self) -> list[Reason]:
        """What spoke for the segments of the answer, once it is given; see `Clearest.reasons`."""
        if self.clearest is None:
            return []
        return self.clearest.reasons(self._model, self._name, self._timeline, self._duration_s)


def _rejected(labels: tuple[Label, ...], familiarity: float, top: int) -> tuple[Label, ...]:
    """Labels after that of an unknown sound; together they are as likely as it is familiar.

    >>> _rejected((Label("dog", 0.5),), 0.25, 5)
    (Label(label='unknown', score=0.75), Label(label='dog', score=0.125))
    """
    others = (Label(x.label, x.score * familiarity) for x in labels if x.label != UNKNOWN)
    return (Label(UNKNOWN, 1 - familiarity), *others)[:top]


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
    chunks = (block[0] for block in samples_of(source, model.rate_hz, cleaner=model.cleaner))
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
    judge = Judge(model.known, False, MIN_FAMILIARITY, every_s is None)
    for window in cut(geometry.cutter(), chunks):
        lane.submit(window)
        for answered, row in lane.take():
            yield from map(judge.judged, joined.add(answered, judge.parts(row), keep=keep))
    lane.flush()
    for answered, row in lane.take():
        yield from map(judge.judged, joined.add(answered, judge.parts(row), keep=keep))
    yield from map(judge.judged, joined.finish())


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
    def distances(self) -> npt.NDArray[np.floating] | None: ...
    def familiarity(self) -> float | None: ...


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
    return (session.mean() for session in recording_sessions(model, recordings))


def recording_sessions(
    model: MeanModel, recordings: Iterable[Iterable[Wave]]
) -> Iterator[MeanSession]:
    """Sessions of whole recordings that have been answered, see `recording_probabilities`."""
    batcher = model.batcher()
    open_: list[MeanSession] = []
    for chunks in recordings:
        session = model.session(batcher=batcher, top=1)
        for chunk in chunks:
            session.push(chunk[None])
        session.end()
        open_.append(session)
        while open_ and open_[0].ready:
            yield open_.pop(0)
    yield from open_
