from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.audio.clip import Clip
from tympan.augment import Reverb
from tympan.errors import ArgumentError

RATE_HZ = 16000


def test_a_measured_response_is_convolved_aligned_and_keeps_the_power() -> None:
    rng = np.random.default_rng(0)
    response = np.exp(-np.arange(3000) / 500) * rng.standard_normal(3000) * 0.1
    response[40] = 1.0
    x = torch.randn(2, 1, 8000)
    y = Reverb([response], rate_hz=RATE_HZ)(x, 0)
    for item, heard in zip(x[:, 0].double().numpy(), y[:, 0].double().numpy(), strict=True):
        # What comes more than 16 samples before the direct sound is cut off.
        expected = scipy.signal.fftconvolve(item, response[24:])[16:8016]
        expected *= np.sqrt(np.square(item).mean() / np.square(expected).mean())
        np.testing.assert_allclose(heard, expected, atol=1e-4)


@pytest.mark.parametrize("p", [1.0, 0.5])
def test_the_tail_is_kept_at_the_level_of_the_rest(p: float) -> None:
    rng = np.random.default_rng(0)
    response = np.exp(-np.arange(3000) / 500) * rng.standard_normal(3000) * 0.1
    response[0] = 1.0
    x = torch.randn(6, 2, 2000)
    longer, cut = (
        Reverb([response], keep_tail=tail, rate_hz=RATE_HZ, p=p) for tail in (True, False)
    )
    params = longer.draw(x, 1)
    y = longer.apply(x, params)
    assert y.shape == (6, 2, 4999)
    torch.testing.assert_close(y[..., :2000], cut.apply(x, params), atol=1e-5, rtol=0)
    for item, before, active in zip(y, x, params["active"].tolist(), strict=True):
        if not active:
            assert torch.equal(item, torch.nn.functional.pad(before, (0, 2999)))
            continue
        expected = scipy.signal.fftconvolve(before.double().numpy(), response[None], axes=1)
        expected *= np.sqrt(np.square(before.numpy()).mean() / np.square(expected[:, :2000]).mean())
        np.testing.assert_allclose(item.numpy(), expected, atol=1e-4)


def test_rooms_ring_on_after_the_end() -> None:
    x = torch.zeros(1, 1, 400)
    x[..., 399] = 1.0
    y = Reverb(min_rt60_s=0.5, max_rt60_s=0.5, keep_tail=True, rate_hz=RATE_HZ)(x, 0)[0, 0]
    assert len(y) == 400 + 8000 - 1
    assert y.abs().argmax() == 399
    energy = y[400:].square().flip(0).cumsum(0).flip(0)
    assert energy[0] > 0.01
    # Down by 60 dB in the reverberation time, near enough.
    fall_db = 10 * torch.log10(energy[4000] / energy[800])
    assert abs(fall_db.item() + 60 * 3200 / 8000) < 4


def test_measured_ones_are_drawn_for_each_item() -> None:
    echoes = []
    for delay in (100, 200, 300):
        wave = np.zeros(400, np.float32)
        wave[[0, delay]] = 1.0, 0.5
        echoes.append(Clip(wave[None], RATE_HZ))
    x = torch.zeros(60, 1, 1000)
    x[..., 0] = 1.0
    y = Reverb(echoes, rate_hz=RATE_HZ)(x, 0)[:, 0]
    assert set(y[:, 1:].argmax(1).tolist()) == {99, 199, 299}


def test_rooms_keep_power_and_place_of_the_sound() -> None:
    x = torch.zeros(10, 1, 16000)
    x[..., 3000] = 1.0
    y = Reverb(rate_hz=RATE_HZ)(x, 0)[:, 0]
    torch.testing.assert_close(y.square().sum(1), torch.ones(10), rtol=1e-3, atol=0)
    direct = y[:, 2995:3006].abs().amax(1, keepdim=True)
    assert (y[:, :2980].abs() < 0.001 * direct).all()
    assert (direct[:, 0] > 0.1).all()
    assert (y[:, 3000].abs() == direct[:, 0]).all()
    later = y[:, 3200:].square().sum(1)
    assert later.min() > 0.01
    assert later.std() > 0.02  # rooms differ


def test_drawn_rooms_hold_source_and_microphone() -> None:
    params = Reverb(rate_hz=RATE_HZ).draw(torch.zeros(2000, 1, 1), 0)
    for place in ("source_m", "microphone_m"):
        assert (params[place] >= 0.5).all()
        assert (params[place] <= params["room_m"] - 0.5).all()
    assert 0.15 <= params["rt60_s"].min() < 0.16
    assert 0.78 < params["rt60_s"].max() <= 0.8


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="response 0 is silent"):
        Reverb([np.zeros(9)], rate_hz=RATE_HZ)
    with pytest.raises(ArgumentError, match="at 8000 Hz, the audio at 16000 Hz"):
        Reverb([Clip(np.ones((1, 9), np.float32), 8000)], rate_hz=RATE_HZ)
    with pytest.raises(ArgumentError, match="no impulse responses"):
        Reverb([], rate_hz=RATE_HZ)
