"""EBU R128: the reference tones of EBU Tech 3341."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tympan.audio import Clip, concat, synth
from tympan.errors import ArgumentError


def tone(dbfs: float, seconds: float, rate_hz: int = 48000) -> Clip:
    """A stereo sine of 1 kHz, as in EBU Tech 3341."""
    sine = synth.sine(1000, duration_s=seconds, rate_hz=rate_hz, amplitude=10 ** (dbfs / 20))
    return Clip(np.repeat(sine.samples, 2, axis=0), rate_hz)


@pytest.mark.parametrize("dbfs", [-23.0, -33.0])  # cases 1 and 2
@pytest.mark.parametrize("rate_hz", [48000, 44100, 16000])
def test_reference_tones(dbfs, rate_hz):
    assert tone(dbfs, 20, rate_hz).loudness_lufs() == pytest.approx(dbfs, abs=0.1)


def test_gating_ignores_the_quiet_parts():  # case 3
    clip = concat([tone(-36, 5), tone(-23, 20), tone(-36, 5)])
    assert clip.loudness_lufs() == pytest.approx(-23, abs=0.1)


def test_normalisation_reaches_its_target():
    noise = synth.pink_noise(duration_s=3, amplitude=0.3, seed=1)
    for target in (-23.0, -14.0):
        assert noise.normalize_loudness(target).loudness_lufs() == pytest.approx(target, abs=0.05)


def test_silence_has_no_loudness_and_stays_silent():
    silence = synth.silence(duration_s=1)
    assert silence.loudness_lufs() == -math.inf
    assert silence.normalize_loudness(-23).peak == 0


def test_what_cannot_be_measured():
    with pytest.raises(ArgumentError, match=r"0\.4 s"):
        synth.sine(duration_s=0.3).loudness_lufs()
    with pytest.raises(ArgumentError, match="5 channels"):
        Clip(np.zeros((6, 48000)), 48000).loudness_lufs()
