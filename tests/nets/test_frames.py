"""The encoder that keeps time."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import ShapeError
from tympan.nets import FrameEncoder, linear_softmax


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 12))
def test_a_frame_depends_on_its_context_and_on_nothing_else(
    reduction: int, layers: int, frames: int
) -> None:
    torch.manual_seed(0)
    net = FrameEncoder(16, [4] * layers, 8, reduction).eval()
    size = (frames - 1) * reduction + 1 + 2 * net.context
    x = torch.randn(1, 16, size, requires_grad=True)
    y = net(x)
    assert y.shape == (1, 8, frames)
    place = frames // 2
    y[0, :, place].sum().backward()
    assert x.grad is not None
    touched = torch.nonzero(x.grad[0].abs().sum(0))[:, 0]
    center = net.context + place * reduction
    if len(touched):  # a rectifier may let nothing through
        assert touched.min() >= center - net.context
        assert touched.max() <= center + net.context


def test_blocks_with_their_context_give_the_whole() -> None:
    torch.manual_seed(0)
    net = FrameEncoder(16, [4, 8], 8, reduction=2).eval()
    x = torch.randn(1, 16, 2 * net.context + 39)
    whole = net(x)
    first = net(x[:, :, : 2 * net.context + 19])
    second = net(x[:, :, 20:])
    assert torch.allclose(torch.cat([first, second], 2), whole, atol=1e-6)


def test_other_axes_are_refused() -> None:
    with pytest.raises(ShapeError, match="f=16"):
        FrameEncoder(16, [4], 8)(torch.zeros(1, 15, 40))


def test_linear_softmax_lies_between_the_mean_and_the_maximum() -> None:
    p = torch.rand(5, 30, generator=torch.Generator().manual_seed(0))
    pooled = linear_softmax(p)
    assert (pooled >= p.mean(1)).all()
    assert (pooled <= p.amax(1)).all()
    # Silence before and behind an event does not make it less sure.
    assert torch.allclose(linear_softmax(torch.cat([p, torch.zeros(5, 100)], 1)), pooled)
    assert linear_softmax(torch.zeros(3)).item() == 0
