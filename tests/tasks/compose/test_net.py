"""The net: a proper distribution, causal, and the same in every key where it sees intervals."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests_compose import TUNES, VOICES, net_of, some_steps
from tympan.errors import ArgumentError
from tympan.tasks.compose.config import FILL, ComposeConfig
from tympan.tasks.compose.evaluation import piece_nats


@pytest.mark.parametrize("articulated", [False, True])
def test_the_probabilities_of_all_sets_of_notes_sum_to_one(articulated: bool) -> None:
    config = ComposeConfig(
        low=60, high=64, voices=3, size=16, heads=2, layers=1, reach=3, articulated=articulated
    )
    net = net_of(config)
    states = 2 if articulated else 1
    total = 0.0
    for size in range(4):
        for pitches in itertools.combinations(range(5), size):
            for held in itertools.product(range(states), repeat=size):
                row = [1 + p + 5 * h for p, h in zip(pitches, held, strict=True)]
                steps = np.array([[1, 3, 0], row + [0] * (3 - size)])
                first = piece_nats(net, [steps[:1]], config)[0, 0]
                total += float(np.exp(first - piece_nats(net, [steps], config)[0, 0]))
    assert total == pytest.approx(1, abs=1e-4)


def test_the_probabilities_of_all_voices_sum_to_one() -> None:
    config = replace(VOICES, low=60, high=62, voices=2, parts=(), size=16, heads=2)
    net, total = net_of(config), 0.0
    for row in itertools.product(range(config.classes), repeat=2):
        total += float(np.exp(-piece_nats(net, [np.array([row])], config)[0, 0]))
    assert total == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("config", [VOICES, TUNES])
def test_a_step_knows_nothing_of_later_ones_nor_of_later_voices(config: ComposeConfig) -> None:
    net = net_of(config)
    steps = torch.from_numpy(some_steps(config, 12))[None]
    other = torch.from_numpy(some_steps(config, 12, 1))[None]
    changed = torch.cat([steps[:, :7], other[:, 7:]], 1)
    with torch.no_grad():
        a, b = net(steps), net(changed)
        assert torch.allclose(a[:, :7], b[:, :7], atol=1e-5)
        assert torch.allclose(a[:, 7, 0], b[:, 7, 0], atol=1e-5)
        assert not torch.allclose(a[:, 8], b[:, 8], atol=1e-3)
        last = steps.clone()
        last[:, 3, -1] = 0 if config.ordered else 5
        assert torch.allclose(net(last)[:, 3], a[:, 3], atol=1e-5)


def test_to_fill_in_it_sees_both_sides_and_never_what_is_hidden() -> None:
    config = replace(VOICES, kind=FILL)
    net = net_of(config)
    steps = torch.from_numpy(some_steps(config, 9))[None]
    hidden = steps.clone()
    hidden[:, 4, 2] = config.mask
    with torch.no_grad():
        base = net(hidden)
        for at in (3, 5):
            near = hidden.clone()
            near[:, at, 0] = 40
            assert not torch.allclose(net(near)[:, 4, 2], base[:, 4, 2], atol=1e-3)


def test_intervals_say_the_same_in_every_key() -> None:
    config = replace(VOICES, reach=4)
    net = net_of(config)
    g = torch.randn(1, 6, 4, config.size)
    steps = torch.from_numpy(some_steps(config, 6).clip(10, 40))[None]
    with torch.no_grad():
        here = net.intervals(g, net.notes_seen(steps))[..., 1:]
        higher = net.intervals(g, net.notes_seen(steps + 3))[..., 1:]
    assert torch.allclose(here[..., :-3], higher[..., 3:], atol=1e-5)
    assert here.abs().sum() > 0


def test_padding_behind_a_piece_changes_nothing() -> None:
    for config in (replace(VOICES, kind=FILL), VOICES):
        net = net_of(config)
        steps = torch.from_numpy(some_steps(config, 6))[None]
        padded = torch.nn.functional.pad(steps, (0, 0, 0, 4), value=config.mask)
        behind = torch.arange(10)[None] >= 6
        with torch.no_grad():
            a, b = net(steps)[:, :5], net(padded, hidden=behind)[:, :5]
        assert torch.allclose(a, b, atol=1e-4)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match="heads"):
        ComposeConfig(size=20, heads=8)
    with pytest.raises(ArgumentError, match="above"):
        ComposeConfig(low=60, high=60)
    with pytest.raises(ArgumentError, match="kind"):
        ComposeConfig(kind="both")
