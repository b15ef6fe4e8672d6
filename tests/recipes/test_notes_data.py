"""Renderings for `notes`: what is written is what sounds."""

from __future__ import annotations

import numpy as np
from recipes.render import Part

from recipes import arrange, notes_data


def test_no_part_strikes_a_pitch_that_it_holds() -> None:
    notes = ((0.0, 2.0, 60, 80), (0.01, 1.0, 60, 80), (1.0, 0.5, 60, 80), (0.0, 1.0, 108, 80))
    one = arrange.Excerpt("a", (Part(0, notes),), ())
    (part,) = notes_data.cleaned(one, 1).parts
    assert [(round(s, 3), round(n, 3), p) for s, n, p, _ in part.notes] == [
        (0.0, 0.995, 60),
        (1.0, 0.5, 60),
    ]


def test_what_is_played_faster_is_written_higher_and_sooner() -> None:
    one = arrange.Excerpt(
        "a", (Part(40, ((1.0, 1.0, 60, 80),)), Part(0, ((0, 1, 36, 80),), True)), ()
    )
    (note,) = notes_data.written(one, 2).notes()
    speed = 2 ** (2 / 12)
    assert (note.pitch, note.instrument) == (62, "violin")
    assert abs(note.start_s - 1 / speed) < 0.001
    assert abs(note.end_s - 2 / speed) < 0.001


def test_a_pedal_holds_until_it_is_changed() -> None:
    held = notes_data.pedalled([(0.1, 0.2, 60), (1.9, 0.3, 62), (9.8, 0.1, 64)], 2.0)
    assert [round(s + n, 6) for s, n, _ in held] == [2.0, 2.2, 10.0]


def test_slides_come_to_rest_at_the_tuning() -> None:
    part = Part(40, tuple((0.5 * i, 0.5, 60, 80) for i in range(20)))
    events = notes_data.slide_events(part, np.random.default_rng(0))
    assert notes_data.monophonic(part)
    assert events
    for start, *_ in part.notes:
        own = [bend for at, bend in events if start <= at < start + 0.45]
        assert not own or own[-1] == 8192
