from __future__ import annotations

import pytest
import torch

from tympan.augment import CutMix


@pytest.mark.parametrize(
    ("shape", "axes"), [((12, 1, 30), "both"), ((12, 2, 20, 30), "both"), ((12, 1, 20, 30), "time")]
)
def test_a_box_comes_from_the_partner_and_targets_follow_its_area(
    shape: tuple[int, ...], axes: str
) -> None:
    x = torch.arange(12.0).reshape(12, *[1] * (len(shape) - 1)).expand(shape).contiguous()
    x = x + torch.rand(shape) * 0.5
    targets = torch.eye(12)
    cutmix = CutMix(axes=axes)
    params = cutmix.draw(x, 1)
    y, mixed = cutmix.apply(x, params), cutmix.apply_targets(targets, params)
    for row, partner in enumerate(params["partner"].tolist()):
        taken = y[row] == x[partner]
        assert torch.equal(y[row][~taken], x[row][~taken])
        area = taken.float().mean()
        torch.testing.assert_close(params["share"][row], 1 - area)
        torch.testing.assert_close(mixed[row], (1 - area) * targets[row] + area * targets[partner])
        # What is taken is a box: whole in each axis where it is at all.
        flat = taken[0] if len(shape) == 4 else taken
        assert torch.equal(flat, flat.any(0, keepdim=True) & flat.any(1, keepdim=True))
        steps = flat.any(0).int().diff().abs().sum()
        assert steps <= 2
        if axes == "time" or len(shape) == 3:
            assert torch.equal(flat.any(0), flat.all(0))
    assert params["share"].std() > 0.1


def test_shares_are_uniform_with_alpha_one() -> None:
    share = CutMix(1.0).draw(torch.empty(()).expand(5000, 1, 100, 100), 0)["share"]
    assert abs(share.mean() - 0.5) < 0.02
    assert abs(share.var() - 1 / 12) < 0.005
