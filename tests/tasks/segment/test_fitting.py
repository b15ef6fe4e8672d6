"""Which rules fit recordings that were not trained on."""

from __future__ import annotations

import numpy as np

from tympan.data import recording
from tympan.data.table import Supervision
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.fitting import chosen_rules
from tympan.tasks.segment.scoring import ScoredRecording, events_of

CONFIG = SegmentConfig()
FRAME_S = CONFIG.frame_s


def made(low: float, high: float, count: int, hole: bool = False) -> list[ScoredRecording]:
    """Recordings whose label has a probability of `high` where it is and of `low` elsewhere."""
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        p = np.full((1, 500), low, np.float32)
        truth = []
        at = 10
        while at < 440:
            length = int(rng.integers(15, 40))
            p[0, at : at + length] = high
            if hole:
                p[0, at + length // 2 : at + length // 2 + 3] = low
            truth.append((at * FRAME_S, (at + length) * FRAME_S, "a"))
            at += length + int(rng.integers(20, 60))
        found.append(ScoredRecording(p, tuple(truth)))
    return found


def test_thresholds_lie_between_what_is_there_and_what_is_not() -> None:
    found = chosen_rules(made(0.05, 0.3, 8), ["a"], CONFIG)
    assert 0.05 < found.offset[0] <= found.onset[0] <= 0.3
    high = chosen_rules(made(0.6, 0.95, 8), ["a"], CONFIG)
    assert 0.6 < high.onset[0] <= 0.95


def test_pauses_within_events_are_bridged() -> None:
    assert chosen_rules(made(0.01, 0.9, 6, hole=True), ["a"], CONFIG).gap_s >= 3 * FRAME_S
    assert chosen_rules(made(0.01, 0.9, 6), ["a"], CONFIG).gap_s == 0


def test_short_false_alarms_are_dropped() -> None:
    recordings = made(0.01, 0.9, 6)
    for one in recordings:
        where = np.flatnonzero(one.probabilities[0] < 0.5)
        for place in where[5::40]:
            one.probabilities[0, place] = 0.9
    assert chosen_rules(recordings, ["a"], CONFIG).shortest_s > FRAME_S


def test_few_events_leave_the_threshold_near_the_middle() -> None:
    one = made(0.05, 0.2, 1)[0]
    few = ScoredRecording(one.probabilities, one.truth[:1])
    assert chosen_rules([few], ["a"], CONFIG).onset[0] > 0.4
    nothing = ScoredRecording(one.probabilities, ())
    assert chosen_rules([nothing], ["a"], CONFIG) == CONFIG


def test_parts_of_a_label_that_overlap_are_one_event() -> None:
    parts = [Supervision(0, 2, "a"), Supervision(1, 3, "a;b"), Supervision(5, 6, "a")]
    events = events_of(recording(__file__, supervisions=parts), ("a", "b"))
    assert events == ((0, 3, "a"), (1, 3, "b"), (5, 6, "a"))
