from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from torch import Tensor

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import GriffinLim, Spectrogram


def distance_db(found: Tensor, wanted: Tensor) -> float:
    """Spectral convergence: error of the magnitudes below the magnitudes, in dB."""
    return float(20 * torch.log10((found - wanted).norm() / wanted.norm()))


@pytest.mark.parametrize("momentum", [0.0, 0.99])
def test_griffin_lim_equals_librosa_from_the_same_phases(
    clip: Clip, assert_near: Callable[..., None], momentum: float
) -> None:
    x = clip.slice(0, 1).samples[0]
    magnitude = np.abs(librosa.stft(x, n_fft=512, hop_length=128)).astype(np.float64)
    theirs = librosa.griffinlim(
        magnitude, n_iter=4, hop_length=128, init=None, momentum=momentum, length=len(x)
    )
    module = GriffinLim(512, 128, num_iterations=4, momentum=momentum, initial="zero").double()
    assert_near(module(torch.tensor(magnitude), length=len(x)), theirs)


def test_more_rounds_come_nearer_and_momentum_helps(voice: Clip) -> None:
    x = torch.tensor(voice.slice(0, 2).samples[0])
    spectrogram = Spectrogram(512, 128, power=1.0)
    wanted = spectrogram(x)

    def reached(rounds: int, momentum: float) -> float:
        module = GriffinLim(512, 128, num_iterations=rounds, momentum=momentum)
        return distance_db(spectrogram(module(wanted, length=len(x))), wanted)

    few, many, fast = reached(2, 0.0), reached(30, 0.0), reached(30, 0.99)
    assert many < few - 3
    assert fast < many - 2
    assert fast < -18


def test_same_seed_same_signal() -> None:
    wanted = torch.rand(2, 65, 20)
    module = GriffinLim(128, 32, power=2.0, num_iterations=3)
    assert module(wanted).shape == (2, 19 * 32)
    assert torch.equal(module(wanted), module(wanted))
    other = module(wanted, generator=torch.Generator().manual_seed(5))
    assert not torch.equal(module(wanted), other)


def test_gradient_reaches_the_magnitude() -> None:
    wanted = (torch.rand(17, 12, dtype=torch.float64) + 0.1).requires_grad_()
    GriffinLim(32, 8, num_iterations=2).double()(wanted).square().sum().backward()
    assert wanted.grad is not None
    assert torch.isfinite(wanted.grad).all()
    assert (wanted.grad != 0).any()


def test_silence_stays_silent() -> None:
    assert (GriffinLim(64, 16)(torch.zeros(33, 10)) == 0).all()


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ShapeError, match="33"):
        GriffinLim(64, 16)(torch.rand(32, 10))
    for wrong in ({"power": 0.0}, {"momentum": -1.0}, {"initial": "noise"}):
        with pytest.raises(ArgumentError):
            GriffinLim(**wrong)  # type: ignore[arg-type]
