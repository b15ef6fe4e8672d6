"""Resampling by any ratio, against soxr and against exact sines."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import soxr
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.augment.waveform._resample import nearest_fraction, resample


@given(st.floats(0.2, 5.0))
def test_ratios_are_met_within_three_and_a_half_cents(ratio: float) -> None:
    assert abs(1200 * math.log2(nearest_fraction(ratio) / ratio)) < 3.5


def test_most_ratios_are_met_within_a_cent() -> None:
    ratios = np.linspace(0.7, 1.4, 2001)
    cents = [1200 * math.log2(nearest_fraction(ratio) / ratio) for ratio in ratios.tolist()]
    assert np.mean(np.abs(cents) < 1) > 0.97


@pytest.mark.parametrize("factor", [Fraction(10, 9), Fraction(9, 10), Fraction(2), Fraction(1, 2)])
@pytest.mark.parametrize("cycles", [0.01, 0.1, 0.2])
def test_a_sine_becomes_the_sine_it_should(factor: Fraction, cycles: float) -> None:
    t = torch.arange(4000, dtype=torch.float64)
    y = resample(torch.sin(2 * math.pi * cycles * t)[None], factor)[0]
    assert len(y) == math.ceil(4000 * factor)
    now = torch.arange(len(y), dtype=torch.float64) / float(factor)
    exact = torch.sin(2 * math.pi * cycles * now)
    torch.testing.assert_close(y[100:-100], exact[100:-100], atol=1e-4, rtol=0)


def test_what_would_alias_is_gone() -> None:
    t = torch.arange(8000, dtype=torch.float64)
    y = resample(torch.sin(2 * math.pi * 0.45 * t)[None], Fraction(3, 4))[0, 200:-200]
    assert 20 * math.log10(y.abs().max()) < -80


def test_like_soxr_on_noise_in_the_pass_band() -> None:
    generator = np.random.default_rng(0)
    wave = soxr.resample(generator.standard_normal(4000), 2, 3, quality="VHQ")
    ours = resample(torch.from_numpy(wave)[None], Fraction(9, 8))[0].numpy()
    theirs = soxr.resample(wave, 8, 9, quality="VHQ")
    length = min(len(ours), len(theirs))
    difference = (ours[:length] - theirs[:length])[300:-300]
    assert np.abs(difference).max() < 2e-3


def test_as_it_was_at_the_same_rate() -> None:
    x = torch.randn(2, 100)
    assert resample(x, Fraction(1)) is x
