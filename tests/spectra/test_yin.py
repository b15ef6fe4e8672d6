from __future__ import annotations

import pytest
import torch

from tympan.errors import ArgumentError
from tympan.spectra import Yin


def test_difference_equals_the_definition() -> None:
    yin, x = Yin(8000, 100, 200, 1000), torch.randn(700, dtype=torch.float64)
    ours = yin(x)
    padded = torch.nn.functional.pad(x, (yin.frame // 2, yin.frame))
    frame = padded[300 : 300 + yin.frame]
    frame = frame - frame.mean()
    size = yin.frame
    difference = torch.stack([
        size / (size - lag) * (frame[: size - lag] - frame[lag:]).square().sum()
        for lag in range(1, yin.max_lag + 1)
    ])  # fmt: skip
    mean = difference.cumsum(0) / torch.arange(1, yin.max_lag + 1)
    torch.testing.assert_close(ours[:, 3], (difference / mean)[yin.min_lag - 1 :])


def test_difference_is_differentiable_and_batched() -> None:
    yin = Yin(4000, 100, 200, 1000)
    x = torch.randn(2, 3, 500, requires_grad=True)
    out = yin(x)
    assert out.shape[:2] == (2, 3)
    out.sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    torch.testing.assert_close(yin(x[1, 2]), out[1, 2])
    y = torch.randn(120, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Yin(4000, 60, 300, 1000), y)


def test_wrong_arguments_are_refused() -> None:
    for low, high in ((0, 500), (500, 400), (60, 9000)):
        with pytest.raises(ArgumentError, match="f_min_hz"):
            Yin(16000, 160, low, high)
    with pytest.raises(ArgumentError, match="hop"):
        Yin(16000, 0)
