"""From scores, step by step, to a timeline that does not flicker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tympan.tasks.results import Segment

Wave = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.floating]

# A change of label must be worth this many nats of evidence. Chosen on rows of six sounds of
# ESC-50 that the net had not been trained on (docs/experiments.md).
SWITCH_COST = 3.0
# So many undecided steps are looked at again after each step, more at powers of two and at
# multiples of the second number; the third is how many are held at most.
CHECK_EACH, CHECK_EVERY, MOST_HELD = 16, 64, 1024


class Piece:
    """A window that was answered: part of a step, and what an explanation of it needs.

    Attributes:
        offset_s: where it begins in the recording.
        probabilities: `(k,)`.
        wave: its samples `(t,)`; None once they are let go.
        maps: the last feature map `(d, f, n)` of each net, where the model gave them.
    """

    __slots__ = ("maps", "offset_s", "probabilities", "wave")

    def __init__(
        self,
        offset_s: float,
        probabilities: Probabilities,
        wave: Wave | None,
        maps: tuple[npt.NDArray[np.float32], ...] = (),
    ) -> None:
        self.offset_s, self.probabilities = offset_s, probabilities
        self.wave, self.maps = wave, maps

    def copy(self) -> Piece:
        """Another one, which keeps what this one lets go."""
        return Piece(self.offset_s, self.probabilities, self.wave, self.maps)

    def release(self) -> None:
        """Let go of what takes room."""
        self.wave, self.maps = None, ()


@dataclass(frozen=True)
class Step:
    """One step of the timeline.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        probabilities: `(k,)` there.
        silent: nothing is there; what the net says comes from its neighbours.
        pieces: the windows that it was answered from, where they are kept.
        distances: `(1 + k,)` from what was trained on, see `tympan.tasks.familiarity`; None: the
            model does not know.
        familiarity: of the step.
        whole: it is all of its window, as where a recording is one window.
    """

    start_s: float
    end_s: float
    probabilities: Probabilities
    silent: bool = False
    pieces: tuple[Piece, ...] = field(default=(), compare=False, repr=False)
    distances: npt.NDArray[np.floating] | None = field(default=None, compare=False, repr=False)
    familiarity: float | None = None
    whole: bool = field(default=False, compare=False, repr=False)


class Decider:
    """Chooses a label for each step: the likeliest path in which each change costs something.

    The Viterbi algorithm (Forney, 1973) on a chain whose states are the labels. Steps are given
    out as soon as all paths agree on them, so memory stays bounded however long the recording.
    Silent steps have no label, and are no evidence.

    Args:
        overlap: of how many steps a window consists; neighbouring steps that hear the same sound
            are no independent evidence, and count the less.
        cost: evidence in nats that a change of label must bring.
    """

    def __init__(self, overlap: float = 1.0, cost: float = SWITCH_COST) -> None:
        self._overlap, self._cost = max(overlap, 1.0), cost
        # Each undecided step, and from which label each of its labels was reached.
        self._held: list[tuple[Step, npt.NDArray[np.intp]]] = []
        self._score: npt.NDArray[np.float64] = np.zeros(0)

    def push(self, step: Step) -> list[tuple[Step, int | None]]:
        """Take the next step; give the steps that are decided now with the numbers of labels."""
        evidence = np.log(step.probabilities + 1e-6) / self._overlap
        if step.silent:
            evidence = np.zeros_like(evidence)
        if not len(self._score):
            self._score = np.zeros(len(evidence))
        labels = np.arange(len(self._score))
        best = int(self._score.argmax())
        floor = self._score[best] - self._cost
        stays = self._score >= floor
        self._score = np.where(stays, self._score, floor) + evidence
        self._held.append((step, np.where(stays, labels, best)))
        count = len(self._held)
        if count > CHECK_EACH and count % CHECK_EVERY and count & (count - 1):
            return []
        return self._agreed(labels if count < MOST_HELD else np.array([self._score.argmax()]))

    def finish(self) -> list[tuple[Step, int | None]]:
        """Give the steps that remain."""
        return self._agreed(np.array([self._score.argmax()])) if self._held else []

    def _agreed(self, ends: npt.NDArray[np.intp]) -> list[tuple[Step, int | None]]:
        """Trace the paths back from `ends`; take out the steps on which they agree."""
        path, states = [], ends
        for _, origin in reversed(self._held):
            path.append(states)
            states = origin[states]
        path.reverse()
        differ = [i for i, states in enumerate(path) if (states != states[0]).any()]
        count = differ[0] if differ else len(path)
        pairs = zip(self._held, path[:count], strict=False)
        done = [(step, None if step.silent else int(states[0])) for (step, _), states in pairs]
        del self._held[:count]
        return done


def decide(
    steps: Iterable[Step], overlap: float = 1.0, cost: float = SWITCH_COST
) -> Iterator[tuple[Step, int | None]]:
    """Each step with the number of its label, None where it is silent; see `Decider`.

    >>> rows = [[0.9, 0.1], [0.4, 0.6], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]
    >>> steps = [Step(i, i + 1, np.array(row)) for i, row in enumerate(rows)]
    >>> [label for _, label in decide(steps)]
    [0, 0, 0, 1, 1, 1]
    """
    decider = Decider(overlap, cost)
    for step in steps:
        yield from decider.push(step)
    yield from decider.finish()


def extend(timeline: list[Segment], step: Step, label: str, score: float) -> None:
    """Add a step to a timeline; one that goes on with the same label lengthens the last segment.

    The score of a segment is the mean over its steps, weighted by their length.

    >>> timeline = [Segment(0.0, 1.0, "dog", 0.5)]
    >>> extend(timeline, Step(1.0, 2.0, np.zeros(2)), "dog", 1.0)
    >>> timeline
    [Segment(start_s=0.0, end_s=2.0, label='dog', score=0.75, familiarity=None, ...)]
    """
    goes_on = timeline and timeline[-1].label == label and timeline[-1].end_s == step.start_s
    if not goes_on:
        timeline.append(Segment(step.start_s, step.end_s, label, score, step.familiarity))
        return
    last = timeline[-1]
    share = (step.end_s - step.start_s) / max(step.end_s - last.start_s, 1e-9)
    mean = last.score + (score - last.score) * share
    familiarity = mixed(last.familiarity, step.familiarity, share)
    timeline[-1] = Segment(last.start_s, step.end_s, label, mean, familiarity)


def mixed(last: float | None, new: float | None, share: float) -> float | None:
    """The mean familiarity of a segment and a step that has a share of its length.

    >>> mixed(0.5, 1.0, 0.5), mixed(None, None, 0.5)
    (0.75, None)
    """
    return None if last is None or new is None else last + (new - last) * share
