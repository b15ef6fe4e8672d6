"""EBU R128: the signals of EBU Tech 3341 and 3342, made here, and pyloudnorm where it is right."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from tympan.audio import Clip, LoudnessMeter, concat, load, synth
from tympan.audio._kweighting import KWeighting, Upsampler
from tympan.errors import ArgumentError, ShapeError

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000]
# ITU-R BS.1770-4, tables 1 and 2: the filter at 48 kHz.
_BELOW_SHELF = (-1.69065929318241, 0.73248077421585)
STANDARD = np.array(
    [
        [*(1.53512485958697, -2.69169618940638, 1.19839281085285), 1, *_BELOW_SHELF],
        [*(1, -2, 1), 1, -1.99004745483398, 0.99007225036621],
    ]
)


def tone(
    dbfs: float, seconds: float, rate_hz: int = 48000, channels: int = 2, hz: float = 1000.0
) -> Clip:
    """A sine on all channels, as in EBU Tech 3341."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t)
    return Clip(np.tile(wave, (channels, 1)), rate_hz)


def silence(seconds: float) -> Clip:
    return Clip(np.zeros((2, round(seconds * 48000))), 48000)


# -- integrated loudness (Tech 3341, cases 1 to 6) -----------------------------------------------


@pytest.mark.parametrize("dbfs", [-23.0, -33.0])  # cases 1 and 2
@pytest.mark.parametrize("rate_hz", RATES)
def test_reference_tones(dbfs, rate_hz):
    found = tone(dbfs, 20, rate_hz).loudness()
    assert found.integrated_lufs == pytest.approx(dbfs, abs=0.1)
    assert found.momentary_max_lufs == pytest.approx(dbfs, abs=0.1)
    assert found.short_term_max_lufs == pytest.approx(dbfs, abs=0.1)


@pytest.mark.parametrize(
    "parts",
    [
        [(-36, 10), (-23, 60), (-36, 10)],  # case 3
        [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],  # case 4
        [(-26, 20), (-20, 20.1), (-26, 20)],  # case 5
    ],
)
def test_gating(parts):
    clip = concat(tone(dbfs, seconds) for dbfs, seconds in parts)
    assert clip.loudness_lufs() == pytest.approx(-23, abs=0.1)


def test_five_channels_and_surround():  # case 6, and with a low-frequency channel that counts not
    levels = {"L": -28, "R": -28, "C": -24, "LFE": -3, "Ls": -30, "Rs": -30}
    waves = {name: tone(dbfs, 20, channels=1).samples[0] for name, dbfs in levels.items()}
    five = Clip(np.stack([waves[name] for name in ("L", "R", "C", "Ls", "Rs")]), 48000)
    assert five.loudness_lufs() == pytest.approx(-23, abs=0.1)
    surround = Clip(np.stack(list(waves.values())), 48000)
    assert surround.loudness_lufs() == pytest.approx(five.loudness_lufs(), abs=1e-9)
    weighted = LoudnessMeter(48000, 5, weights=(1, 1, 1, 1.41, 1.41))
    weighted.push(five.samples)
    assert weighted.result().integrated_lufs == pytest.approx(five.loudness_lufs(), abs=1e-9)


@given(st.floats(0.4, 3.0), st.sampled_from(RATES))
@settings(deadline=None, max_examples=40)
def test_a_steady_tone_measures_the_same_at_any_length(seconds, rate_hz):
    samples = max(round(seconds * rate_hz), math.ceil(0.4 * rate_hz))
    clip = Clip(tone(-20, 4, rate_hz, channels=1).samples[:, :samples], rate_hz)
    assert clip.loudness_lufs() == pytest.approx(-23.04, abs=0.05)


def test_normalisation_reaches_its_target():
    noise = synth.pink_noise(duration_s=3, amplitude=0.3, seed=1)
    for target in (-23.0, -14.0):
        assert noise.normalize_loudness(target).loudness_lufs() == pytest.approx(target, abs=0.01)


# -- momentary and short-term (cases 9 to 14) ----------------------------------------------------


def test_short_term_of_a_pattern_as_long_as_its_window():  # case 9
    clip = concat([part for _ in range(5) for part in (tone(-20, 1.34), tone(-30, 1.66))])
    found = clip.loudness()
    assert np.abs(found.short_term_lufs + 23).max() < 0.1
    assert len(found.short_term_lufs) == 121  # from 3 s to 15 s every 0.1 s


