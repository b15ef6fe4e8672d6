"""Adding at a signal-to-noise ratio, or at a level."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.augment import BackgroundMix, ColoredNoise
from tympan.augment.waveform._mixing import add_noise
from tympan.errors import ArgumentError


@settings(deadline=None, max_examples=40)
@given(snr_db=st.floats(-40, 60), level=st.floats(1e-4, 10), seed=st.integers(0, 2**32))
def test_ratio_is_exact(snr_db: float, level: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 2, 500, generator=generator).double() * level
    noise = torch.rand(1, 1, 500, generator=generator).double()
    params = {"snr_db": torch.tensor([snr_db], dtype=torch.float64)}
    added = add_noise(x, lambda _: noise[0].numpy(), params) - x
    measured = 10 * torch.log10(x.square().mean() / added.square().mean())
    assert abs(measured.item() - snr_db) < 1e-6


def test_silence_gets_no_noise_and_no_noise_does_nothing() -> None:
    x, zero = torch.randn(1, 1, 50), torch.zeros(1, 1, 50)
    params = {"snr_db": torch.zeros(1)}
    assert torch.equal(add_noise(zero, lambda _: x[0].numpy(), params), zero)
    assert torch.equal(add_noise(x, lambda _: zero[0].numpy(), params), x)


@pytest.mark.parametrize("kind", ["snr_db", "level_dbfs"])
def test_with_a_gradient_it_is_the_same(kind: str) -> None:
    x, noise, params = (
        torch.randn(5, 2, 600),
        torch.randn(5, 600).numpy(),
        {kind: torch.arange(5.0)},
    )
    x[3] = 0.0
    plain = add_noise(x, noise.__getitem__, params)
    with_gradient = add_noise(x.clone().requires_grad_(), noise.__getitem__, params)
    torch.testing.assert_close(plain, with_gradient.detach())
    assert bool(plain[3].any()) == (kind == "level_dbfs")


@pytest.mark.parametrize("level_dbfs", [-60.0, 0.0])
@pytest.mark.parametrize("silent", [True, False])
def test_a_level_of_its_own_does_not_depend_on_the_item(level_dbfs: float, silent: bool) -> None:
    x = torch.zeros(3, 2, 4000) if silent else torch.randn(3, 2, 4000) * 0.01
    levels = {"min_level_dbfs": level_dbfs, "max_level_dbfs": level_dbfs}
    for transform in (
        ColoredNoise(rate_hz=8000, **levels),
        BackgroundMix([torch.rand(9000), torch.randn(70)], **levels),
    ):
        added = transform(x.double(), 1) - x
        power = added.square().mean((1, 2))
        torch.testing.assert_close(
            10 * torch.log10(power), torch.full((3,), level_dbfs).double(), atol=1e-3, rtol=0
        )


def test_levels_are_drawn_from_their_range() -> None:
    noise = ColoredNoise(min_level_dbfs=-50.0, max_level_dbfs=-30.0, rate_hz=8000)
    drawn = noise.draw(torch.zeros(4000, 1, 1), 0)
    assert "snr_db" not in drawn
    assert -50 <= drawn["level_dbfs"].min() < -49.9
    assert -30.1 < drawn["level_dbfs"].max() <= -30


@pytest.mark.parametrize(
    "wrong",
    [{"min_level_dbfs": -50.0}, {"min_level_dbfs": -3.0, "max_level_dbfs": -30.0}],
)
def test_half_a_range_of_levels_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match="level_dbfs from"):
        ColoredNoise(rate_hz=8000, **wrong)
    with pytest.raises(ArgumentError, match="level_dbfs from"):
        BackgroundMix([torch.ones(9)], **wrong)
