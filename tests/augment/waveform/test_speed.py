from __future__ import annotations

import numpy as np
import pytest
import soxr
import torch

from tympan.augment import Speed


@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_equals_soxr(factor: float) -> None:
    noise = np.random.default_rng(0).standard_normal(9000)
    wave = soxr.resample(noise, 1, 2, quality="VHQ").astype(np.float32)  # nothing near the top
    y = Speed(factor, factor)(torch.from_numpy(wave)[None, None], 0)[0, 0].numpy()
    theirs = soxr.resample(wave, factor, 1.0, quality="VHQ")
    length = min(len(theirs), len(y))
    np.testing.assert_allclose(y[200 : length - 200], theirs[200 : length - 200], atol=2e-3)
    assert (y[round(len(wave) / factor) + 50 :] == 0).all()


def test_each_item_at_its_own_speed() -> None:
    t = torch.arange(16000) / 16000
    x = torch.sin(2 * torch.pi * 400 * t).expand(6, 1, -1).contiguous()
    transform = Speed(0.5, 2.0)
    params = transform.draw(x, 0)
    y = transform.apply(x, params)
    for item, factor in zip(y, params["factor"].tolist(), strict=True):
        heard = item[0, 500:7000]
        spectrum = torch.fft.rfft(heard * torch.hann_window(len(heard)), 1 << 18).abs()
        found_hz = spectrum.argmax().item() * 16000 / (1 << 18)
        assert abs(found_hz / 400 / factor - 1) < 1e-3
