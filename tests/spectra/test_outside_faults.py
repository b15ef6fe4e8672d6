"""Faults of spectra that users of other libraries reported."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

from tympan.audio import synth
from tympan.spectra import STFT, GriffinLim, LogMel, pitch_track


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
@pytest.mark.parametrize("kind", ["sine", "saw"])
def test_the_pitch_of_a_steady_tone_is_no_submultiple(rate_hz: int, kind: str) -> None:
    extra = {"band_limited": True} if kind == "saw" else {}
    for hz in np.geomspace(70, 980, 14):
        tone = getattr(synth, kind)(
            float(hz), duration_s=0.3, rate_hz=rate_hz, amplitude=0.5, **extra
        )
        found = pitch_track(tone).median_hz
        assert found is not None
        assert abs(1200 * np.log2(found / hz)) < 50, (hz, found)


@pytest.mark.parametrize("kind", ["sine", "saw"])
def test_periods_of_a_few_samples_are_found(kind: str) -> None:
    extra = {"band_limited": True} if kind == "saw" else {}
    for hz in np.geomspace(400, 3900, 12):
        tone = getattr(synth, kind)(float(hz), duration_s=0.3, rate_hz=16000, **extra)
        found = pitch_track(tone, 100, 4000).median_hz
        assert found is not None
        assert abs(1200 * np.log2(found / hz)) < 50, (hz, found)


@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 256), (1025, 256), (501, 125), (512, 160)])
@pytest.mark.parametrize("length", [None, 15000, 15900])
def test_griffin_lim_is_finite_at_any_size_and_length(
    n_fft: int, hop: int, length: int | None
) -> None:
    x = torch.randn(16000, generator=torch.Generator().manual_seed(0))
    magnitude = STFT(n_fft, hop)(x).abs()
    found = GriffinLim(n_fft, hop, num_iterations=8)(magnitude, length=length)
    assert torch.isfinite(found).all()
    assert found.abs().max() > 0.1


@pytest.mark.parametrize(
    ("rate_hz", "n_fft", "n_mels", "f_max_hz", "why"),
    [(44100, 1024, 256, None, "have no bin"), (16000, 512, 64, 14000.0, "lie above half the rate")],
)
def test_mel_bands_that_hold_nothing_are_reported(
    rate_hz: int, n_fft: int, n_mels: int, f_max_hz: float | None, why: str
) -> None:
    with pytest.warns(UserWarning, match=f"mel bands {why}"):
        LogMel(rate_hz, n_fft=n_fft, hop=160, n_mels=n_mels, f_max_hz=f_max_hz)


def test_usual_mel_bands_warn_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogMel(16000, n_fft=512, hop=160, n_mels=64)
        LogMel(44100, n_fft=2048, hop=512, n_mels=128)
