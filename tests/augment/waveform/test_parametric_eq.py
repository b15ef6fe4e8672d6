from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment import ParametricEQ
from tympan.augment.waveform.parametric_eq import BANDS_HZ


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_equals_the_seven_sections_in_scipy(rate_hz: int) -> None:
    x = torch.randn(3, 1, 20_000)
    equaliser = ParametricEQ(rate_hz=rate_hz)
    params = equaliser.draw(x, 0)
    y = equaliser.apply(x, params).numpy()
    sections = equaliser.sections(params).numpy()
    assert sections.shape == (3, 7, 6)
    for item, sos, filtered in zip(x, sections, y, strict=True):
        expected = scipy.signal.sosfilt(sos / sos[:, 3:4], item.double().numpy())
        np.testing.assert_allclose(filtered, expected, atol=3e-6 * np.abs(expected).max())


def test_one_band_alone_has_its_gain_at_its_centre() -> None:
    rate_hz = 44100
    equaliser = ParametricEQ(rate_hz=rate_hz)
    params = equaliser.draw(torch.zeros(1, 1, 1), 0)
    for band in range(7):
        gains = torch.zeros(1, 7)
        gains[0, band] = 10.0
        sos = equaliser.sections(params | {"gain_db": gains})[0].numpy()
        frequency = {0: 0.01, 6: 22_000}.get(band, params["centre_hz"][0, band].item())
        _, h = scipy.signal.freqz_sos(sos / sos[:, 3:4], [frequency], fs=rate_hz)
        assert abs(20 * np.log10(np.abs(h[0])) - 10.0) < 0.05


def test_centres_lie_in_their_bands() -> None:
    centres = ParametricEQ(rate_hz=44100).draw(torch.zeros(500, 1, 1), 0)["centre_hz"]
    for (low, high), drawn in zip(BANDS_HZ, centres.T, strict=True):
        assert low <= drawn.min() < low * 1.1
        assert high / 1.1 < drawn.max() <= high * 1.0001
