"""Drawing and applying."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tympan.audio.clip import Clip
from tympan.augment import BackgroundMix, Compose, FrequencyMask, Gain, LowPass, item_generators
from tympan.errors import ArgumentError, ShapeError


def test_probability_is_met_and_drawn_for_each_item() -> None:
    active = Gain(p=0.3).draw(torch.zeros(20_000, 1, 1), 0)["active"]
    assert abs(active.float().mean() - 0.3) < 0.01


def test_an_int_is_a_seed() -> None:
    x = torch.zeros(3, 1, 4)
    generator = torch.Generator().manual_seed(5)
    assert torch.equal(Gain().draw(x, 5)["gain_db"], Gain().draw(x, generator)["gain_db"])


def test_generator_goes_on_from_batch_to_batch() -> None:
    x, generator = torch.zeros(3, 1, 4), torch.Generator().manual_seed(5)
    first, second = (Gain().draw(x, generator)["gain_db"] for _ in range(2))
    assert not torch.equal(first, second)


def test_one_generator_for_each_item_or_one_for_all() -> None:
    with pytest.raises(ArgumentError, match="2 generators for a batch of 3"):
        Gain().draw(torch.zeros(3, 1, 4), item_generators(0, [1, 2]))
    with pytest.raises(ArgumentError, match="no random generator"):
        Gain().draw(torch.zeros(3, 1, 4), "seed")  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [None, "seed", 1.5, np.random.default_rng(0), [1, 2, 3]])
def test_what_is_no_generator_is_refused(other: Any) -> None:
    with pytest.raises(ArgumentError, match="no random generator"):
        Gain()(torch.zeros(3, 1, 4), other)


def test_a_seed_may_be_of_numpy() -> None:
    x = torch.ones(3, 1, 4)
    assert torch.equal(Gain()(x, np.int64(5)), Gain()(x, 5))  # type: ignore[arg-type]


def test_near_seeds_and_indices_give_unrelated_streams() -> None:
    generators = item_generators(0, range(500)) + item_generators(1, range(500))
    drawn = torch.stack([torch.rand(4, generator=each) for each in generators])
    assert len(drawn.unique(dim=0)) == 1000
    correlation = torch.corrcoef(drawn.T) - torch.eye(4)
    assert correlation.abs().max() < 0.12


def test_parameters_for_another_batch_are_refused() -> None:
    params = Gain().draw(torch.zeros(3, 1, 4), 0)
    with pytest.raises(ShapeError, match=r"\(3,\) items, batch of 2"):
        Gain().apply(torch.zeros(2, 1, 4), params)


def test_global_random_state_is_neither_used_nor_changed() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = LowPass(rate_hz=8000)(torch.ones(2, 1, 100), 1)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert torch.equal(LowPass(rate_hz=8000)(torch.ones(2, 1, 100), 1), first)


def test_arguments_are_shown() -> None:
    assert repr(Gain(-3.0, 3.0, p=0.5)) == "Gain(min_gain_db=-3.0, max_gain_db=3.0, p=0.5)"
    mix = BackgroundMix([torch.zeros(9), torch.zeros(9)])
    assert repr(mix).startswith("BackgroundMix(backgrounds=<2 recordings>, min_snr_db=0.0")
    assert "transforms=(Gain(" in repr(Compose([Gain()]))


def test_spectrogram_transforms_refuse_clips() -> None:
    clip = Clip(torch.zeros(1, 800).numpy(), 8000)
    with pytest.raises(ArgumentError, match="works on spectrograms"):
        FrequencyMask()(clip, 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_same_parameters_on_a_gpu() -> None:
    x = torch.randn(4, 1, 4000)
    low_pass = LowPass(rate_hz=8000)
    params = low_pass.draw(x, 0)
    there = low_pass.apply(x.cuda(), params).cpu()
    torch.testing.assert_close(there, low_pass.apply(x, params), atol=1e-5, rtol=0)
