"""What is drawn: what was given stays, the seed decides, and likely things are drawn often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests_compose import TUNES, VOICES, net_of, some_steps, tiny_composer
from tympan.tasks.compose.config import FILL
from tympan.tasks.compose.model import Composer
from tympan.tasks.compose.sampling import UNKNOWN, Wish, draw, drawn_many


def drawn_steps(composer: Composer, given: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([*draw(composer.net, Wish(given), rng)])


def test_same_seed_same_piece_and_another_is_another(composer: Composer) -> None:
    empty = np.full((12, composer.config.voices), UNKNOWN)
    one, same, other = (drawn_steps(composer, empty, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.shape == empty.shape
    assert ((one >= 0) & (one < composer.config.classes)).all()


def test_what_is_given_stays(composer: Composer) -> None:
    given = np.full((20, composer.config.voices), UNKNOWN)
    given[:8] = some_steps(composer.config, 8)
    found = drawn_steps(composer, given)
    assert np.array_equal(found[:8], given[:8])
    assert (found >= 0).all()


def test_single_voices_are_filled_in_around_the_others() -> None:
    composer = tiny_composer("fill")
    given = some_steps(composer.config, 40)
    given[:, 1] = UNKNOWN
    given[5:9, 3] = UNKNOWN
    found = drawn_steps(composer, given)
    kept = given != UNKNOWN
    assert np.array_equal(found[kept], given[kept])
    assert (found >= 0).all()


def test_sets_of_notes_ascend() -> None:
    composer = tiny_composer("tunes")
    found = drawn_steps(composer, np.full((24, 2), UNKNOWN))
    both = found[(found > 0).all(1)]
    pitches = (both - 1) % TUNES.pitches
    assert (pitches[:, 0] < pitches[:, 1]).all()
    assert not found[:, 1][found[:, 0] == 0].any()


def test_it_is_given_out_stretch_by_stretch(composer: Composer) -> None:
    count = 2 * composer.config.window
    stretches = draw(
        composer.net, Wish(np.full((count, composer.config.voices), UNKNOWN)),
        np.random.default_rng(0),
    )  # fmt: skip
    assert len(next(stretches)) == composer.config.steps_per_beat


def test_choices_come_as_often_as_the_net_says() -> None:
    logits = torch.log(torch.tensor([[0.7, 0.29, 0.01]])).repeat(4000, 1)
    rng = np.random.default_rng(0)
    shares = np.bincount(drawn_many(logits, Wish(np.zeros(0)), rng), minlength=3) / 4000
    assert shares[:2] == pytest.approx([0.7 / 0.99, 0.29 / 0.99], abs=0.03)
    assert shares[2] == 0  # too unlikely
    cold = drawn_many(logits, Wish(np.zeros(0), temperature=0.0), rng)
    assert not cold.any()


def test_a_long_piece_costs_no_more_for_each_step() -> None:
    """The net looks back no further than its window."""
    seen: list[int] = []
    for kind in ("next", FILL):
        net = net_of(replace(VOICES, window=8, kind=kind))
        net.blocks[0].register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[1]))
        list(draw(net, Wish(np.full((40, 4), UNKNOWN)), np.random.default_rng(0)))
        assert max(seen) == 8
        seen.clear()


def test_what_is_drawn_is_what_the_net_says_of_the_whole_piece() -> None:
    """Step by step it sees the same as all at once."""
    net = net_of(replace(VOICES, window=64))
    wish = Wish(np.full((20, 4), UNKNOWN), key=3, temperature=0.0, parallels=True)
    found = np.concatenate([*draw(net, wish, np.random.default_rng(0))])
    steps = torch.from_numpy(found)[None]
    places = torch.arange(20)[None]
    with torch.no_grad():
        logits = net(steps, key=torch.tensor([3]), remaining=19 - places, phase=places)
    assert np.array_equal(logits[0].argmax(-1).numpy(), found)


def test_a_guide_has_its_say() -> None:
    filling, onwards = tiny_composer("fill").net, tiny_composer("voices").net
    given = np.full((12, 4), UNKNOWN)
    given[:, 0] = some_steps(VOICES, 12)[:, 0]
    alone, guided = (
        np.concatenate([*draw(filling, Wish(given, temperature=0.0), np.random.default_rng(0), g)])
        for g in (None, onwards)
    )
    assert not np.array_equal(alone, guided)
    assert np.array_equal(guided[:, 0], given[:, 0])
