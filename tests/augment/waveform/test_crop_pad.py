from __future__ import annotations

import pytest
import torch

from tympan.augment import CropPad
from tympan.errors import ArgumentError


def test_crops_are_stretches_from_everywhere() -> None:
    x = torch.arange(10.0).expand(2000, 1, 10)
    y = CropPad(4)(x, 0)[:, 0]
    assert torch.equal(y - y[:, :1], torch.arange(4.0).expand(2000, 4))
    starts, counts = y[:, 0].unique(return_counts=True)
    assert starts.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert counts.min() > 200


@pytest.mark.parametrize("fill", ["zeros", "repeat"])
def test_short_items_are_whole_somewhere(fill: str) -> None:
    x = torch.tensor([1.0, 2.0, 3.0]).expand(500, 2, 3)
    pad = CropPad(8, fill=fill)
    params = pad.draw(x, 0)
    y = pad.apply(x, params)
    assert params["start"].unique().tolist() == [0, 1, 2, 3, 4, 5]
    for item, start in zip(y, params["start"].tolist(), strict=True):
        assert item[0, start : start + 3].tolist() == [1, 2, 3]
        assert item.sum() == (12 if fill == "zeros" else item[0].sum() * 2)
        if fill == "repeat":
            assert all((b - a) % 3 == 1 for a, b in zip(item[0], item[0, 1:], strict=False))


@pytest.mark.parametrize(("place", "start"), [("start", 0), ("centre", 3)])
def test_fixed_places(place: str, start: int) -> None:
    assert CropPad(4, place)(torch.arange(10.0)[None, None], 0)[0, 0, 0] == start


def test_all_items_must_be_active() -> None:
    x = torch.zeros(2, 1, 10)
    params = CropPad(4).draw(x, 0) | {"active": torch.tensor([True, False])}
    with pytest.raises(ArgumentError, match="not active"):
        CropPad(4).apply(x, params)
