from __future__ import annotations

import librosa
import numpy as np
import pytest
import scipy.fft
import torch

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import MFCC, LogMel
from tympan.spectra.mfcc import cosine_matrix


@pytest.mark.parametrize(
    ("n_mfcc", "lifter", "scale", "top_db"),
    [(20, 0, "slaney", 80.0), (13, 22, "htk", 80.0), (13, 0, "slaney", None)],
)
def test_mfcc_equals_librosa_on_recordings(
    clip: Clip, assert_near: object, n_mfcc: int, lifter: float, scale: str, top_db: float | None
) -> None:
    x, options = clip.samples[0], {"n_fft": 512, "hop_length": 160, "htk": scale == "htk"}
    power = librosa.feature.melspectrogram(y=x, sr=clip.rate_hz, n_mels=64, **options)
    theirs = librosa.feature.mfcc(
        S=librosa.power_to_db(power, top_db=top_db), n_mfcc=n_mfcc, lifter=lifter
    )
    module = MFCC(clip.rate_hz, n_mfcc=n_mfcc, lifter=lifter, scale=scale, top_db=top_db)
    assert callable(assert_near)
    assert_near(module(torch.tensor(x)), theirs)


def test_matrix_is_scipys_transform() -> None:
    x = torch.randn(30, dtype=torch.float64).numpy()
    ours = cosine_matrix(30) @ x
    assert ours == pytest.approx(scipy.fft.dct(x, norm="ortho"))


def test_inverse_of_all_coefficients_is_exact_and_of_some_is_smooth() -> None:
    x = torch.randn(8000)
    level = LogMel(n_mels=40)(x)
    full, few = MFCC(n_mfcc=40, n_mels=40), MFCC(n_mfcc=10, n_mels=40)
    torch.testing.assert_close(full.inverse(full(x)), level, atol=1e-3, rtol=1e-4)
    # The coefficients kept are those of the result.
    again = torch.matmul(few.matrix, few.inverse(few(x)))
    torch.testing.assert_close(again, few(x), atol=1e-3, rtol=1e-4)
    with pytest.raises(ShapeError, match="10"):
        few.inverse(full(x))


def test_gradients() -> None:
    x = torch.randn(80, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(MFCC(8000, 32, 16, 5, 8).double(), x)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="n_mels = 64"):
        MFCC(n_mfcc=65)
    with pytest.raises(ArgumentError, match="lifter"):
        MFCC(lifter=-1)


@pytest.mark.parametrize("dct_type", [1, 2, 3])
@pytest.mark.parametrize("dct_norm", ["ortho", None])
@pytest.mark.parametrize("lifter", [0.0, 22.0])
def test_any_cosine_transform_equals_librosas(
    voice: Clip, dct_type: int, dct_norm: str | None, lifter: float
) -> None:
    x = torch.tensor(voice.samples[0], dtype=torch.float64)
    module = MFCC(
        voice.rate_hz, n_mfcc=20, top_db=80.0, lifter=lifter, dct_type=dct_type, dct_norm=dct_norm
    )
    theirs = librosa.feature.mfcc(
        y=x.numpy(), sr=voice.rate_hz, n_mfcc=20, n_mels=64, n_fft=512, hop_length=160,
        dct_type=dct_type, norm=dct_norm, lifter=lifter,
    )  # fmt: skip
    np.testing.assert_allclose(module(x).numpy(), theirs, atol=2e-6 * np.abs(theirs).max())
    whole = MFCC(16000, n_mfcc=64, n_mels=64, dct_type=dct_type, dct_norm=dct_norm)
    torch.testing.assert_close(whole.inverse(whole(x)), whole.logmel(x))


def test_unknown_cosine_transforms_are_refused() -> None:
    with pytest.raises(ArgumentError, match="dct_type"):
        MFCC(dct_type=4)
    with pytest.raises(ArgumentError, match="dct_norm"):
        MFCC(dct_norm="slaney")
