"""From scores, step by step, to a timeline that does not flicker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tympan.tasks.results import Segment

# A change of label must be worth this many nats of evidence. Chosen on rows of six sounds of
# ESC-50 that the net had not been trained on (docs/experiments.md).
SWITCH_COST = 3.0
# How many undecided steps are looked at again, and at most held.
LOOK_EVERY, MOST_HELD = 64, 1024


@dataclass(frozen=True)
class Step:
    """One step of the timeline: `start_s` to `end_s`, and the probabilities `(k,)` there."""

    start_s: float
    end_s: float
    probabilities: np.ndarray


def decide(
    steps: Iterable[Step], overlap: float = 1.0, cost: float = SWITCH_COST
) -> Iterator[tuple[Step, int]]:
    """Choose a label for each step: the likeliest path in which each change costs something.

    The Viterbi algorithm (Forney, 1973) on a chain whose states are the labels. Steps are given
    out as soon as all paths agree on them, so memory stays bounded however long the recording.

    Args:
        steps: what is heard, in order.
        overlap: of how many steps a window consists; neighbouring steps that hear the same sound
            are no independent evidence, and count the less.
        cost: evidence in nats that a change of label must bring.

    Yields:
        Each step with the number of its label.

    >>> rows = [[0.9, 0.1], [0.4, 0.6], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]
    >>> steps = [Step(i, i + 1, np.array(row)) for i, row in enumerate(rows)]
    >>> [label for _, label in decide(steps)]
    [0, 0, 0, 1, 1, 1]
    """
    held: list[tuple[Step, np.ndarray]] = []  # each step, and from which label each was reached
    score = np.zeros(0)
    for step in steps:
        evidence = np.log(step.probabilities + 1e-6) / max(overlap, 1.0)
        if not len(score):
            score = np.zeros(len(evidence))
        labels = np.arange(len(score))
        best = int(score.argmax())
        stays = score >= score[best] - cost
        score = np.where(stays, score, score[best] - cost) + evidence
        held.append((step, np.where(stays, labels, best)))
        if len(held) % LOOK_EVERY == 0:
            undecided = len(held) < MOST_HELD
            yield from _agreed(held, labels if undecided else np.array([score.argmax()]))
    if held:
        yield from _agreed(held, np.array([score.argmax()]))


def _agreed(held: list[tuple[Step, np.ndarray]], ends: np.ndarray) -> list[tuple[Step, int]]:
    """Trace the paths back from `ends`; take out of `held` the steps on which they agree."""
    path, states = [], ends
    for _, origin in reversed(held):
        path.append(states)
        states = origin[states]
    path.reverse()
    differ = [i for i, states in enumerate(path) if (states != states[0]).any()]
    count = differ[0] if differ else len(path)
    done = [(step, int(states[0])) for (step, _), states in zip(held, path[:count], strict=False)]
    del held[:count]
    return done


def extend(timeline: list[Segment], step: Step, label: str, score: float) -> None:
    """Add a step to a timeline; one with the same label lengthens the last segment.

    The score of a segment is the mean over its steps, weighted by their length.

    >>> timeline = [Segment(0.0, 1.0, "dog", 0.5)]
    >>> extend(timeline, Step(1.0, 2.0, np.zeros(2)), "dog", 1.0)
    >>> timeline
    [Segment(start_s=0.0, end_s=2.0, label='dog', score=0.75)]
    """
    if not timeline or timeline[-1].label != label:
        timeline.append(Segment(step.start_s, step.end_s, label, score))
        return
    last = timeline[-1]
    share = (step.end_s - step.start_s) / max(step.end_s - last.start_s, 1e-9)
    mean = last.score + (score - last.score) * share
    timeline[-1] = Segment(last.start_s, step.end_s, label, mean)
