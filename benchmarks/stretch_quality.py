"""What time stretching leaves of a sound: tympan beside signalsmith-stretch and librosa.

Speed alone says nothing here: a faster method that spoils the sound is no gain. The sounds are
known exactly, so what comes out can be told from what should.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from benchmarks.common import arguments, main
from tympan.augment.waveform._vocoder import stretch_time

RATE_HZ, DURATION_S, SEED = 16_000, 5, 0
RATES = (0.8, 0.9, 1.1, 1.25)
TONES_HZ = {
    "one sine": [437.0],
    "harmonic tone": [220.0 * k for k in range(1, 9)],
    "chord": [261.6, 329.6, 392.0, 523.3, 1000.0],
}
Stretch = Callable[[np.ndarray, float], np.ndarray]


def methods() -> dict[str, Stretch]:
    """Return name → function of samples and rate; peers that are missing are left out."""

    def ours(wave: np.ndarray, rate: float) -> np.ndarray:
        x = torch.from_numpy(wave)[None, None]
        return stretch_time(x, torch.tensor([rate]), RATE_HZ, round(len(wave) / rate))[0, 0].numpy()

    found: dict[str, Stretch] = {"tympan": ours}
    try:
        import python_stretch

        def signalsmith(wave: np.ndarray, rate: float) -> np.ndarray:
            stretch = python_stretch.Signalsmith.Stretch()
            stretch.preset(1, RATE_HZ)
            stretch.setTimeFactor(rate)
            return stretch.process(wave[None])[0]

        found["signalsmith (audiomentations)"] = signalsmith
    except ImportError:
        pass
    try:
        import librosa

        found["librosa"] = lambda wave, rate: librosa.effects.time_stretch(wave, rate=rate)
    except ImportError:
        pass
    return found


def tone(frequencies_hz: list[float]) -> np.ndarray:
    """Return the sum of sines, peak at most 0.5."""
    t = np.arange(DURATION_S * RATE_HZ) / RATE_HZ
    waves = [np.sin(2 * np.pi * f * t + number) for number, f in enumerate(frequencies_hz)]
    return (0.5 * np.mean(waves, axis=0)).astype(np.float32)


def purity_db(wave: np.ndarray, frequencies_hz: list[float]) -> float:
    """Return the power within 12 Hz of the partials over all other power, in decibels."""
    wave = wave[RATE_HZ // 2 : -RATE_HZ // 2]
    power = np.abs(np.fft.rfft(wave * np.blackman(len(wave)))) ** 2
    frequency = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    near = np.any([np.abs(frequency - f) < 12 for f in frequencies_hz], axis=0)
    return float(10 * np.log10(power[near].sum() / power[~near].sum()))


def pitch_error_cents(wave: np.ndarray, frequencies_hz: list[float]) -> float:
    """Return how far the worst partial is from its frequency."""
    wave = wave[RATE_HZ // 2 : -RATE_HZ // 2]
    level = np.log(np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) + 1e-12)
    errors = []
    for f in frequencies_hz:
        low, high = (int(f * edge * len(wave) / RATE_HZ) for edge in (0.97, 1.03))
        k = low + int(level[low:high].argmax())
        a, b, c = level[k - 1 : k + 2]
        peak = (k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE_HZ / len(wave)
        errors.append(abs(1200 * np.log2(peak / f)))
    return float(max(errors))


def click_share(stretch: Stretch, rate: float) -> float:
    """Return the share of energy within 20 ms of where clicks belong."""
    wave = np.zeros(DURATION_S * RATE_HZ, np.float32)
    places = np.arange(4000, len(wave) - 4000, 8000)
    wave[places] = 1.0
    energy = stretch(wave, rate) ** 2
    due = np.zeros(len(energy), bool)
    for place in np.round(places / rate).astype(int):
        due[max(0, place - 320) : place + 320] = True
    return float(energy[due].sum() / energy.sum())


def noise_level_db(stretch: Stretch, rate: float) -> float:
    """Return how much the level of white noise changes, in decibels."""
    rng = np.random.default_rng(SEED)
    wave = (0.1 * rng.standard_normal(DURATION_S * RATE_HZ)).astype(np.float32)
    middle = stretch(wave, rate)[RATE_HZ // 2 : -RATE_HZ // 2]
    return float(20 * np.log10(np.std(middle) / np.std(wave)))


if __name__ == "__main__":
    options = arguments("stretch_quality")
    sounds = dict(list(TONES_HZ.items())[:1]) if options.quick else TONES_HZ
    rates = RATES[-1:] if options.quick else RATES
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for name, stretch in methods().items():
        row: dict[str, object] = {"method": name}
        worst = 0.0
        for sound, frequencies in sounds.items():
            waves = [stretch(tone(frequencies), rate) for rate in rates]
            purity = float(np.mean([purity_db(wave, frequencies) for wave in waves]))
            worst = max(worst, *(pitch_error_cents(wave, frequencies) for wave in waves))
            row[f"{sound}, dB"] = purity
            figures[f"{sound.replace(' ', '_')}_db_{name.split()[0]}"] = purity
        row["worst pitch error, cents"] = worst
        row["clicks in place, %"] = 100 * float(np.mean([click_share(stretch, r) for r in rates]))
        row["level of noise, dB"] = float(np.mean([noise_level_db(stretch, r) for r in rates]))
        figures[f"pitch_error_cents_{name.split()[0]}"] = worst
        rows.append(row)
    main(
        "stretch_quality",
        rows,
        figures,
        title="Time stretching: quality",
        about=(
            f"Sounds of {DURATION_S} s at 16 kHz, stretched at rates {RATES}; means over these. "
            "In decibels: the power within 12 Hz of the partials over all other power, more is "
            "purer. Clicks in place: the share of energy within 20 ms of where a click belongs. "
            f"Level of noise: 0 is right. Noise from seed {SEED}; nothing else is random, so there "
            "is no spread."
        ),
    )