@pytest.mark.parametrize("number", [0, 1, 7, 13, 19])
def test_the_loudest_short_term_wherever_it_begins(number):  # case 10
    clip = concat([silence(0.15 * number + 1e-3), tone(-23, 3), silence(1)])
    assert clip.loudness().short_term_max_lufs == pytest.approx(-23, abs=0.1)


def test_momentary_of_a_pattern_as_long_as_its_window():  # case 12
    clip = concat([part for _ in range(25) for part in (tone(-20, 0.18), tone(-30, 0.22))])
    found = clip.loudness()
    assert np.abs(found.momentary_lufs + 23).max() < 0.1


@pytest.mark.parametrize("number", [0, 1, 7, 13, 19])
def test_the_loudest_moment_wherever_it_begins(number):  # case 13
    clip = concat([silence(0.02 * number + 1e-3), tone(-23, 0.4), silence(1)])
    assert clip.loudness().momentary_max_lufs == pytest.approx(-23, abs=0.1)


def test_levels_that_rise():  # cases 11 and 14
    clip = concat([part for n in range(5) for part in (tone(-38 + n, 3), silence(3))])
    found = clip.loudness().short_term_lufs
    for number in range(5):  # each window of 3 s ends at its tone's end
        assert found[number * 60] == pytest.approx(-38 + number, abs=0.1)


# -- true peak (cases 15 to 23) ------------------------------------------------------------------


def faded(cycles_per_sample: float, degrees: float, amplitude: float, rate_hz: int = 48000) -> Clip:
    n = np.arange(rate_hz // 2)
    wave = amplitude * np.sin(2 * np.pi * cycles_per_sample * n + np.deg2rad(degrees))
    return Clip(wave * np.clip(np.minimum(n, n[::-1]) / 2400, 0, 1), rate_hz)


@pytest.mark.parametrize("rate_hz", [16000, 44100, 48000, 96000])
@pytest.mark.parametrize(
    ("cycles", "degrees", "amplitude", "dbtp"),
    [
        (1 / 4, 0, 0.5, -6.0),
        (1 / 4, 45, 0.5, -6.0),
        (1 / 6, 60, 0.5, -6.0),
        (1 / 8, 67.5, 0.5, -6.0),
        (1 / 4, 45, 1.41, 3.0),
    ],
)
def test_peaks_between_the_samples(rate_hz, cycles, degrees, amplitude, dbtp):
    found = faded(cycles, degrees, amplitude, rate_hz).loudness().true_peak_dbtp
    assert dbtp - 0.4 <= found <= dbtp + 0.2


@given(st.integers(1, 5), st.integers(1, 3), st.lists(st.integers(1, 90), min_size=1, max_size=9))
@settings(deadline=None, max_examples=30)
def test_oversampling_in_blocks_is_oversampling_at_once(factor, channels, sizes):
    wave = np.random.default_rng(0).standard_normal((channels, sum(sizes)))
    stream, whole = Upsampler(factor, channels), Upsampler(factor, channels)
    at, parts = 0, []
    for size in sizes:
        parts.append(stream.push(wave[:, at : at + size]))
        at += size
    parts.append(stream.rest())
    wanted = np.concatenate([whole.push(wave), whole.rest()], axis=1)
    found = np.concatenate(parts, axis=1)
    assert found.shape == wanted.shape == (channels, factor * sum(sizes))
    assert np.allclose(found, wanted, atol=1e-12)
    assert np.allclose(found[:, ::factor], wave, atol=1e-3)


# -- loudness range (Tech 3342, cases 1 to 4) ----------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "range_lu"),
    [
        ([-20, -30], 10),
        ([-20, -15], 5),
        ([-40, -20], 20),
        ([-50, -35, -20, -35, -50], 15),
    ],
)
def test_loudness_range(levels, range_lu):
    clip = concat(tone(level, 20) for level in levels)
    assert clip.loudness().range_lu == pytest.approx(range_lu, abs=1)


