"""How many words and letters are wrong."""

from __future__ import annotations

import pytest

from tympan.errors import DataError
from tympan.tasks.transcribe.evaluation import distance, evaluated


@pytest.mark.parametrize(
    ("wanted", "found", "errors"),
    [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("abc", "abc", 0), ("kitten", "sitting", 3)],
)
def test_distance(wanted: str, found: str, errors: int) -> None:
    assert distance(wanted, found) == distance(found, wanted) == errors


def test_errors_are_counted_over_all_words() -> None:
    pairs = [(["a", "b", "c", "d"], ["a", "b", "c", "d"]), (["e"], ["f"]), (["g", "h"], [])]
    found = evaluated(pairs)
    rate, letters = found.scores
    assert rate.value == pytest.approx(100 * 3 / 7)
    assert rate.interval is not None
    assert rate.interval[0] <= rate.value <= rate.interval[1]
    assert letters.value == pytest.approx(100 * 4 / 11)
    assert not rate.higher_is_better
    assert found.count == 3


def test_nothing_to_score() -> None:
    with pytest.raises(DataError, match="no recording"):
        evaluated([])
