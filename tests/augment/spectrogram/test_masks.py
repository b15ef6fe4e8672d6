"""TimeMask and FrequencyMask: the same along two axes."""

from __future__ import annotations

import pytest
import torch

from tympan.augment import FrequencyMask, TimeMask
from tympan.errors import ArgumentError

KINDS = [(TimeMask, 3), (FrequencyMask, 2)]


@pytest.mark.parametrize(("kind", "axis"), KINDS)
def test_whole_bands_are_covered_and_all_else_is_untouched(kind: type, axis: int) -> None:
    x = torch.randn(50, 2, 30, 40)
    mask = kind(max_width=6, count=2, fill=-99.0)
    params = mask.draw(x, 0)
    y = mask.apply(x, params)
    covered = y == -99.0
    assert torch.equal(y[~covered], x[~covered])
    other = 5 - axis
    along = covered.all(dim=other).all(1)
    assert torch.equal(along, covered.any(dim=other).any(1))
    for row, starts, widths in zip(along, params["start"], params["width"], strict=True):
        expected = torch.zeros(x.shape[axis], dtype=torch.bool)
        for start, width in zip(starts.tolist(), widths.tolist(), strict=True):
            expected[start : start + width] = True
        assert torch.equal(row, expected)


@pytest.mark.parametrize(("kind", "axis"), KINDS)
def test_widths_and_places_are_uniform_and_reach_both_ends(kind: type, axis: int) -> None:
    size = (30, 40)[axis - 2]
    params = kind(max_width=5, count=1).draw(torch.empty(()).expand(6000, 1, 30, 40), 0)
    widths, counts = params["width"].unique(return_counts=True)
    assert widths.tolist() == [0, 1, 2, 3, 4, 5]
    assert counts.min() > 850
    assert params["start"].min() == 0
    assert (params["start"] + params["width"]).max() == size


@pytest.mark.parametrize(("kind", "axis"), KINDS)
def test_width_below_one_is_a_share(kind: type, axis: int) -> None:
    params = kind(max_width=0.5).draw(torch.empty(()).expand(500, 1, 30, 40), 0)
    assert params["width"].max() == (15, 20)[axis - 2]


@pytest.mark.parametrize("fill", ["mean", "min"])
def test_filling_is_of_the_item(fill: str) -> None:
    x = torch.randn(5, 1, 20, 20) * 10
    y = TimeMask(5, fill=fill).apply(
        x,
        {
            "active": torch.ones(5).bool(),
            "start": torch.full((5, 1), 3),
            "width": torch.full((5, 1), 4),
        },
    )
    expected = x.mean((1, 2, 3)) if fill == "mean" else x.amin((1, 2, 3))
    torch.testing.assert_close(y[:, 0, :, 3:7], expected[:, None, None].expand(5, 20, 4))


def test_mistakes_are_named() -> None:
    for wrong in ({"max_width": 0}, {"count": 0}, {"fill": "max"}):
        with pytest.raises(ArgumentError):
            TimeMask(**wrong)  # type: ignore[arg-type]
