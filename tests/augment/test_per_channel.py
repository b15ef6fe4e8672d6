from __future__ import annotations

import pytest
import torch

from tympan.augment import (
    Compose,
    CropPad,
    FrequencyMask,
    Gain,
    Mixup,
    PerChannel,
    Polarity,
    Reverb,
)
from tympan.errors import ArgumentError, ShapeError


def test_each_channel_draws_its_own_and_is_active_by_itself() -> None:
    x = torch.ones(500, 4, 3)
    y = PerChannel(Gain(-12.0, 12.0, p=0.5))(x, 0)[..., 0]
    assert torch.equal(PerChannel(Gain(-12.0, 12.0, p=0.5))(x, 0)[..., 2], y)
    assert abs((y == 1).float().mean() - 0.5) < 0.03
    assert len(y[y != 1].unique()) > 900
    counts = (y == 1).sum(1).bincount(minlength=5)
    assert (counts > 10).all()


def test_it_is_the_transform_on_channels_as_items() -> None:
    x = torch.randn(3, 2, 400)
    each = PerChannel(Reverb(rate_hz=8000))
    params = each.draw(x, 0)
    y = each.apply(x, params)
    inner = {key.removeprefix("each."): v for key, v in params.items() if key != "active"}
    for item in range(3):
        alone = {key: value[item] for key, value in inner.items()}
        expected = each.inner.apply(x[item][:, None], alone)[:, 0]
        torch.testing.assert_close(y[item], expected, atol=1e-5, rtol=0)


def test_an_item_is_left_alone_as_a_whole() -> None:
    x = torch.ones(400, 2, 3)
    y = PerChannel(Polarity(p=1.0), p=0.25)(x, 0)[..., 0]
    assert torch.equal(y[:, 0], y[:, 1])
    assert abs((y[:, 0] == -1).float().mean() - 0.25) < 0.05


def test_spectrograms_and_chains_too() -> None:
    x = torch.arange(1.0, 641.0).reshape(2, 4, 8, 10)
    y = PerChannel(FrequencyMask(4, fill=0.0))(x, 1)
    masks = (y == 0).all(3)
    assert len(masks.flatten(0, 1).unique(dim=0)) > 3
    assert PerChannel(Compose([Gain(), Polarity()]))(torch.ones(2, 2, 4), 0).shape == (2, 2, 4)


def test_what_does_not_go_is_refused() -> None:
    for inner in (Mixup(), CropPad(9), Reverb(keep_tail=True, rate_hz=8000)):
        with pytest.raises(ArgumentError, match="for each channel: it mixes labels or changes"):
            PerChannel(inner)
    with pytest.raises(ShapeError, match=r"Gain takes \(b, c, t\)"):
        PerChannel(Gain()).draw(torch.zeros(3, 4), 0)
    assert PerChannel(Reverb(rate_hz=8000)).rate_hz == 8000
