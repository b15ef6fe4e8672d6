from __future__ import annotations

import torch

from tympan.augment import Clipping


def test_cut_off_at_the_drawn_level_below_the_peak() -> None:
    x = torch.randn(20, 2, 500)
    clipping = Clipping(-20.0, -1.0)
    params = clipping.draw(x, 0)
    y = clipping.apply(x, params)
    limit = x.abs().amax((1, 2)) * 10 ** (params["threshold_db"] / 20)
    torch.testing.assert_close(y.abs().amax((1, 2)), limit)
    below = x.abs() < limit[:, None, None]
    assert torch.equal(y[below], x[below])
    assert (y[~below].sign() == x[~below].sign()).all()


def test_at_zero_decibels_nothing_is_cut() -> None:
    x = torch.randn(3, 1, 100)
    torch.testing.assert_close(Clipping(0.0, 0.0)(x, 0), x)
