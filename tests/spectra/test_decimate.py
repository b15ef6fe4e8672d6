from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import soxr
import torch

from tympan.spectra._decimate import HalveRate, lowpass


def test_lowpass_keeps_what_is_below_and_removes_what_is_above() -> None:
    frequency, gain = scipy.signal.freqz(lowpass(), worN=8192)
    share = frequency / np.pi * 2
    assert np.abs(np.abs(gain[share < 0.91]) - 1).max() < 1e-5
    assert np.abs(gain[share > 1.0]).max() < 1e-6


def test_halving_equals_soxrs() -> None:
    x = torch.randn(1, 20000)
    theirs = soxr.resample(x[0].numpy(), 2, 1, quality="HQ")
    np.testing.assert_allclose(HalveRate()(x)[0].numpy(), theirs, atol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 127, 128, 129, 5001])
def test_blocks_equal_the_convolution(length: int) -> None:
    module, x = HalveRate(), torch.randn(2, length)
    plain = torch.nn.functional.conv1d(
        x[:, None], module.taps[None, None], stride=2, padding=len(module.taps) // 2
    )[:, 0]
    torch.testing.assert_close(module(x), plain, atol=1e-5, rtol=1e-5)
