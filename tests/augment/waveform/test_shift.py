from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.augment import Shift
from tympan.errors import ArgumentError


def test_rolled_as_numpy_rolls() -> None:
    x = torch.randn(20, 2, 101)
    shift = Shift(-1.0, 1.0)
    params = shift.draw(x, 0)
    y = shift.apply(x, params)
    for item, moved, n in zip(x, y, params["shift_samples"].tolist(), strict=True):
        assert np.array_equal(moved.numpy(), np.roll(item.numpy(), n, axis=-1))
    assert len(params["shift_samples"].unique()) > 10


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (0.5, [0, 0, 1, 2]),
        (-0.25, [2, 3, 4, 0]),
        (1.0, [0] * 4),
        (-1.0, [0] * 4),
        (0, [1, 2, 3, 4]),
    ],
)
def test_zeros_come_in(part: float, expected: list[float]) -> None:
    y = Shift(part, part, "zeros")(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]), 0)
    assert y.flatten().tolist() == expected


@pytest.mark.parametrize("mode", ["roll", "zeros"])
def test_both_ways_of_moving_give_the_same(mode: str) -> None:
    x = torch.randn(30, 2, 50)
    shift = Shift(-1.0, 1.0, mode)
    params = shift.draw(x, 0)
    with_gradient = shift.apply(x.clone().requires_grad_(), params)
    assert torch.equal(shift.apply(x, params), with_gradient.detach())


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ArgumentError, match="choose roll or zeros"):
        Shift(mode="wrap")
