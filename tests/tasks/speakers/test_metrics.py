from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.tasks.speakers.metrics import diarization_errors

# In tenths of a second, so that frames of a tenth are exact.
turn = st.tuples(st.integers(0, 60), st.integers(1, 20), st.sampled_from("abc")).map(
    lambda x: (x[0] / 10, (x[0] + x[1]) / 10, x[2])
)
turn_lists = st.lists(turn, max_size=6)


def by_frames(truth: list, found: list, collar: float) -> tuple[float, float, float, float]:
    """The same by frames of a tenth of a second and all assignments of names."""
    n = 90
    middle = (np.arange(n) + 0.5) / 10

    def active(turns: list) -> dict[str, np.ndarray]:
        result: dict[str, np.ndarray] = {}
        for start, end, name in turns:
            own = result.setdefault(name, np.zeros(n, bool))
            own |= (middle > start) & (middle < end)
        return result

    scored = np.ones(n, bool)
    for start, end, _ in truth:
        for edge in (start, end):
            scored &= ~(np.abs(middle - edge) < collar)
    a, b = active(truth), active(found)
    names_a, names_b = list(a), list(b)
    said = sum((a[x] for x in names_a), np.zeros(n, int)) * scored
    claimed = sum((b[x] for x in names_b), np.zeros(n, int)) * scored
    most = 0
    longer, shorter = (names_a, names_b) if len(names_a) >= len(names_b) else (names_b, names_a)
    for chosen in itertools.permutations(longer, len(shorter)):
        pairs = zip(chosen, shorter, strict=True)
        if longer is names_b:
            pairs = ((y, x) for x, y in pairs)
        most = max(most, sum(int((a[x] & b[y] & scored).sum()) for x, y in pairs))
    least = np.minimum(said, claimed)
    return (
        np.maximum(0, said - claimed).sum() / 10,
        np.maximum(0, claimed - said).sum() / 10,
        (least.sum() - most) / 10,
        said.sum() / 10,
    )


@given(turn_lists, turn_lists, st.sampled_from([0.0, 0.2]))
def test_errors_are_those_by_frames_and_all_assignments(truth, found, collar: float):
    errors = diarization_errors(truth, found, collar)
    expected = by_frames(truth, found, collar)
    ours = (errors.missed_s, errors.false_alarm_s, errors.confused_s, errors.total_s)
    assert ours == pytest.approx(expected, abs=1e-6)


def test_names_do_not_count():
    truth = [(0, 2, "a"), (2, 5, "b"), (4, 6, "a")]
    renamed = [(0, 2, "y"), (2, 5, "x"), (4, 6, "y")]
    assert diarization_errors(truth, renamed).der == 0


def test_values_of_pyannote_metrics():
    """DiarizationErrorRate of pyannote.metrics 4.2 on the same turns (whole, and with a collar of
    0.25 s on each side, which it calls 0.5)."""
    truth = [(0.0, 5.0, "a"), (4.0, 9.0, "b"), (9.5, 12.0, "a"), (12.0, 15.0, "c")]
    found = [(0.3, 4.2, "1"), (4.2, 9.4, "2"), (9.4, 13.0, "1"), (13.0, 16.0, "2")]
    assert diarization_errors(truth, found).der == pytest.approx(GOLDEN[0], abs=1e-6)
    assert diarization_errors(truth, found, 0.25).der == pytest.approx(GOLDEN[1], abs=1e-6)


GOLDEN = (0.3741935483870968, 0.304)


def test_nothing_said_and_something_found():
    assert diarization_errors([], []).der == 0
    assert diarization_errors([], [(0, 1, "a")]).der == 1
    assert diarization_errors([(0, 1, "a")], []).der == 1


def test_sums_are_over_recordings():
    one = diarization_errors([(0, 2, "a")], [(0, 1, "a")])
    both = one + diarization_errors([(0, 2, "a")], [(0, 2, "a")])
    assert both.der == pytest.approx(0.25)


def test_turns_that_cannot_be():
    with pytest.raises(ArgumentError, match="turn of 'a'"):
        diarization_errors([(2, 1, "a")], [])
    with pytest.raises(ArgumentError, match="collar"):
        diarization_errors([], [], -1)
