from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch

from tympan.audio import Clip, synth
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import Chroma
from tympan.spectra.chroma import chroma_filters


@pytest.mark.parametrize(("rate_hz", "n_fft"), [(22050, 2048), (16000, 1024), (44100, 4096)])
@pytest.mark.parametrize(("n_chroma", "tuning"), [(12, 0.0), (24, 0.3)])
def test_filters_equal_librosas(rate_hz: int, n_fft: int, n_chroma: int, tuning: float) -> None:
    theirs = librosa.filters.chroma(
        sr=rate_hz, n_fft=n_fft, n_chroma=n_chroma, tuning=tuning, dtype=np.float64
    )
    np.testing.assert_allclose(chroma_filters(rate_hz, n_fft, n_chroma, tuning), theirs, atol=1e-10)


@pytest.mark.parametrize("normalize", [True, False])
def test_chroma_equals_librosa_on_recordings(
    clip: Clip, assert_near: Callable[..., None], normalize: bool
) -> None:
    x = clip.samples[0]
    theirs = librosa.feature.chroma_stft(
        y=x, sr=clip.rate_hz, tuning=0.0, norm=np.inf if normalize else None
    )
    assert_near(Chroma(clip.rate_hz, normalize=normalize)(torch.tensor(x)), theirs)


@pytest.mark.parametrize("octave", [0.5, 1, 2])
@pytest.mark.parametrize(("hz", "row"), [(440.0, 9), (261.63, 0), (329.63, 4)])
def test_note_is_its_class_in_every_octave(octave: float, hz: float, row: int) -> None:
    clip = synth.sine(hz * octave, duration_s=0.5, rate_hz=22050)
    chroma = Chroma(22050)(torch.tensor(clip.samples[0]))
    assert int(chroma[:, 10].argmax()) == row


def test_silence_is_zero_and_has_a_gradient() -> None:
    x = torch.zeros(4000, requires_grad=True)
    chroma = Chroma()(x)
    chroma.sum().backward()
    assert (chroma == 0).all()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


def test_gradients() -> None:
    x = torch.randn(100, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Chroma(8000, 64, 32, normalize=False).double(), x)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="n_chroma"):
        Chroma(n_chroma=0)


@pytest.mark.parametrize("tuning", [0.0, 0.3])
def test_chroma_of_a_spectrogram_equals_librosas(tuning: float) -> None:
    power = torch.rand(1025, 30, dtype=torch.float64) ** 4
    ours = Chroma(22050, tuning=tuning).of_power(power)
    theirs = librosa.feature.chroma_stft(
        S=power.numpy(), sr=22050, n_fft=2048, tuning=tuning, dtype=np.float64
    )
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-9)
    with pytest.raises(ShapeError, match="1025"):
        Chroma(22050).of_power(power[:-1])
