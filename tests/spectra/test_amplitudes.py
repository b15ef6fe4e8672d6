from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tympan import audio
from tympan.audio import Clip, synth
from tympan.errors import ArgumentError
from tympan.spectra import spectrum
from tympan.spectra._mainlobe import response
from tympan.spectra.windows import window

RATE_HZ = 16000
WINDOWS = [
    "rectangular", "hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop",
    "bartlett", "cosine", ("kaiser", 8.0), ("gaussian", 1500.0), ("tukey", 0.5),
]  # fmt: skip


def tones(parts: dict[float, float], length: int = 16000, noise: float = 0.0) -> Clip:
    """Sines: frequency in Hz → amplitude; each with a phase of its own."""
    t = np.arange(length) / RATE_HZ
    wave = sum(a * np.sin(2 * np.pi * hz * t + hz) for hz, a in parts.items())
    wave = wave + noise * np.random.default_rng(0).standard_normal(length)
    return Clip(np.asarray(wave, dtype=np.float32), RATE_HZ)


@pytest.mark.parametrize("spec", WINDOWS, ids=str)
@pytest.mark.parametrize("hz", [440.0, 440.37, 1234.5, 7000.1])
@pytest.mark.parametrize("length", [8000, 12345])
def test_sine_shows_its_amplitude_under_every_window(spec: str, hz: float, length: int) -> None:
    found = spectrum(tones({hz: 0.5}, length), spec)
    first, *others = found.peaks()
    assert first.amplitude == pytest.approx(0.5, rel=2e-3)
    assert first.frequency_hz == pytest.approx(hz, abs=0.05 * found.resolution_hz)
    # The curve itself shows it too, between its bins by a fraction of a dB less.
    assert found.levels_db.max() == pytest.approx(20 * np.log10(0.5), abs=0.25)
    assert not others


@settings(max_examples=15)
@given(
    hz=st.floats(200, 7800),
    amplitude=st.floats(1e-4, 10),
    length=st.integers(2000, 20000),
)
def test_any_sine_is_measured(hz: float, amplitude: float, length: int) -> None:
    peak = spectrum(tones({hz: amplitude}, length)).peaks()[0]
    assert peak.amplitude == pytest.approx(amplitude, rel=1e-3)
    assert peak.frequency_hz == pytest.approx(hz, abs=0.01 * RATE_HZ / length)


def test_constant_and_half_the_rate_show_their_amplitude() -> None:
    constant = spectrum(Clip(np.full(4000, 0.25, dtype=np.float32), RATE_HZ), "flattop")
    assert constant.amplitudes[0] == pytest.approx(0.25)
    turns = spectrum(Clip(np.resize([0.5, -0.5], 4000).astype(np.float32), RATE_HZ))
    assert turns.amplitudes[-1] == pytest.approx(0.5)


def test_weak_tone_beside_a_strong_one_is_a_peak_and_side_lobes_are_not() -> None:
    clip = tones({1000.2: 1.0, 1100.7: 0.003})
    for spec in ("hann", "blackmanharris"):
        peaks = spectrum(clip, spec).peaks()
        assert [round(peak.frequency_hz, 1) for peak in peaks] == [1000.2, 1100.7]
        assert peaks[1].level_db == pytest.approx(20 * np.log10(0.003), abs=0.1)


def test_peaks_obey_their_limits() -> None:
    found = spectrum(tones({500: 0.5, 1500: 0.2, 2500: 0.1, 3500: 0.001}))
    assert len(found.peaks(max_peaks=2)) == 2
    assert len(found.peaks(range_db=40)) == 3
    assert [round(p.frequency_hz) for p in found.peaks(f_min_hz=1000, f_max_hz=3000)] == [
        1500,
        2500,
    ]


def test_long_clip_is_averaged_and_keeps_its_amplitude() -> None:
    clip = tones({440.37: 0.5}, 100000, noise=0.01)
    found = spectrum(clip, frame_s=0.5)
    assert found.num_samples == 8000
    assert found.peaks()[0].amplitude == pytest.approx(0.5, rel=5e-3)
    long = Clip(np.resize(clip.samples, (1, 1_100_000)), RATE_HZ)
    assert spectrum(long).num_samples == 1 << 17


def test_channels_are_mixed() -> None:
    one = synth.sine(440, duration_s=1, rate_hz=RATE_HZ, amplitude=0.5).samples[0]
    stereo = Clip(np.stack([one, one]), RATE_HZ, "both")
    found = spectrum(stereo)
    assert found.peaks()[0].amplitude == pytest.approx(0.5, rel=1e-3)
    assert found.title == "both"
    assert "440.0 Hz" in repr(found)


