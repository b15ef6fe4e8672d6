"""What a voice may not do: leave its range, or move in parallel fifths and octaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests_compose import TUNES, VOICES, net_of
from tympan.errors import ArgumentError
from tympan.notation import Piece
from tympan.tasks.compose.config import FILL, ComposeConfig
from tympan.tasks.compose.copying import Known
from tympan.tasks.compose.grid import piece_of
from tympan.tasks.compose.limits import usual_ranges, within_range, without_parallels
from tympan.tasks.compose.model import Composer, Order
from tympan.tasks.compose.sampling import UNKNOWN, Wish

RANGES = {"lowest": (61, 38, 55, 50), "highest": (79, 62, 73, 68)}


def ranged(kind: str = "next", **more: object) -> Composer:
    config = replace(VOICES, kind=kind, **RANGES, **more)
    return Composer(net_of(config), "ranged", Known([], config))


def outside(steps: np.ndarray, config: ComposeConfig) -> int:
    """How many notes are beyond the range of their voice."""
    pitches = steps - 1 + config.low
    low, high = np.array(RANGES["lowest"]), np.array(RANGES["highest"])
    return int(((steps > 0) & ((pitches < low) | (pitches > high))).sum())


@pytest.mark.parametrize("home", [False, True])
def test_voices_stay_in_their_ranges_in_every_key_unless_they_may_leave_them(home: bool) -> None:
    composer = ranged(home=home)
    for key in range(12):
        order = Order(seed=key, bars=2, key=key)
        (found,) = composer.many([order])
        assert outside(found, composer.config) == 0
        assert np.array_equal(found, np.concatenate(list(composer.stream(order))))
        assert (found > 0).any()
        (freely,) = composer.many([replace(order, any_range=True)])
        assert outside(freely, composer.config) > 0


def test_voices_that_are_found_to_a_melody_stay_in_theirs() -> None:
    composer = ranged(FILL, home=True)
    steps = np.random.default_rng(0).integers(10, 48, (24, 4))  # some are beyond the ranges
    whole = piece_of(steps, composer.config, tempo_bpm=80)
    melody = Piece(whole.parts[:1], whole.ticks_per_beat, whole.tempi)
    found = composer.compose(Order(given=melody, harmonize=True, key=6)).piece
    assert found.parts[0].notes == melody.parts[0].notes  # given: not changed, wherever it is
    for part in found.parts[1:]:
        place = composer.config.parts.index(part.name)
        low, high = RANGES["lowest"][place], RANGES["highest"][place]
        assert part.notes
        assert all(low <= note.pitch <= high for note in part.notes)


def test_a_voice_is_silent_as_often_as_without_a_range() -> None:
    logits = torch.randn(VOICES.classes, generator=torch.manual_seed(0))
    wish = Wish(np.zeros((1, 4)), **RANGES)
    found = within_range(logits, 2, wish, VOICES)
    before, after = logits.softmax(0), found.softmax(0)
    assert float(after[0]) == pytest.approx(float(before[0]), abs=1e-6)
    kept = slice(55 - VOICES.low + 1, 73 - VOICES.low + 2)
    assert torch.allclose(after[kept] / after[kept].sum(), before[kept] / before[kept].sum())
    assert float(after[kept].sum() + after[0]) == pytest.approx(1, abs=1e-6)
    assert within_range(logits, 2, Wish(np.zeros((1, 4))), VOICES) is logits
    plain = torch.zeros(TUNES.classes)
    assert within_range(plain, 0, Wish(np.zeros((1, 2)), lowest=(60, 60)), TUNES) is plain


def test_ranges_leave_out_what_is_rare() -> None:
    steps = np.full((1000, 4), 40)
    steps[::2] = 30
    steps[7], steps[9] = 3, 50
    found = usual_ranges([steps[:500], steps[500:]], VOICES)
    assert found == ((59,) * 4, (69,) * 4)


def test_ranges_that_cannot_be_are_refused() -> None:
    with pytest.raises(ArgumentError, match="name 1 and 4 voices, not 4"):
        replace(VOICES, **(RANGES | {"lowest": (60,)}))
    with pytest.raises(ArgumentError, match="the range of a voice, 61 to 60"):
        replace(VOICES, **(RANGES | {"highest": (60, 62, 73, 68)}))


def test_what_makes_parallels_is_not_drawn_unless_all_else_is_unlikely() -> None:
    def step(*pitches: int) -> list[int]:
        return [p - VOICES.low + 1 if p > 0 else UNKNOWN for p in pitches]

    # Soprano, bass, alto, tenor: the soprano goes up a tone from an octave above the bass.
    steps = np.array([step(72, 48, 67, 64), step(74, -1, -1, -1)])
    plain = torch.zeros(VOICES.classes)
    found = without_parallels(plain, steps, 1, 1, Wish(steps), VOICES)
    gone = [VOICES.low + i - 1 for i in range(VOICES.classes) if found[i] == -torch.inf]
    assert gone == [50, 62, 74, 86]  # down to a lower D it is contrary motion
    fifths = np.array([step(67, 60, 64, 48), step(69, -1, -1, -1)])
    found = without_parallels(plain, fifths, 1, 1, Wish(fifths), VOICES)
    gone = [VOICES.low + i - 1 for i in range(VOICES.classes) if found[i] == -torch.inf]
    assert gone == [62, 74, 86]
    sure = plain.clone()
    sure[50 - VOICES.low + 1] = 20.0
    assert without_parallels(sure, steps, 1, 1, Wish(steps), VOICES) is sure
    assert without_parallels(plain, steps, 1, 1, Wish(steps, parallels=True), VOICES) is plain
