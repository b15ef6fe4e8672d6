"""Synthesis: amplitude, period, frequency and slope are what the arguments say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.audio import Clip, synth
from tympan.errors import ArgumentError

SHAPES = [synth.sine, synth.square, synth.saw, synth.triangle]
NOISES = [(synth.white_noise, 0.0), (synth.pink_noise, -3.01), (synth.brown_noise, -6.02)]


def peak_hz(clip: Clip) -> float:
    """The frequency of the highest line of a windowed spectrum."""
    wave = clip.samples[0] * np.hanning(clip.num_samples)
    return float(np.argmax(np.abs(np.fft.rfft(wave)))) * clip.rate_hz / clip.num_samples


@pytest.mark.parametrize("make", SHAPES)
def test_ten_seconds_are_441000_samples(make):
    clip = make(440, duration_s=10, rate_hz=44100, amplitude=0.7)
    assert (clip.num_samples, clip.channels, clip.rate_hz) == (441_000, 1, 44_100)
    assert clip.peak == pytest.approx(0.7, abs=2e-3)
    assert peak_hz(clip) == pytest.approx(440, abs=0.1)


@pytest.mark.parametrize("make", SHAPES)
@given(
    samples=st.integers(2, 200).map(lambda half: 4 * half),
    amplitude=st.floats(0, 2),
    rate_hz=st.sampled_from([8000, 44100, 48000]),
)
@settings(deadline=None, max_examples=40)
def test_a_period_of_whole_samples_repeats_exactly(make, samples, amplitude, rate_hz):
    wave = make(
        rate_hz / samples, duration_s=3 * samples / rate_hz, rate_hz=rate_hz, amplitude=amplitude
    ).samples[0]
    first, second, third = wave.reshape(3, samples)
    assert np.allclose(first, second, atol=1e-6)
    assert np.allclose(first, third, atol=1e-6)
    assert np.abs(wave).max() == pytest.approx(amplitude, rel=1e-6)
    # The second half of a period is the first one upside down, or the saw's continuation.
    if make is not synth.saw:
        assert np.allclose(first[: samples // 2], -first[samples // 2 :], atol=1e-6)


def test_the_shapes_themselves():
    options = {"duration_s": 0.01, "rate_hz": 800, "amplitude": 1.0}
    assert synth.square(100, **options).samples[0].tolist() == [1, 1, 1, 1, -1, -1, -1, -1]
    assert np.allclose(
        synth.saw(100, **options).samples[0], [0, 0.25, 0.5, 0.75, -1, -0.75, -0.5, -0.25]
    )
    assert np.allclose(
        synth.triangle(100, **options).samples[0], [0, 0.5, 1, 0.5, 0, -0.5, -1, -0.5]
    )
    assert np.allclose(
        synth.sine(100, **options, phase_rad=math.pi / 2).samples[0],
        np.cos(2 * np.pi * np.arange(8) / 8),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (synth.square, lambda k: 4 / np.pi / k if k % 2 else 0),
        (synth.saw, lambda k: 2 / np.pi / k),
        (synth.triangle, lambda k: 8 / np.pi**2 / k**2 if k % 2 else 0),
    ],
)
def test_band_limited_shapes_hold_their_harmonics_and_nothing_else(make, size):
    clip = make(1000, duration_s=1, rate_hz=44100, band_limited=True)
    lines = np.abs(np.fft.rfft(clip.samples[0])) / 22050
    harmonics = {1000 * k: size(k) for k in range(1, 23)}
    for hz, expected in harmonics.items():
        assert lines[hz] == pytest.approx(expected, abs=1e-4)
    lines[list(harmonics)] = 0
    assert lines.max() < 1e-4
    plain = np.abs(np.fft.rfft(make(1000, duration_s=1, rate_hz=44100).samples[0])) / 22050
    plain[list(harmonics)] = 0
    assert plain.max() > 1e-4  # the sampled shape aliases, as it must


def test_harmonic_series():
    clip = synth.harmonics(200, (0.5, 0.0, 0.25), duration_s=1, rate_hz=8000)
    lines = np.abs(np.fft.rfft(clip.samples[0])) / 4000
    assert lines[[200, 400, 600]] == pytest.approx([0.5, 0, 0.25], abs=1e-6)


@pytest.mark.parametrize("kind", ["linear", "log"])
def test_chirp_passes_its_frequencies_in_time(kind):
    clip = synth.chirp(200, 3200, duration_s=8, rate_hz=16000, amplitude=0.5, kind=kind)
    assert clip.peak == pytest.approx(0.5, abs=1e-3)
    for at in (1, 3, 5, 7):
        expected = 200 + 3000 * at / 8 if kind == "linear" else 200 * 16 ** (at / 8)
        assert peak_hz(clip.slice(at - 0.05, at + 0.05)) == pytest.approx(expected, rel=0.05)
    steady = synth.chirp(500, 500, duration_s=1, rate_hz=8000, kind=kind)
    assert np.allclose(
        steady.samples, synth.sine(500, duration_s=1, rate_hz=8000).samples, atol=1e-5
    )


@pytest.mark.parametrize(("make", "slope_db"), NOISES)
def test_noises_fall_as_their_colours_say(make, slope_db):
    clip = make(duration_s=20, rate_hz=32000, amplitude=0.9, seed=5)
    assert clip.peak == pytest.approx(0.9)
    power = np.abs(np.fft.rfft(clip.samples[0].astype(float))) ** 2
    hz = np.fft.rfftfreq(clip.num_samples, 1 / 32000)
    octaves = [20 * 2**k for k in range(10)]
    level_db = [
        10 * np.log10(power[(hz >= low) & (hz < 2 * low)].mean()) for low in octaves if low < 8000
    ]
    slope = np.polyfit(np.arange(len(level_db)), level_db, 1)[0]
    assert slope == pytest.approx(slope_db, abs=0.15)


@pytest.mark.parametrize(("make", "_"), NOISES)
def test_seeds(make, _):
    assert np.array_equal(make(seed=7).samples, make(seed=7).samples)
    assert not np.array_equal(make(seed=7).samples, make(seed=8).samples)


@given(bits=st.integers(1, 24), seed=st.integers(0, 1000))
@settings(deadline=None)
def test_quantisation_has_its_levels_and_its_error(bits, seed):
    clip = synth.white_noise(duration_s=0.05, rate_hz=8000, amplitude=1.0, seed=seed)
    coarse = synth.quantize(clip, bits)
    step = 2.0 ** (1 - bits)
    levels = coarse.samples[0].astype(float) / step
    assert np.array_equal(levels, np.rint(levels))
    assert len(np.unique(levels)) <= 2**bits
    inside = clip.samples[0] < 1 - step
    assert np.abs(coarse.samples - clip.samples)[0, inside].max(initial=0) <= step / 2 + 1e-7
    assert np.array_equal(synth.quantize(coarse, bits).samples, coarse.samples)


def test_quantisation_noise_is_six_decibels_per_bit():
    for bits in (6, 8, 12):
        highest = 1 - 2.0 ** (1 - bits)
        clip = synth.sine(997, duration_s=2, rate_hz=44100, amplitude=highest)
        error = synth.quantize(clip, bits) - clip
        snr_db = 20 * math.log10(clip.rms / error.rms)
        assert snr_db == pytest.approx(6.02 * bits + 1.76, abs=0.4)


@pytest.mark.parametrize("hz", [5000, 7000, 9000, 11900])
def test_sampling_too_slowly_shows_the_alias(hz):
    expected = abs(hz - 8000 * round(hz / 8000))
    from_function = synth.sample_at(lambda t: np.sin(2 * np.pi * hz * t), 8000, duration_s=1)
    from_clip = synth.sample_at(synth.sine(hz, duration_s=1, rate_hz=48000), 8000)
    uneven = synth.sample_at(synth.sine(hz, duration_s=1, rate_hz=44100), 8000)
    for clip in (from_function, from_clip, uneven):
        assert clip.rate_hz == 8000
        assert peak_hz(clip) == pytest.approx(expected, abs=1.5)
        assert clip.slice(0.1, 0.9).rms == pytest.approx(math.sqrt(0.5), rel=0.01)
    assert synth.sine(hz, duration_s=1, rate_hz=48000).resample(8000).slice(0.1, 0.9).rms < 0.01


def test_composites():
    chord = synth.sine(440, amplitude=0.3) + 0.5 * synth.sine(880, amplitude=0.4)
    lines = np.abs(np.fft.rfft(chord.samples[0])) / 22050
    assert lines[[440, 880]] == pytest.approx([0.3, 0.2], abs=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: synth.sine(5000, rate_hz=8000),
        lambda: synth.sine(-1),
        lambda: synth.sine(math.nan),
        lambda: synth.sine(duration_s=0),
        lambda: synth.sine(duration_s=-1),
        lambda: synth.sine(duration_s=1e9),
        lambda: synth.sine(amplitude=-1),
        lambda: synth.sine(rate_hz=0),
        lambda: synth.harmonics(3000, [1, 1, 1], rate_hz=8000),
        lambda: synth.harmonics(100, []),
        lambda: synth.chirp(0, 100, kind="log"),
        lambda: synth.chirp(kind="cubic"),
        lambda: synth.quantize(synth.silence(), 0),
        lambda: synth.quantize(synth.silence(), 2.5),
        lambda: synth.sample_at(lambda t: t, 0),
    ],
)
def test_impossible_signals(make):
    with pytest.raises(ArgumentError):
        make()


def test_silence():
    assert synth.silence(duration_s=0.5, rate_hz=8000).peak == 0
    assert synth.white_noise(duration_s=1 / 8000, rate_hz=8000).num_samples == 1
    assert synth.brown_noise(duration_s=2 / 8000, rate_hz=8000).num_samples == 2
