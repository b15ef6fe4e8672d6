from __future__ import annotations

import pytest
import torch

from tympan.augment import FrequencyShift


@pytest.mark.parametrize("fill", ["edge", "min", -7.0])
def test_bins_move_and_what_comes_in_is_the_filling(fill: float | str) -> None:
    x = torch.randn(200, 1, 12, 9)
    shift = FrequencyShift(5, fill)
    params = shift.draw(x, 0)
    y = shift.apply(x, params)
    assert params["bins"].unique().tolist() == list(range(-5, 6))
    for item, moved, bins in zip(x, y, params["bins"].tolist(), strict=True):
        for f in range(12):
            if 0 <= f - bins < 12:
                expected = item[:, f - bins]
            elif fill == "edge":
                expected = item[:, 0 if f < bins else 11]
            else:
                value = item.min() if fill == "min" else torch.tensor(fill)
                expected = value.expand(1, 9)
            assert torch.equal(moved[:, f], expected)
