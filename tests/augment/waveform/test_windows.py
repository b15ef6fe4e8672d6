"""Stretches from a place of each its own."""

from __future__ import annotations

import torch

from tympan.augment import TimeStretch
from tympan.augment.waveform._windows import windows


def test_windows_and_their_gradient() -> None:
    x = torch.randn(3, 50, dtype=torch.float64, requires_grad=True)
    starts = torch.tensor([[0, 45], [3, 4], [7, 7]])
    y = windows(x, starts, 5)
    for row in range(3):
        for column, start in enumerate(starts[row].tolist()):
            assert torch.equal(y[row, column], x[row, start : start + 5])
    weight = torch.randn_like(y)
    (expected,) = torch.autograd.grad(
        sum((x[r, s : s + 5] * weight[r, i]).sum() for r, i, s in _places(starts)), x
    )
    (found,) = torch.autograd.grad((y * weight).sum(), x)
    torch.testing.assert_close(found, expected)


def _places(starts: torch.Tensor) -> list[tuple[int, int, int]]:
    rows = enumerate(starts.tolist())
    return [(r, i, start) for r, row in rows for i, start in enumerate(row)]


def test_gradient_of_a_long_signal_needs_little_memory() -> None:
    # All windows that there are of this signal would be 100 GB.
    x = torch.randn(1, 1, 2_000_000, requires_grad=True)
    TimeStretch(rate_hz=16000)(x, 0).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
