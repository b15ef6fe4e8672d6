"""Counts as mir_eval has them."""

from __future__ import annotations

import mir_eval
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.notation import Note
from tympan.tasks.notes.metrics import f1_of, frame_counts, note_counts

# On a grid of 10 ms with some offsets, so that notes are near one another and near the tolerance.
NOTES = st.lists(
    st.builds(
        lambda start, length, pitch: Note(start / 100, (start + length) / 100, pitch, 80),
        st.integers(0, 60), st.integers(3, 40), st.integers(60, 62),
    ),
    max_size=14,
)  # fmt: skip


def as_arrays(notes: list[Note]) -> tuple[np.ndarray, np.ndarray]:
    times = np.array([(n.start_s, n.end_s) for n in notes]).reshape(-1, 2)
    return times, np.array([440 * 2 ** ((n.pitch - 69) / 12) for n in notes])


@settings(max_examples=60)
@given(NOTES, NOTES)
def test_they_are_those_of_mir_eval(truth: list[Note], found: list[Note]) -> None:
    for offsets, ratio in ((False, None), (True, 0.2)):
        right, true, made = note_counts(truth, found, offsets=offsets).tolist()
        assert (true, made) == (len(truth), len(found))
        if truth and found:
            p, r, f1, _ = mir_eval.transcription.precision_recall_f1_overlap(
                *as_arrays(truth), *as_arrays(found), offset_ratio=ratio
            )
            assert (right / made, right / true) == (p, r)
            assert abs(f1_of(np.array([right, true, made])) - f1) < 1e-9
        else:
            assert right == 0


def test_frames_are_counted_by_pitch() -> None:
    a = [Note(0.0, 1.0, 60, 80), Note(0.0, 1.0, 64, 80)]
    b = [Note(0.5, 1.5, 60, 80), Note(0.0, 1.0, 65, 80)]
    assert frame_counts(a, b).tolist() == [50, 200, 200]
    assert frame_counts([], []).tolist() == [0, 0, 0]
