"""Filters that delay nothing, of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.augment import BandPass, BandStop, HighPass, LowPass
from tympan.augment.waveform._iir import filtered, ringing

RATE_HZ = 16000
KINDS: dict[Any, tuple[str, tuple[float, ...]]] = {
    LowPass: ("lowpass", (500.0, 500.0)),
    HighPass: ("highpass", (500.0, 500.0)),
    BandPass: ("bandpass", (1000.0, 1000.0, 1.0, 1.0)),
    BandStop: ("bandstop", (1000.0, 1000.0, 1.0, 1.0)),
}


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_scipy_forwards_and_backwards(kind: Any, order: int) -> None:
    name, settings_ = KINDS[kind]
    x = torch.randn(2, 2, 3000, dtype=torch.float64)
    y = kind(*settings_, order=order, zero_phase=True, rate_hz=RATE_HZ)(x, 0)
    edges = 500.0 if len(settings_) == 2 else (1000 / 2**0.5, 1000 * 2**0.5)
    sos = scipy.signal.butter(order, edges, name, fs=RATE_HZ, output="sos")
    # Silence all around: what scipy's own extension of the signal comes to when it is silent.
    longer = np.pad(x.numpy(), ((0, 0), (0, 0), (0, 20_000)))
    twice = scipy.signal.sosfilt(sos, scipy.signal.sosfilt(sos, longer)[..., ::-1])[..., ::-1]
    np.testing.assert_allclose(y, twice[..., :3000], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_an_impulse_stays_where_it_is_and_is_symmetric(kind: Any) -> None:
    x = torch.zeros(1, 1, 8001)
    x[..., 4000] = 1.0
    y = kind(*KINDS[kind][1], zero_phase=True, rate_hz=RATE_HZ)(x, 0)[0, 0]
    assert y.argmax() == 4000
    torch.testing.assert_close(y, y.flip(0), atol=1e-6, rtol=0)
    delayed = kind(*KINDS[kind][1], rate_hz=RATE_HZ)(x, 0)[0, 0]
    assert not torch.allclose(delayed, delayed.flip(0), atol=1e-3)


def test_six_decibels_at_the_cut_off() -> None:
    impulse = torch.zeros(1, 1, 1 << 15)
    impulse[..., 1 << 14] = 1.0
    y = LowPass(1000.0, 1000.0, zero_phase=True, rate_hz=RATE_HZ)(impulse, 0)
    level_db = 20 * torch.log10(torch.fft.rfft(y[0, 0]).abs())
    assert abs(level_db[round(1000 * (1 << 15) / RATE_HZ)].item() + 6.02) < 0.01


@settings(max_examples=30, deadline=None)
@given(cutoff_hz=st.floats(5.0, 7000.0), order=st.integers(1, 8), high=st.booleans())
def test_after_the_ringing_nothing_is_left(cutoff_hz: float, order: int, high: bool) -> None:
    name = "highpass" if high else "lowpass"
    sos = torch.from_numpy(scipy.signal.butter(order, cutoff_hz, name, fs=RATE_HZ, output="sos"))
    length = ringing(sos[None])
    impulse = np.zeros(length * 2)
    impulse[0] = 1.0
    response = scipy.signal.sosfilt(sos.numpy(), impulse)
    assert np.square(response[length:]).sum() < 1e-8 * np.square(response).sum()


def test_without_poles_there_is_no_ringing() -> None:
    sos = torch.tensor([[[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]])
    assert ringing(sos) == 2
    x = torch.randn(1, 1, 9)
    torch.testing.assert_close(filtered(x, sos, zero_phase=True), x)
