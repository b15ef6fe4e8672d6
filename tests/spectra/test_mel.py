from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import LogMel, Mel, MelSpectrogram, Spectrogram, hz_to_mel, mel_to_hz
from tympan.spectra.mel import mel_filters


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize(
    ("rate_hz", "n_fft", "n_mels", "low_hz", "high_hz"),
    [(16000, 512, 64, 0.0, None), (44100, 2048, 128, 20.0, 16000.0), (8000, 256, 23, 64.0, 3800.0)],
)
def test_filters_equal_librosas(
    scale: str, norm: str | None, rate_hz: int, n_fft: int, n_mels: int, low_hz: float,
    high_hz: float | None,
) -> None:  # fmt: skip
    theirs = librosa.filters.mel(
        sr=rate_hz, n_fft=n_fft, n_mels=n_mels, fmin=low_hz, fmax=high_hz, htk=scale == "htk",
        norm=norm, dtype=np.float64,
    )  # fmt: skip
    ours = mel_filters(rate_hz, n_fft, n_mels, low_hz, high_hz, scale, norm)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@given(hz=st.floats(0, 48000), scale=st.sampled_from(["slaney", "htk"]))
def test_mel_and_back(hz: float, scale: str) -> None:
    assert float(mel_to_hz(hz_to_mel(hz, scale), scale)) == pytest.approx(hz, abs=1e-6)
    assert float(hz_to_mel(hz, scale)) == pytest.approx(
        librosa.hz_to_mel(hz, htk=scale == "htk"), abs=1e-9
    )


@pytest.mark.parametrize(
    ("n_fft", "hop", "n_mels", "power", "center"),
    [(512, 160, 64, 2.0, True), (400, 160, 80, 2.0, False), (1024, 300, 40, 1.0, True)],
)
def test_mel_spectrogram_equals_librosa_on_recordings(
    clip: Clip, assert_near: Callable[..., None], n_fft: int, hop: int, n_mels: int, power: float,
    center: bool,
) -> None:  # fmt: skip
    x = clip.samples[0]
    theirs = librosa.feature.melspectrogram(
        y=x, sr=clip.rate_hz, n_fft=n_fft, hop_length=hop, n_mels=n_mels, power=power,
        center=center,
    )  # fmt: skip
    module = MelSpectrogram(clip.rate_hz, n_fft, hop, n_mels, power=power, center=center)
    assert_near(module(torch.tensor(x)), theirs, 1e-5)


def test_log_mel_equals_librosa_on_recordings(clip: Clip) -> None:
    x = clip.samples[0]
    power = librosa.feature.melspectrogram(y=x, sr=clip.rate_hz, n_fft=512, hop_length=160)
    theirs = librosa.power_to_db(power, top_db=None)
    ours = LogMel(clip.rate_hz, n_mels=128)(torch.tensor(x)).numpy()
    # 1e-4 of a power is 0.0004 dB; where nearly nothing is left, rounding of the loud bins remains.
    heard = power > 1e-7 * power.max()
    assert np.abs(ours - theirs)[heard].max() < 5e-3
    assert np.median(np.abs(ours - theirs)) < 1e-4


@given(
    n_mels=st.integers(1, 130),
    length=st.integers(1, 3000),
    batch=st.integers(1, 3),
    power=st.sampled_from([1.0, 2.0]),
)
def test_banded_product_equals_the_plain_one(
    n_mels: int, length: int, batch: int, power: float
) -> None:
    module, x = MelSpectrogram(8000, 128, 50, n_mels, power=power), torch.randn(batch, length)
    plain = module.mel(Spectrogram(128, 50, power=power)(x))
    torch.testing.assert_close(module(x), plain, atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(module(x), module(x.requires_grad_()).detach(), atol=1e-3, rtol=1e-4)


def test_empty_filters_are_zero_rows() -> None:
    # 128 bands on 65 bins: some triangles lie between two bins.
    out = MelSpectrogram(16000, 128, 64, 128)(torch.randn(1000))
    empty = mel_filters(16000, 128, 128).sum(1) == 0
    assert empty.any()
    assert (out[torch.tensor(empty)] == 0).all()


def test_gradients_and_silence() -> None:
    x = torch.randn(2, 80, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(LogMel(8000, 32, 16, 8).double(), x)
    silence = torch.zeros(500, requires_grad=True)
    LogMel()(silence).sum().backward()
    assert silence.grad is not None
    assert torch.isfinite(silence.grad).all()


def test_autocast_does_not_cost_precision() -> None:
    module, x = LogMel(), torch.randn(2, 8000)
    expected = module(x)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(module(x), expected)
        trained = module(x.requires_grad_())
    assert trained.dtype == torch.float32
    torch.testing.assert_close(trained.detach(), expected, atol=1e-3, rtol=1e-4)


def test_floor_is_the_level_of_silence() -> None:
    assert LogMel(floor_db=-80)(torch.zeros(4000)).unique().tolist() == [-80.0]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="empty"):
        Mel(16000, f_min_hz=9000)
    with pytest.raises(ArgumentError, match="slaney"):
        Mel(scale="bark")
    with pytest.raises(ArgumentError, match="norm"):
        Mel(norm="area")
    with pytest.raises(ArgumentError, match="n_mels"):
        Mel(n_mels=0)
    with pytest.raises(ShapeError, match="257"):
        Mel(16000, 512)(torch.ones(256, 3))
