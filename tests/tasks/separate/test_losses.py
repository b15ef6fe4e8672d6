"""Losses are least at the truth, and numbers at silence."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ShapeError
from tympan.tasks.separate.losses import BEST_DB, permuted, si_sdr_loss, spectral_loss

torch.set_num_threads(1)


def waves(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(scale=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_si_sdr_does_not_depend_on_the_scale(scale: float, seed: int) -> None:
    target, noise = waves(seed, 2, 800), waves(seed + 1, 2, 800)
    estimate = target + 0.3 * noise
    one, other = (si_sdr_loss(s * estimate, target, target) for s in (1.0, scale))
    torch.testing.assert_close(one, other, atol=0.02, rtol=0)


@given(st.floats(-10, 25))
def test_si_sdr_is_the_ratio_in_db(ratio_db: float) -> None:
    time = torch.arange(8000) / 8000
    target, other = (torch.sin(6.2831853 * f * time) for f in (400, 700))
    estimate = target + 10 ** (-ratio_db / 20) * other
    found = -float(si_sdr_loss(estimate, target, target))
    assert found == pytest.approx(ratio_db, abs=0.2)


def test_silence_has_a_loss_and_a_gradient() -> None:
    mix = waves(0, 3, 800)
    for target in (torch.zeros(3, 800), mix):
        for start in (torch.zeros(3, 800), 0.1 * mix):
            estimate = start.clone().requires_grad_()
            for loss in (si_sdr_loss, spectral_loss):
                value = loss(estimate, target, mix).sum()
                value.backward()
                assert torch.isfinite(value)
                assert torch.isfinite(estimate.grad).all()
    silent = torch.zeros(1, 800)
    loud, quiet = (float(si_sdr_loss(g * mix[:1], silent, mix[:1])) for g in (1.0, 0.01))
    assert quiet < loud - 30
    assert float(si_sdr_loss(silent, silent, mix[:1])) == pytest.approx(-BEST_DB, abs=0.1)


def test_all_silent_is_finite() -> None:
    silent = torch.zeros(2, 800, requires_grad=True)
    for loss in (si_sdr_loss, spectral_loss):
        value = loss(silent, torch.zeros(2, 800), torch.zeros(2, 800)).sum()
        value.backward()
        assert torch.isfinite(value)
    assert torch.isfinite(silent.grad).all()


@given(gain=st.floats(0.001, 10))
def test_the_spectral_loss_does_not_depend_on_the_level(gain: float) -> None:
    x, y = waves(0, 2, 4000), waves(1, 2, 4000)
    usual = spectral_loss(x, y, y)
    torch.testing.assert_close(
        spectral_loss(gain * x, gain * y, gain * y), usual, rtol=0.01, atol=0
    )
    assert (spectral_loss(y, y, y) < 1e-6).all()


@given(st.permutations([0, 1, 2]))
def test_the_order_does_not_matter(order) -> None:
    target = waves(0, 4, 3, 200)
    found = permuted(lambda a, b: (a - b).abs().mean(-1), target[:, list(order)], target)
    assert found.shape == (4, 3)
    assert float(found.sum()) == 0


def test_each_item_has_its_own_order() -> None:
    target = waves(0, 2, 2, 200)
    estimate = torch.stack((target[0], target[1].flip(0)))
    assert float(permuted(lambda a, b: (a - b).abs().mean(-1), estimate, target).sum()) == 0


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ShapeError):
        si_sdr_loss(torch.zeros(2, 10), torch.zeros(10), torch.zeros(10))
