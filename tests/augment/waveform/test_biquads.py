"""Filter designs, against scipy and against what their names say."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment.waveform import _biquads

RATE_HZ = 44100.0


def response_db(sos: torch.Tensor, frequency_hz: np.ndarray) -> np.ndarray:
    _, h = scipy.signal.freqz_sos(sos.numpy() / sos[:, 3:4].numpy(), frequency_hz, fs=RATE_HZ)
    return 20 * np.log10(np.abs(h))


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize(("design", "kind"), [("low_pass", "lowpass"), ("high_pass", "highpass")])
def test_butterworth_is_scipys(order: int, design: str, kind: str) -> None:
    cutoffs = torch.tensor([30.0, 1000.0, 18000.0])
    ours = getattr(_biquads, design)(cutoffs, order, RATE_HZ)
    frequency = np.geomspace(10, 20000, 200)
    for sos, cutoff in zip(ours, cutoffs.tolist(), strict=True):
        theirs = scipy.signal.butter(order, cutoff, kind, fs=RATE_HZ, output="sos")
        _, expected = scipy.signal.freqz_sos(theirs, frequency, fs=RATE_HZ)
        _, found = scipy.signal.freqz_sos(sos.numpy() / sos[:, 3:4].numpy(), frequency, fs=RATE_HZ)
        np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("gain_db", [-12.0, 0.0, 9.0])
def test_bells_and_shelves_have_the_gain_where_it_belongs(gain_db: float) -> None:
    at = (torch.tensor(1000.0), torch.tensor(gain_db), torch.tensor(0.7), RATE_HZ)
    bell, low, high = (
        response_db(design(*at)[None], np.array([1.0, 1000.0, 22000.0]))
        for design in (_biquads.peaking, _biquads.low_shelf, _biquads.high_shelf)
    )
    np.testing.assert_allclose(bell, [0, gain_db, 0], atol=0.01)
    np.testing.assert_allclose(low, [gain_db, gain_db / 2, 0], atol=0.01)
    np.testing.assert_allclose(high, [0, gain_db / 2, gain_db], atol=0.01)


def test_q_is_centre_over_width() -> None:
    sos = _biquads.peaking(torch.tensor(1000.0), torch.tensor(12.0), torch.tensor(5.0), RATE_HZ)
    frequency = np.linspace(500, 2000, 100_000)
    level = response_db(sos[None], frequency)
    half = frequency[level > 6.0]  # where half the gain in decibels is reached
    assert abs(1000 / (half[-1] - half[0]) - 5.0) < 0.05
