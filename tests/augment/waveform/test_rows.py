"""Item by item, on several threads."""

from __future__ import annotations

import pytest
import torch

from tympan.augment import Clipping, ColoredNoise, Quantization, Shift
from tympan.augment.waveform._rows import each_item, fits_numpy


@pytest.mark.parametrize(
    "transform", [Clipping(), ColoredNoise(rate_hz=8000), Quantization(), Shift()], ids=repr
)
def test_number_of_threads_does_not_matter(transform) -> None:
    x, threads = torch.randn(7, 2, 900), torch.get_num_threads()
    results = []
    for number in (1, 3):
        torch.set_num_threads(number)
        try:
            results.append(transform(x, 0))
        finally:
            torch.set_num_threads(threads)
    assert torch.equal(*results)
    # The other way of computing, which gradients take.
    assert torch.allclose(transform(x.clone().requires_grad_(), 0), results[0], atol=1e-6)


def test_a_mistake_in_a_thread_comes_out() -> None:
    def fail(number: int) -> None:
        raise ValueError(number)

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="0"):
            each_item(fail, 4)
    finally:
        torch.set_num_threads(threads)


def test_what_numpy_can_take() -> None:
    assert fits_numpy(torch.zeros(2))
    assert not fits_numpy(torch.zeros(2).bfloat16())
    assert not fits_numpy(torch.zeros(2, requires_grad=True))