# -- against the standard and pyloudnorm ---------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [1000, 2000, 4000, 7999, *RATES])
def test_the_filter_has_the_response_of_the_standard(rate_hz):
    ours = KWeighting(rate_hz, 1)
    f = np.geomspace(10, min(0.49 * rate_hz, 20000), 500)
    found = np.abs(signal.sosfreqz(ours._sections, f, fs=ours.rate_hz)[1])
    wanted = np.abs(signal.sosfreqz(STANDARD, f, fs=48000)[1])
    assert np.abs(20 * np.log10(found / wanted)).max() < 0.07


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize(("rate_hz", "error"), [(48000, 1e-6), (96000, 1e-6), (44100, 0.003)])
def test_pyloudnorm_where_it_counts_whole_blocks(rate_hz, channels, error):
    rng = np.random.default_rng(channels)
    levels = np.repeat(rng.uniform(0.001, 0.3, 60), rate_hz // 10)
    clip = Clip(rng.standard_normal((channels, len(levels))) * levels, rate_hz)
    wanted = pyloudnorm.Meter(rate_hz).integrated_loudness(clip.samples.T.astype(float))
    assert clip.loudness_lufs() == pytest.approx(wanted, abs=error)


@pytest.mark.parametrize("rate_hz", [4000, 8000, 11025, 16000, 22050])
def test_low_rates_measure_what_the_resampled_sound_measures(rate_hz):
    noise = synth.pink_noise(duration_s=4, rate_hz=rate_hz, amplitude=0.3, seed=1)
    high = Clip(signal.resample(noise.samples, 4 * 48000, axis=1), 48000)
    assert noise.loudness_lufs() == pytest.approx(high.loudness_lufs(), abs=0.03)


# -- in a stream ---------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 20_000), min_size=1, max_size=12),
    st.sampled_from([4000, 8000, 11025, 44100, 48000]),
)
@settings(deadline=None, max_examples=25)
def test_blocks_measure_as_the_whole(sizes, rate_hz):
    rng = np.random.default_rng(len(sizes))
    wave = (0.1 * rng.standard_normal((2, sum(sizes)))).astype(np.float32)
    meter = LoudnessMeter(rate_hz, 2, true_peak=True)
    at = 0
    for size in sizes:
        meter.push(wave[:, at : at + size])
        meter.result()  # in between, which changes nothing
        at += size
    found, wanted = meter.result(), Clip(wave, rate_hz).loudness()
    assert found.true_peak_dbtp == pytest.approx(wanted.true_peak_dbtp, abs=1e-6)
    assert np.allclose(found.momentary_lufs, wanted.momentary_lufs, atol=1e-6)
    assert np.allclose(found.short_term_lufs, wanted.short_term_lufs, atol=1e-6)
    if wanted.integrated_lufs is None:
        assert found.integrated_lufs is None
    else:
        assert found.integrated_lufs == pytest.approx(wanted.integrated_lufs, abs=1e-6)


def test_a_real_recording(shared_data):
    clip = load(sorted((shared_data / "librispeech").rglob("*.flac"))[0])
    found = clip.loudness()
    high = clip.resample(48000)
    wanted = pyloudnorm.Meter(48000).integrated_loudness(high.samples.T.astype(float))
    assert found.integrated_lufs == pytest.approx(wanted, abs=0.05)
    assert 0 < found.range_lu < 30
    assert found.true_peak_dbtp >= 20 * math.log10(clip.peak) - 1e-6


# -- what has none -------------------------------------------------------------------------------


def test_silence_has_no_loudness_and_stays_silent():
    silent = synth.silence(duration_s=4)
    assert silent.loudness_lufs() == -math.inf
    assert silent.normalize_loudness(-23).peak == 0
    found = silent.loudness()
    assert found.momentary_max_lufs == found.short_term_max_lufs == -math.inf
    assert (found.range_lu, found.true_peak_dbtp) == (0.0, -math.inf)
    loud = concat([tone(0, 5), silence(5)]).loudness()
    assert np.all(loud.momentary_lufs[60:] < -200)


def test_what_is_too_short_for_a_window():
    found = tone(-23, 0.3).loudness()
    assert found.integrated_lufs is found.momentary_max_lufs is found.range_lu is None
    assert found.true_peak_dbtp == pytest.approx(-23, abs=0.2)
    found = tone(-23, 1).loudness()
    assert found.integrated_lufs == pytest.approx(-23, abs=0.1)
    assert found.short_term_max_lufs is None
    assert found.range_lu is None


def test_what_cannot_be_measured():
    with pytest.raises(ArgumentError, match=r"0\.4 s"):
        synth.sine(duration_s=0.3).loudness_lufs()
    with pytest.raises(ArgumentError, match=r"1 to 6 channels"):
        Clip(np.zeros((7, 48000)), 48000).loudness_lufs()
    with pytest.raises(ArgumentError, match="2 weights are given for 7"):
        LoudnessMeter(48000, 7, weights=(1, 1))
    with pytest.raises(ShapeError, match=r"expected \(2, t\)"):
        LoudnessMeter(48000, 2).push(np.zeros((1, 100)))
    meter = LoudnessMeter(48000, 7, weights=(1,) * 7)
    meter.push(np.zeros((7, 0)))
    assert meter.result().integrated_lufs is None
    assert LoudnessMeter(1, 1).result().momentary_lufs.shape == (0,)
