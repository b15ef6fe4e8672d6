from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.augment import FilterAugment
from tympan.errors import ArgumentError


@pytest.mark.parametrize("kind", ["linear", "step"])
def test_curve_has_the_drawn_bands(kind: str) -> None:
    x = torch.zeros(300, 2, 64, 7)
    augment = FilterAugment(-6.0, 4.0, 2, 5, 4, kind=kind)
    params = augment.draw(x, 0)
    y = augment.apply(x, params)
    assert torch.equal(y, y[:, :1, :, :1].expand_as(y)), "the same in all frames and channels"
    curve = y[:, 0, :, 0]
    assert -6 <= curve.min() < -5.5
    assert 3.5 < curve.max() <= 4
    used = []
    for row, edges, gains in zip(curve, params["edges"], params["gains_db"], strict=True):
        bands = int((edges < 64).sum())
        used.append(bands)
        cuts = edges[: bands + 1].tolist()
        assert (cuts[0], cuts[-1]) == (0, 64)
        assert min(np.diff(cuts)) >= 4
        if kind == "step":
            expected = np.repeat(gains[:bands].numpy(), np.diff(cuts))
        else:
            expected = np.interp(np.arange(64), cuts, gains[: bands + 1].numpy())
        np.testing.assert_allclose(row.numpy(), expected, atol=1e-5)
    assert set(used) == {2, 3, 4, 5}


def test_a_decibel_is_the_same_in_every_scale() -> None:
    power = torch.rand(3, 1, 40, 5) + 0.1
    held = {
        "db": 10 * torch.log10(power),
        "log_power": torch.log(power),
        "log10_power": torch.log10(power),
        "power": power,
        "magnitude": power.sqrt(),
    }
    back = {
        "db": lambda y: 10 ** (y / 10),
        "log_power": torch.exp,
        "log10_power": lambda y: 10**y,
        "power": lambda y: y,
        "magnitude": torch.square,
    }
    params = FilterAugment().draw(power, 0)
    expected = FilterAugment(scale="power").apply(power, params)
    for scale, x in held.items():
        y = back[scale](FilterAugment(scale=scale).apply(x, params))
        torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="6 bands of at least 4 bins do not fit in 20 bins"):
        FilterAugment().draw(torch.zeros(1, 1, 20, 5), 0)
    with pytest.raises(ArgumentError, match="scale"):
        FilterAugment(scale="amplitude")


def test_decibels_that_were_divided() -> None:
    level_db = torch.randn(3, 1, 40, 5) * 20
    params = FilterAugment().draw(level_db, 0)
    plain = FilterAugment().apply(level_db, params)
    divided = FilterAugment(scale=20.0).apply(level_db / 20, params)
    torch.testing.assert_close(divided * 20, plain)
    with pytest.raises(ArgumentError, match="scale from 0 to 0"):
        FilterAugment(scale=0)
