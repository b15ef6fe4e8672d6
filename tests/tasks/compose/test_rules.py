"""Rules of four-part writing, on chords whose mistakes are known."""

from __future__ import annotations

import numpy as np

from tympan.tasks.compose.rules import RuleCounts, rule_counts

GOOD = [[67, 64, 60, 48], [65, 62, 59, 43], [67, 64, 60, 48]]


def counts(*chords: list[int], key: int = 24) -> RuleCounts:
    return rule_counts(np.array(chords), key)


def test_what_is_right_is_not_marked() -> None:
    assert counts(*GOOD, key=0) == RuleCounts(3, 0, 0, 0, 0, 0)


def test_parallels_are_marked_whichever_voices_and_way() -> None:
    assert counts([72, 67, 64, 48], [74, 69, 64, 43]).fifths == 0  # a fourth in both
    assert counts([74, 67, 62, 43], [76, 69, 60, 45]).fifths == 2  # over the bass too
    assert counts([74, 67, 62, 43], [76, 69, 60, 45]).octaves == 1  # alto and bass
    assert counts([62, 60, 57, 50], [60, 60, 55, 48]).octaves == 1
    assert counts([60, 60, 55, 52], [62, 62, 55, 50]).octaves == 1  # unisons


def test_neither_held_notes_nor_contrary_motion_are_parallels() -> None:
    assert counts([67, 64, 60, 48], [67, 65, 60, 48]).octaves == 0
    assert counts([67, 62, 60, 55], [72, 62, 60, 48]).octaves == 0
    held = counts(GOOD[0], GOOD[0], GOOD[0])
    assert held.chords == 1


def test_ranges_crossing_and_leading_notes() -> None:
    assert counts([85, 64, 60, 36]).range == 2
    assert counts([85, 64, 60, 48], [85, 65, 60, 48]).range == 1  # the held note counts once
    assert counts([62, 64, 60, 48]).crossing == 1
    assert counts([71, 62, 59, 43], key=0).leading == 1
    assert counts([71, 62, 59, 43]).leading == 0
    assert counts([68, 64, 56, 40], key=21).leading == 1  # G sharp in A minor


def test_silent_voices_count_for_nothing() -> None:
    assert counts([67, -1, -1, 48], [69, -1, -1, 50]).range == 0
    assert counts([67, -1, -1, 48], [69, -1, -1, 50]).crossing == 0


def test_they_add_up_in_100_chords() -> None:
    total = counts([85, 64, 60, 48]) + counts(*GOOD)
    assert total.per_100()["range"] == 25
