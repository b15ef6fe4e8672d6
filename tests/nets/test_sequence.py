"""Blocks for padded sequences."""

from __future__ import annotations

import pytest
import torch

from tympan.errors import ShapeError
from tympan.nets.convnext import ConvNeXtBlock
from tympan.nets.sequence import mask_of


def test_what_stands_behind_the_end_changes_nothing() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(16, kernel=5).eval()
    x = torch.randn(2, 16, 30)
    lengths = torch.tensor([30, 12])
    other = x.clone()
    other[1, :, 12:] = 7.0
    first, second = (block(one, mask_of(lengths, 30)) for one in (x, other))
    assert torch.equal(first, second)
    alone = block(x[1:, :, :12], torch.ones(1, 1, 12))
    assert torch.allclose(first[1:, :, :12], alone, atol=1e-6)
    assert not first[1, :, 12:].any()


def test_a_block_begins_near_the_identity_and_sees_its_kernel_only() -> None:
    torch.manual_seed(0)
    block = ConvNeXtBlock(8, kernel=3, dilation=2).eval()
    x = torch.zeros(1, 8, 21)
    moved = x.clone()
    moved[0, :, 10] = torch.randn(8)
    changed = (block(moved) - block(x)).abs().sum(1)[0] > 1e-7
    assert changed.nonzero()[:, 0].tolist() == [8, 10, 12]
    assert (block(moved) - moved).abs().max() < 1.0


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ShapeError, match=r"b, d=8, n"):
        ConvNeXtBlock(8)(torch.zeros(1, 7, 3))
