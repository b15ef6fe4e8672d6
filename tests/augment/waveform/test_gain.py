from __future__ import annotations

import pytest
import torch

from tympan.augment import Gain
from tympan.errors import ArgumentError


def test_gain_is_what_was_drawn_in_decibels() -> None:
    x = torch.randn(50, 2, 100)
    gain = Gain(-20.0, 10.0)
    params = gain.draw(x, 0)
    change = 10 * torch.log10(gain.apply(x, params).square().sum((1, 2)) / x.square().sum((1, 2)))
    torch.testing.assert_close(change, params["gain_db"], atol=1e-4, rtol=0)
    assert params["gain_db"].min() < -17
    assert 7 < params["gain_db"].max() <= 10


def test_falling_range_is_refused() -> None:
    with pytest.raises(ArgumentError, match="gain_db from 3 to -3"):
        Gain(3, -3)
