"""From a recording of any length to the labels that apply, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.classify.answer import SHORTEST_S, batcher_of
from tympan.tasks.classify.geometry import geometry_of
from tympan.tasks.classify.steps import Judge, Mean, StepJoiner
from tympan.tasks.classify.timeline import Step, mixed
from tympan.tasks.familiarity import MIN_FAMILIARITY, KnownSounds
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.results import Segment, Tag, Tags
from tympan.tasks.windows import Batcher, Window

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph
    from tympan.tasks.tag.config import TagConfig
    from tympan.tasks.tag.learner import Tagger


@dataclass(frozen=True, eq=False)
class TagModel(BaseModel[Tags]):
    """A loaded tagger, ready to answer.

    Attributes:
        net: the net, in evaluation mode.
        config: its configuration.
        labels: names of its outputs.
        name: of the catalogue or folder.
        device: where it computes.
        known: what it knows of its training recordings; None: nothing.
    """

    net: Tagger
    config: TagConfig
    labels: tuple[str, ...]
    name: str
    device: str = "cpu"
    known: KnownSounds | None = None

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"tag"`."""
        return "tag"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.config.rate_hz

    @property
    def thresholds(self) -> np.ndarray:
        """Score `(k,)` from which each label applies."""
        return np.array(self.config.thresholds or (0.5,) * len(self.labels))

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return batcher_of(self.net, self.known, self.net.probabilities, self.device)

    def graph(self) -> Graph:
        """Its net for the export: spectrogram in, the probability of each label `(b, k)` out."""
        from tympan.tasks.classify.graph import clip_graph

        limits = dict(zip(self.labels, self.thresholds.tolist(), strict=True))
        return clip_graph(self.net, self.labels, several=True, thresholds=limits)

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        top: int | None = None,
        threshold: float | None = None,
        every_s: float | None = None,
        reject: bool = False,
        min_familiarity: float = MIN_FAMILIARITY,
        **options: Any,
    ) -> TagSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            top: how many labels to give, the highest first; None: all.
            threshold: score from which a label applies; None: its own.
            every_s: length of a step of the timeline, as for `classify`.
            reject: give no tags to what is unfamiliar.
            min_familiarity: below it a sound is unfamiliar.
            options: there are no others.

        Raises:
            ArgumentError: an option out of range, or another one.
        """
        check_options(top, options)
        if threshold is not None and not 0 <= threshold <= 1:
            what = f"threshold={threshold} must be between 0 and 1"
            raise ArgumentError(what, option="threshold")
        limits = self.thresholds if threshold is None else np.full(len(self.labels), threshold)
        judge = Judge(self.known, reject, min_familiarity, every_s is None)
        return TagSession(self, name, top, limits, every_s, batcher or self.batcher(), judge)


class TagSession(ScoringSession[Tags]):
    """A recording on its way to its tags; `push` gives segments, one for each label and step."""

    def __init__(
        self,
        model: TagModel,
        name: str,
        top: int | None,
        thresholds: np.ndarray,
        every_s: float | None,
        batcher: Batcher,
        judge: Judge,
    ) -> None:
        geometry, parts = geometry_of(model.config, every_s)
        super().__init__(geometry.cutter(), batcher)
        self._model, self._name, self._top = model, name, top
        self._thresholds, self._judge = thresholds, judge
        self._joiner = StepJoiner(model.rate_hz, parts)
        self._mean = Mean(len(model.labels))
        self._open: dict[int, Segment] = {}
        self._timeline: list[Segment] = []
        self._duration_s = 0.0

    def take(self, window: Window, output: Any) -> None:
        """Take the probabilities `(k,)` of the next window, with its distances where known."""
        for step in self._joiner.add(window, self._judge.parts(output)):
            self._add(step)

    def _add(self, step: Step) -> None:
        """Lengthen the segments of the labels that still apply, close the others."""
        step = self._judge.judged(step)
        if self.on_step is not None:
            scores = self._judge.scores(step, self._model.labels)
            self.on_step(step.start_s, step.end_s, scores)
        self._mean.add(step)
        self._duration_s = step.end_s
        applies = set() if step.silent else set(np.flatnonzero(self._applying(step)).tolist())
        for i in [i for i in self._open if i not in applies]:
            self._timeline.append(self._open.pop(i))
        for i in sorted(applies):
            score = float(step.probabilities[i])
            name = self._model.labels[i]
            one = Segment(step.start_s, step.end_s, name, score, step.familiarity)
            self._open[i] = lengthened(self._open[i], one) if i in self._open else one
            self.decide([one])

    def _applying(self, step: Step) -> np.ndarray:
        found: np.ndarray = step.probabilities >= self._thresholds
        if self._judge.reject and self._judge.is_unfamiliar(step.familiarity):
            return np.zeros_like(found)
        return found

    @property
    def thresholds(self) -> dict[str, float]:
        """Score from which each label applies."""
        return dict(zip(self._model.labels, self._thresholds.tolist(), strict=True))

    def score_labels(self) -> tuple[str, ...]:
        """Those of the model; and of an unknown sound, where those are rejected."""
        return self._judge.score_labels(self._model.labels)

    def forget(self) -> None:
        """Let go of the segments that are over."""
        self._timeline.clear()

    def answer(self) -> Tags:
        """The labels of the whole recording (its mean probabilities), and the timeline."""
        for step in self._joiner.finish():
            self._add(step)
        mean = self._mean.value()
        familiarity = self._judge.familiarity()
        unfamiliar = self._judge.is_unfamiliar(familiarity)
        applies = mean >= self._thresholds
        if unfamiliar and self._judge.reject:
            applies[:] = False
        order = np.argsort(-mean, kind="stable")[: self._top]
        tags = tuple(Tag(self._model.labels[i], float(mean[i]), bool(applies[i])) for i in order)
        timeline = sorted(
            (*self._timeline, *self._open.values()), key=lambda one: (one.start_s, one.label)
        )
        if self._duration_s < SHORTEST_S or (self.input is not None and self.input.empty):
            timeline = []
        return Tags(
            self._name,
            tags,
            tuple(timeline),
            self._duration_s,
            self._model.name,
            familiarity=familiarity,
            unfamiliar=unfamiliar,
        )

    def mean(self) -> np.ndarray:
        """The mean probabilities `(k,)` of the whole recording."""
        self.result()
        return self._mean.value()

    def distances(self) -> np.ndarray | None:
        """The mean distance `(1,)` of the whole recording from what was trained on."""
        self.result()
        return self._judge.distances()

    def familiarity(self) -> float | None:
        """The familiarity of the whole recording."""
        self.result()
        return self._judge.familiarity()


def check_options(top: int | None, others: Mapping[str, Any]) -> None:
    """Refuse an option that no tagger has, and no labels at all.

    Raises:
        ArgumentError: there is one.
    """
    if others:
        unknown = next(iter(others))
        what = f"tag has no option {unknown!r}"
        raise ArgumentError(what, local="see `tympan tag --help`", option=unknown)
    if top is not None and top < 1:
        what = f"top={top} labels cannot be given"
        raise ArgumentError(what, fix="give 1 or more", option="top")


def lengthened(segment: Segment, step: Segment) -> Segment:
    """A segment with one more step; its score is the mean over its length.

    >>> lengthened(Segment(0.0, 1.0, "dog", 0.5), Segment(1.0, 2.0, "dog", 1.0)).score
    0.75
    """
    share = (step.end_s - step.start_s) / max(step.end_s - segment.start_s, 1e-9)
    score = segment.score + (step.score - segment.score) * share
    familiarity = mixed(segment.familiarity, step.familiarity, share)
    return Segment(segment.start_s, step.end_s, segment.label, score, familiarity)