@given(
    base_hz=st.floats(60, 900),
    present=st.sets(st.integers(1, 12), min_size=2, max_size=12),
    tilt=st.floats(0.0, 1.0),
)
def test_fundamental_is_found_even_where_it_is_missing(
    base_hz: float, present: set[int], tilt: float
) -> None:
    present = {h for h in present if h * base_hz < 7500}
    assume(len(present) >= 2)
    assume(np.gcd.reduce(sorted(present)) == 1)
    # At least a third of the harmonics up to the highest: else another base explains them better.
    assume(3 * len(present) >= max(present))
    assume(len(present) >= 3 or 1 in present or max(present) <= 3)
    # With one left out there is no larger base either: else it is a tone beside another sound's.
    left_out = [sorted(present - {h}) for h in present]
    assume(len(present) < 4 or all(np.gcd.reduce(rest) == 1 for rest in left_out))
    clip = tones({h * base_hz: 0.2 / h**tilt for h in present}, noise=0.003)
    assert spectrum(clip).fundamental_hz() == pytest.approx(base_hz, rel=5e-3)


def test_harmonics_of_a_saw_fall_as_one_over_their_number() -> None:
    clip = synth.saw(220.5, duration_s=1, rate_hz=44100, amplitude=0.5)
    harmonics = spectrum(clip).harmonics(8)
    assert [harmonic.number for harmonic in harmonics] == list(range(1, 9))
    for harmonic in harmonics:
        assert harmonic.frequency_hz == pytest.approx(220.5 * harmonic.number, rel=1e-4)
        assert harmonic.amplitude == pytest.approx(2 / np.pi * 0.5 / harmonic.number, rel=0.02)


def test_missing_fundamental_has_no_amplitude() -> None:
    found = spectrum(tones({300: 0.2, 400: 0.2, 500: 0.2}))
    assert found.fundamental_hz() == pytest.approx(100, abs=0.01)
    amplitudes = [harmonic.amplitude for harmonic in found.harmonics(5)]
    assert amplitudes == pytest.approx([0, 0, 0.2, 0.2, 0.2], abs=1e-3)


def test_silence_and_noise_have_no_fundamental() -> None:
    silence = spectrum(Clip(np.zeros(4000, dtype=np.float32), RATE_HZ))
    assert silence.peaks() == []
    assert silence.fundamental_hz() is None
    assert silence.harmonics() == []
    assert "silence" in repr(silence)
    assert (
        spectrum(synth.white_noise(duration_s=2, rate_hz=RATE_HZ, seed=3)).fundamental_hz() is None
    )


def test_notes_of_real_instruments(shared_data: Path) -> None:
    steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
    folder = shared_data / "philharmonia"
    with open(folder / "metadata.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["duration_s"]) > 0.3][::60]
    wrong, count = [], 0
    for row in rows:
        name = re.fullmatch(r"([A-G])(#?)(\d)", row["note"])
        if name is None:
            continue
        midi = steps[name[1]] + (name[2] == "#") + 12 * (int(name[3]) + 1)
        found = spectrum(audio.load(folder / row["file_name"])).fundamental_hz()
        count += 1
        if found is None or abs(12 * np.log2(found / 440) + 69 - midi) > 0.6:
            wrong.append((row["file_name"], found))
    # A few of the recordings are not the note they are named after.
    assert count > 10
    assert len(wrong) <= 0.15 * count, wrong


@pytest.mark.parametrize("size", [64, 2048, 2049, 50000])
def test_response_of_a_long_window_equals_the_plain_sum(size: int) -> None:
    shape, offsets = window("hann", size), np.array([0.0, 0.3, 1.7, 3.0])
    phase = np.exp(-2j * np.pi * np.outer(offsets, np.arange(size)) / size)
    expected = np.abs(phase @ shape) / shape.sum()
    np.testing.assert_allclose(response(shape, offsets), expected, atol=1e-5)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="at least 8"):
        spectrum(Clip(np.zeros(4, dtype=np.float32), RATE_HZ))
    with pytest.raises(ArgumentError, match="frame_s"):
        spectrum(tones({440: 1}), frame_s=0)
    with pytest.raises(ArgumentError, match="sum to 0"):
        spectrum(tones({440: 1}, 100), np.resize([1.0, -1.0], 100))
    with pytest.raises(ArgumentError, match="above 0"):
        spectrum(tones({440: 1})).harmonics(3, fundamental_hz=-1)
