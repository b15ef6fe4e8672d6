from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tympan.augment import Quantization


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_levels_and_error_are_those_of_so_many_bits(bits: int) -> None:
    x = torch.linspace(-1.1, 1.1, 100_001, dtype=torch.float64)[None, None]
    y = Quantization(bits, bits)(x, 0)
    assert len(y.unique()) == 2**bits
    top = 1 - 2.0 ** (1 - bits)
    inside = (x >= -1) & (x <= top)
    step = 2.0 ** (1 - bits)
    assert (y - x)[inside].abs().max() <= step / 2 + 1e-12
    assert (y.min(), y.max()) == (-1.0, top)


def test_noise_of_a_full_scale_sine_is_six_decibels_a_bit() -> None:
    x = 0.96 * torch.sin(torch.arange(100_000) * 0.1234567)[None, None]
    for bits in (6, 10):
        noise = Quantization(bits, bits)(x, 0) - x
        snr_db = 10 * torch.log10(x.square().mean() / noise.square().mean()).item()
        assert abs(snr_db - (6.02 * bits + 1.76 + 20 * math.log10(0.96))) < 0.3


def test_bits_are_drawn_for_each_item() -> None:
    bits = Quantization(3, 9).draw(torch.zeros(500, 1, 1), 0)["bits"]
    np.testing.assert_array_equal(bits.unique().numpy(), np.arange(3, 10))
