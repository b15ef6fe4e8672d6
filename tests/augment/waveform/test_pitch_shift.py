from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.augment import PitchShift


def tone(frequency_hz: float, rate_hz: int, seconds: float = 3.0) -> torch.Tensor:
    t = torch.arange(round(seconds * rate_hz), dtype=torch.float64) / rate_hz
    return torch.sin(2 * torch.pi * frequency_hz * t).float()[None, None]


def peak_hz(x: torch.Tensor, rate_hz: int) -> float:
    wave = x.flatten().double()
    level = torch.fft.rfft(wave * torch.hann_window(len(wave), dtype=torch.float64)).abs().log()
    k = int(level[1:-1].argmax()) + 1
    a, b, c = level[k - 1 : k + 2].tolist()
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * rate_hz / len(wave)


@pytest.mark.parametrize("semitones", [-12.0, -3.7, -0.5, 0.0, 0.31, 4.0, 12.0])
@pytest.mark.parametrize("rate_hz", [16000, 44100])
def test_pitch_moves_by_what_was_drawn_and_duration_stays(semitones: float, rate_hz: int) -> None:
    x = tone(600.0, rate_hz)
    transform = PitchShift(semitones, semitones, rate_hz=rate_hz)
    y = transform(x, 0)
    assert y.shape == x.shape
    heard = y[..., rate_hz // 2 : -rate_hz // 2]
    moved = 1200 * np.log2(peak_hz(heard, rate_hz) / 600.0)
    assert abs(moved - 100 * semitones) < 1.5
    assert abs(20 * torch.log10(heard.square().mean() / x.square().mean()).item()) < 0.3
    # As long as before: there is sound to the end.
    assert y[..., -rate_hz // 10 :].abs().max() > 0.5


def test_each_item_by_its_own_shift() -> None:
    x = tone(500.0, 16000, 1.0).repeat(5, 1, 1)
    transform = PitchShift(rate_hz=16000)
    params = transform.draw(x, 0)
    y = transform.apply(x, params)
    found = [12 * np.log2(peak_hz(item[..., 2000:-2000], 16000) / 500.0) for item in y]
    np.testing.assert_allclose(found, params["semitones"].numpy(), atol=0.02)


def test_events_stay_where_they_were() -> None:
    x = torch.zeros(1, 1, 32000)
    x[..., [8000, 24000]] = 1.0
    for semitones in (-5.0, 5.0):
        y = PitchShift(semitones, semitones, rate_hz=16000)(x, 0)[0, 0].square()
        for due in (8000, 24000):
            around = y[due - 3000 : due + 3000]
            centre = (around * torch.arange(6000)).sum() / around.sum() - 3000
            assert abs(centre) < 0.008 * 16000
