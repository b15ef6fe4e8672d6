from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment import ColoredNoise
from tympan.augment.waveform.colored_noise import BANK_SAMPLES, noise_bank
from tympan.errors import ArgumentError

RATE_HZ = 16000


def added(exponent: float, t: int = 160_000, b: int = 1) -> torch.Tensor:
    x = torch.ones(b, 1, t)
    return ColoredNoise(0.0, 0.0, (exponent,), rate_hz=RATE_HZ)(x, 3) - x


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 1.0, 2.0])
def test_slope_of_the_spectrum(exponent: float) -> None:
    frequency, density = scipy.signal.welch(added(exponent)[0, 0].numpy(), RATE_HZ, nperseg=4096)
    band = (frequency > 100) & (frequency < 6000)
    octaves, level_db = np.log2(frequency[band]), 10 * np.log10(density[band])
    slope_db, _ = np.polyfit(octaves, level_db, 1, w=1 / np.sqrt(frequency[band]))
    assert abs(slope_db - -3.01 * exponent) < 0.15


def test_ratio_and_independence_of_items_and_channels() -> None:
    x = torch.sin(torch.arange(8000) / 9.0).expand(3, 2, -1).contiguous()
    transform = ColoredNoise(-5.0, 20.0, (0.0,), rate_hz=RATE_HZ)
    params = transform.draw(x, 0)
    noise = transform.apply(x, params) - x
    snr_db = 10 * torch.log10(x.square().mean((1, 2)) / noise.square().mean((1, 2)))
    torch.testing.assert_close(snr_db, params["snr_db"], atol=1e-3, rtol=0)
    correlation = torch.corrcoef(noise.flatten(0, 1)) - torch.eye(6)
    assert correlation.abs().max() < 0.06


def test_noise_is_gaussian() -> None:
    noise = added(0.0)[0, 0]
    noise = noise / noise.std()
    assert abs(noise.mean()) < 0.01
    assert abs(noise.pow(4).mean() - 3) < 0.1


def test_two_places_of_the_bank_are_added_and_it_is_the_same_every_time() -> None:
    params = {
        "active": torch.ones(1).bool(),
        "snr_db": torch.zeros(1),
        "exponent": torch.zeros(1).long(),
        "offsets": torch.tensor([[[31, 7000]]]),
    }
    x = torch.ones(1, 1, 20)
    noise = ColoredNoise(exponents=(1.0,), rate_hz=RATE_HZ).apply(x, params) - x
    bank = torch.from_numpy(noise_bank.__wrapped__(1.0, RATE_HZ))
    expected = bank[31:51] + bank[7000:7020]
    expected = expected / expected.square().mean().sqrt()
    torch.testing.assert_close(noise[0, 0], expected, atol=1e-5, rtol=1e-5)


def test_longer_than_the_bank() -> None:
    noise = added(1.0, t=BANK_SAMPLES + 5000)
    assert abs(noise.square().mean() - 1) < 1e-3


def test_impossible_exponents_are_refused() -> None:
    with pytest.raises(ArgumentError, match="between -4 and 4"):
        ColoredNoise(exponents=(9.0,))
