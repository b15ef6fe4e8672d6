from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tympan import load
from tympan.augment import TimeStretch
from tympan.augment.waveform._vocoder import stretch_time

RATE_HZ = 16000


def tone(frequencies_hz: list[float], seconds: float = 3.0, rate_hz: int = RATE_HZ) -> torch.Tensor:
    t = torch.arange(round(seconds * rate_hz), dtype=torch.float64) / rate_hz
    waves = [torch.sin(2 * torch.pi * f * t + i) for i, f in enumerate(frequencies_hz)]
    return (torch.stack(waves).mean(0)[None, None]).float()


def peak_hz(x: torch.Tensor, rate_hz: int = RATE_HZ) -> float:
    """The strongest frequency, between bins by a parabola through the logarithms."""
    wave = x.flatten().double()
    level = torch.fft.rfft(wave * torch.hann_window(len(wave), dtype=torch.float64)).abs().log()
    k = int(level[1:-1].argmax()) + 1
    a, b, c = level[k - 1 : k + 2].tolist()
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * rate_hz / len(wave)


@pytest.mark.parametrize("rate", [0.7, 0.9, 1.0, 1.2, 1.5])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_pitch_stays_and_level_too(rate: float, rate_hz: int) -> None:
    x = tone([437.0], rate_hz=rate_hz)
    y = stretch_time(x, torch.tensor([rate]), rate_hz, x.shape[-1])
    heard = y[..., rate_hz // 2 : round(rate_hz * 2.9 / max(1.0, rate))]
    assert abs(1200 * np.log2(peak_hz(heard, rate_hz) / 437.0)) < 1.0
    assert abs(20 * torch.log10(heard.square().mean() / x.square().mean()).item()) < 0.3


@pytest.mark.parametrize("rate", [0.8, 1.25])
def test_a_chord_stays_clean(rate: float) -> None:
    chord = [261.6, 329.6, 392.0, 523.3]
    x = tone(chord, 4.0)
    y = stretch_time(x, torch.tensor([rate]), RATE_HZ, x.shape[-1])
    y = y[0, 0, 8000 : round(RATE_HZ * 3.8 / max(1.0, rate))].double()
    power = torch.fft.rfft(y * torch.from_numpy(np.blackman(len(y)))).abs().square()
    frequency = torch.fft.rfftfreq(len(y), 1 / RATE_HZ)
    near = torch.stack([(frequency - f).abs() < 12 for f in chord]).any(0)
    assert 10 * torch.log10(power[near].sum() / power[~near].sum()) > 25


@pytest.mark.parametrize("rate", [0.8, 1.0, 1.25])
def test_events_come_when_they_should(rate: float) -> None:
    x = torch.zeros(1, 1, 3 * RATE_HZ)
    clicks = torch.arange(4000, 3 * RATE_HZ - 4000, 8000)
    x[..., clicks] = 1.0
    y = stretch_time(x, torch.tensor([rate]), RATE_HZ, x.shape[-1])[0, 0]
    energy = y.square()
    for due in (clicks / rate).round().long().tolist():
        if due > len(y) - 2000:
            continue
        around = energy[due - 2500 : due + 2500]
        centre = (around * torch.arange(5000)).sum() / around.sum() - 2500
        assert around.sum() > 1e-3
        assert abs(centre) < 0.008 * RATE_HZ


def test_at_rate_one_it_is_the_same() -> None:
    x = torch.randn(2, 2, 9000)
    y = stretch_time(x, torch.ones(2), RATE_HZ, 9000)
    torch.testing.assert_close(y, x, atol=1e-5, rtol=0)


def test_sound_returns_after_silence() -> None:
    x = torch.cat([tone([300.0], 1.0), torch.zeros(1, 1, RATE_HZ), tone([300.0], 1.0)], 2)
    y = stretch_time(x, torch.tensor([0.9]), RATE_HZ, 3 * RATE_HZ)
    last = y[..., round(RATE_HZ * 2.1 / 0.9) :]
    torch.testing.assert_close(last.square().mean(), x.square().mean() * 1.5, rtol=0.05, atol=0)
    assert y[..., round(1.1 * RATE_HZ / 0.9) : round(1.9 * RATE_HZ / 0.9)].abs().max() < 1e-6


def test_each_item_at_its_own_rate_and_silence_after_the_end() -> None:
    x = tone([500.0], 2.0).repeat(3, 1, 1)
    transform = TimeStretch(1.1, 2.0, rate_hz=RATE_HZ)
    params = transform.draw(x, 0)
    y = transform.apply(x, params)
    for item, rate in zip(y, params["rate"].tolist(), strict=True):
        end = round(x.shape[-1] / rate)
        assert item[0, end - 1200 : end - 600].abs().max() > 0.4
        assert item[0, end + 1200 :].abs().max() < 1e-4


def test_speech_keeps_its_spectrum(shared_data: Path) -> None:
    clip = load(sorted((shared_data / "librispeech").rglob("*.flac"))[0], mono=True, end_s=4.0)
    x = torch.from_numpy(clip.samples.copy())[None]
    y = stretch_time(x, torch.tensor([0.9]), clip.rate_hz, round(x.shape[-1] / 0.9))

    def bands_db(wave: torch.Tensor) -> torch.Tensor:
        power = torch.stft(wave[0], 512, 128, window=torch.hann_window(512), return_complex=True)
        power = power.abs().square().mean(2)[0, 1:]
        return 10 * torch.log10(power.reshape(16, 16).sum(1))

    assert (bands_db(x) - bands_db(y)).abs().max() < 1.5
