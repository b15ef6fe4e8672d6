from __future__ import annotations

import pytest
import torch

from tympan.augment import Mixup
from tympan.errors import ArgumentError, ShapeError


@pytest.mark.parametrize("shape", [(16, 1, 8), (16, 1, 4, 5)])
def test_items_and_targets_are_mixed_alike(shape: tuple[int, ...]) -> None:
    x, targets = torch.randn(shape), torch.eye(16)
    mixup = Mixup(1.0)
    params = mixup.draw(x, 0)
    y, mixed = mixup.apply(x, params), mixup.apply_targets(targets, params)
    for row in range(16):
        share, partner = params["share"][row], params["partner"][row]
        torch.testing.assert_close(y[row], share * x[row] + (1 - share) * x[partner])
        torch.testing.assert_close(
            mixed[row], share * targets[row] + (1 - share) * targets[partner]
        )
    again = mixup(x, targets, 0)
    assert torch.equal(again[0], y)
    assert torch.equal(again[1], mixed)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_are_beta_distributed(alpha: float) -> None:
    share = Mixup(alpha).draw(torch.empty(()).expand(20_000, 1, 1), 0)["share"]
    assert abs(share.mean() - 0.5) < 0.01
    assert abs(share.var() * 4 * (2 * alpha + 1) - 1) < 0.04


def test_nobody_is_its_own_partner_and_partners_are_uniform() -> None:
    x = torch.empty(()).expand(5, 1, 1)
    partners = torch.stack([Mixup().draw(x, seed)["partner"] for seed in range(1000)])
    counts = torch.stack([(partners == k).sum(0) for k in range(5)])
    assert (counts.diagonal() == 0).all()
    others = counts[~torch.eye(5, dtype=torch.bool)]
    assert (others.float() / 250 - 1).abs().max() < 0.3
    assert Mixup().draw(x[:1], 0)["partner"].tolist() == [0]


def test_some_items_only() -> None:
    x, targets = torch.randn(40, 1, 3), torch.eye(40)
    mixup = Mixup(p=0.5)
    params = mixup.draw(x, 0)
    y, mixed = mixup.apply(x, params), mixup.apply_targets(targets, params)
    off = ~params["active"]
    assert 10 < off.sum() < 30
    assert torch.equal(y[off], x[off])
    assert torch.equal(mixed[off], targets[off])
    assert (mixed[~off] != targets[~off]).any(1).all()


def test_union_keeps_both_labels() -> None:
    params = {
        "active": torch.ones(2).bool(),
        "share": torch.full((2,), 0.3),
        "partner": torch.tensor([1, 0]),
    }
    union = Mixup(labels="union").apply_targets(torch.tensor([[1.0, 0], [0, 1]]), params)
    assert union.tolist() == [[1, 1], [1, 1]]


def test_mistakes_are_named() -> None:
    x = torch.randn(3, 1, 4)
    with pytest.raises(ArgumentError, match=r"takes \(x, targets, generator\)"):
        Mixup()(x, 0)
    with pytest.raises(ShapeError, match="one_hot"):
        Mixup()(x, torch.tensor([0, 1, 2]), 0)
    with pytest.raises(ShapeError, match="for 3 items, batch of 2"):
        Mixup().apply(x[:2], Mixup().draw(x, 0))
    with pytest.raises(ArgumentError, match="alpha"):
        Mixup(0.0)
