"""Times of words."""

from __future__ import annotations

import numpy as np

from tympan.tasks.results import Word
from tympan.tasks.transcribe.timing import of_word, timed, within


def test_estimated_times_lie_in_speech() -> None:
    speech = np.float32([0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0])
    found = timed([Word(0, 0, "abcd"), Word(0, 0, "ef")], speech, 0.5)
    assert [(w.start_s, w.end_s) for w in found] == [(1.0, 3.0), (4.5, 5.5)]
    assert all(w.estimated for w in found)


def test_without_speech_the_whole_window_is_shared_out() -> None:
    found = timed([Word(0, 0, "ab"), Word(0, 0, "ab")], np.zeros(10, np.float32), 0.1)
    assert [(w.start_s, w.end_s) for w in found] == [(0.0, 0.5), (0.5, 1.0)]


def test_times_stay_within_the_recording() -> None:
    assert within(Word(1.0, 2.0, "a"), 1.5) == Word(1.0, 1.5, "a")
    assert within(Word(1.8, 2.0, "a"), 1.5) == Word(1.5, 1.5, "a")
    assert of_word(Word(1.0, 2.0, "a", 0.7), "Ann").score == 0.7
