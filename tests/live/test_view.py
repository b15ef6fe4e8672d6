"""The view of the terminal: what is drawn of sound, events and lines."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
from rich.console import Console

from tests_live import T0
from tympan.live.event import Event
from tympan.live.sources.base import Chunk
from tympan.live.view import COLUMNS, ROWS, LiveView, _bands

EVENT = Event("k", "glass", "glass breaking", "sounds", 0.9, 1.0, None, T0, None, "mic")


def drawn(view: LiveView) -> str:
    console = Console(record=True, width=90, file=io.StringIO(), force_terminal=True)
    console.print(view.picture())
    return console.export_text()


def view_of(*waves: np.ndarray) -> LiveView:
    view = LiveView("mic", ["sounds"], Console(file=io.StringIO(), width=90))
    for wave in waves:
        view.chunk(Chunk(wave, 16_000, False, "mic"))
    return view


def test_level_events_answers_and_lines_are_shown() -> None:
    tone = np.sin(2 * np.pi * 440 / 16_000 * np.arange(4000, dtype=np.float32))[None]
    view = view_of(tone)
    assert "no event yet" in drawn(view)
    view.event(EVENT)
    view.say("mic: is back")
    text = drawn(view)
    assert "-3 dBFS" in text
    assert "● 2026-03-01 12:00:00  glass: glass breaking (0.90)" in text
    assert "mic: is back" in text
    view.event(replace(EVENT, end_s=3.0, end=T0 + timedelta(seconds=2)))
    assert drawn(view).count("glass breaking") == 1
    assert "○" in drawn(view)


def test_the_spectrogram_has_all_its_rows_and_rolls() -> None:
    silent = np.zeros((1, 4000), np.float32)
    view = view_of(*[silent] * (COLUMNS + 5))
    assert len(view._columns) == COLUMNS
    lines = view._spectrogram().plain.split("\n")
    assert len(lines) == ROWS
    assert {len(line) for line in lines} == {COLUMNS + 7}


def test_a_tone_is_loudest_in_the_row_of_its_frequency() -> None:
    edges = np.geomspace(50, 8000, ROWS + 1)
    for row in range(ROWS):
        hz = np.sqrt(edges[row] * edges[row + 1])
        tone = np.sin(2 * np.pi * hz / 16_000 * np.arange(8000)).astype(np.float32)
        assert _bands(tone, 16_000).argmax() == row
    assert (_bands(np.zeros(4), 16_000) < -80).all()


def test_silence_and_one_sample_are_no_error() -> None:
    text = drawn(view_of(np.zeros((2, 1), np.float32), np.zeros((1, 0), np.float32)))
    assert "-90 dBFS" in text
