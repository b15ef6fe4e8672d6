"""Stretches from a place of each its own."""

from __future__ import annotations

import torch

from tympan.augment import TimeStretch
from tympan.augment.waveform._windows import windows


def test_windows_and_their_gradient() -> None:
    x = torch.randn(3, 50, dtype=torch.float64, requires_grad=True)
    starts = torch.tensor([[0, 3, 7], [45, 4, 7]])
    y = windows(x, starts, 5)
    for i, row, start in _places(starts):
        assert torch.equal(y[i, row], x[row, start : start + 5])
    weight = torch.randn_like(y)
    (expected,) = torch.autograd.grad(
        sum((x[row, s : s + 5] * weight[i, row]).sum() for i, row, s in _places(starts)), x
    )
    (found,) = torch.autograd.grad((y * weight).sum(), x)
    torch.testing.assert_close(found, expected)


def _places(starts: torch.Tensor) -> list[tuple[int, int, int]]:
    rows = enumerate(starts.tolist())
    return [(i, row, start) for i, line in rows for row, start in enumerate(line)]


def test_gradient_of_a_long_signal_needs_little_memory() -> None:
    # All windows that there are of this signal would be 100 GB.
    x = torch.randn(1, 1, 2_000_000, requires_grad=True)
    TimeStretch(rate_hz=16000)(x, 0).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
