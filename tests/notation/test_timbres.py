"""Instruments: in tune, let go in time, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.notation.timbres import TIMBRES, drum, harmonics, pitch_hz, timbre_of, tone

RATE_HZ = 22_050


def cents_off(wave: np.ndarray, pitch: int) -> float:
    """How far the partial near the pitch is from it."""
    size = 2**18
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size))
    hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    near = np.abs(np.log2(np.maximum(hz, 1) / pitch_hz(pitch))) < 0.08
    return float(1200 * np.log2(hz[near][power[near].argmax()] / pitch_hz(pitch)))


@pytest.mark.parametrize("name", ["piano", "guitar", "bass", "organ", "strings", "flutes"])
@settings(max_examples=6, deadline=None)
@given(pitch=st.integers(36, 88))
def test_every_instrument_is_in_tune(name: str, pitch: int) -> None:
    wave = tone(TIMBRES[name], pitch, 0.8, 90, RATE_HZ)
    assert abs(cents_off(wave, pitch)) < 4


@pytest.mark.parametrize("name", sorted(TIMBRES))
def test_a_tone_lasts_as_long_as_its_note_and_its_release(name: str) -> None:
    timbre = TIMBRES[name]
    wave = tone(timbre, 60, 0.5, 100, RATE_HZ)
    assert len(wave) == round((0.5 + timbre.release_s) * RATE_HZ)
    assert np.isfinite(wave).all()
    assert 0.02 < np.abs(wave).max() < 2
    assert abs(wave[-1]) < 1e-3


def test_a_harder_stroke_is_louder_and_brighter() -> None:
    soft, hard = (tone(TIMBRES["guitar"], 60, 0.5, v, RATE_HZ) for v in (40, 120))
    assert np.abs(hard).max() > 2 * np.abs(soft).max()

    def centroid(wave: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(wave)) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum())

    assert centroid(hard) > 1.1 * centroid(soft)


def test_a_plucked_string_dies_away_and_a_held_tone_does_not() -> None:
    def fall_db(name: str) -> float:
        wave = tone(TIMBRES[name], 60, 2.0, 90, RATE_HZ)
        early, late = wave[2000:6000], wave[36_000:40_000]
        return float(20 * np.log10(early.std() / late.std()))

    assert fall_db("guitar") > 10
    assert abs(fall_db("organ")) < 0.5


def test_what_is_above_half_the_rate_is_silent() -> None:
    assert not tone(TIMBRES["organ"], 127, 0.1, 90, 8000).any()


def test_harmonics_are_the_sum_of_sines() -> None:
    phase = np.linspace(0, 20, 500)
    found = harmonics(phase, [0.5, 0.0, 0.25])
    assert np.allclose(found, 0.5 * np.sin(phase) + 0.25 * np.sin(3 * phase), atol=1e-9)


def test_drums_differ_and_end() -> None:
    bass, hat = drum(36, 100, RATE_HZ), drum(42, 100, RATE_HZ)
    power = [np.abs(np.fft.rfft(one)) ** 2 for one in (bass, hat)]
    low = [float(p[: len(p) // 20].sum() / p.sum()) for p in power]
    assert low[0] > 0.9 > 0.1 > low[1]
    assert all(abs(drum(p, 100, RATE_HZ)[-1]) < 0.01 for p in range(27, 88))


def test_every_program_has_a_timbre() -> None:
    assert {timbre_of(p).kind for p in range(128)} == {"plucked", "held", "struck"}
