"""Every transform in half, single and double precision."""

from __future__ import annotations

import copy
from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tympan.spectra import (
    MFCC,
    PCEN,
    STFT,
    Chroma,
    ConstantQ,
    GriffinLim,
    KaldiFbank,
    LogMel,
    Mel,
    MelSpectrogram,
    PowerToDb,
    Spectrogram,
    Yin,
    amplitude_to_db,
    db_to_amplitude,
)
from tympan.spectra._constants import WithConstants

SAMPLES, POWER = "samples", "power"


class Inverse(nn.Module):
    """The inverse of a module as a module."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        return self.module.inverse(x)


CASES: dict[str, tuple[nn.Module | Callable[[Tensor], Tensor], str]] = {
    "STFT": (STFT(512, 160), SAMPLES),
    "Spectrogram": (Spectrogram(512, 160), SAMPLES),
    "Spectrogram, magnitude": (Spectrogram(512, 160, power=1.0), SAMPLES),
    "MelSpectrogram": (MelSpectrogram(), SAMPLES),
    "LogMel": (LogMel(), SAMPLES),
    "MFCC": (MFCC(lifter=22.0), SAMPLES),
    "MFCC, top_db": (MFCC(top_db=80.0), SAMPLES),
    "Chroma": (Chroma(16000), SAMPLES),
    "ConstantQ": (ConstantQ(16000, 256, n_bins=60), SAMPLES),
    "ConstantQ, complex": (ConstantQ(16000, 256, n_bins=60, output="complex"), SAMPLES),
    "KaldiFbank": (KaldiFbank(scale=32768.0), SAMPLES),
    "Yin": (Yin(16000, 160), SAMPLES),
    "Mel": (Mel(16000, 512), POWER),
    "PowerToDb": (PowerToDb(), POWER),
    "PowerToDb.inverse": (Inverse(PowerToDb()), POWER),
    "PCEN": (PCEN(scale=1000.0), POWER),
    "PCEN, trainable": (PCEN(scale=1000.0, trainable=True, n_bands=257), POWER),
    "MFCC.inverse": (Inverse(MFCC(n_mfcc=20)), "mfcc"),
    "GriffinLim": (GriffinLim(512, 160, num_iterations=2, initial="zero"), POWER),
    "amplitude_to_db": (amplitude_to_db, POWER),
    "db_to_amplitude": (db_to_amplitude, POWER),
}


def sound(kind: str, dtype: torch.dtype) -> Tensor:
    """Values that all precisions hold exactly."""
    x = torch.randn(2, 8000, generator=torch.Generator().manual_seed(1)).bfloat16()
    if kind == SAMPLES:
        return (x * 0.125).to(dtype)
    rows = 257 if kind == POWER else 20
    return x[0].abs().to(dtype)[: rows * 30].unflatten(0, (rows, 30))


def test_every_transform_is_among_the_cases() -> None:
    import tympan.spectra as package

    public = {name for name in package.__all__ if isinstance(getattr(package, name), type)}
    modules = {name for name in public if issubclass(getattr(package, name), nn.Module)}
    tried = {type(getattr(case, "module", case)).__name__ for case, _ in CASES.values()}
    assert modules <= tried


@pytest.mark.parametrize("cast", [False, True], ids=["module as made", "module cast too"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_computed_in_single(name: str, dtype: torch.dtype, cast: bool) -> None:
    case, kind = CASES[name]
    wanted = case(sound(kind, torch.float32))
    if cast and isinstance(case, nn.Module) and "trainable" not in name:
        case = copy.deepcopy(case).to(dtype)
    found = case(sound(kind, dtype))
    # There is no complex number of half precision to compute with.
    assert found.dtype == (torch.complex64 if wanted.is_complex() else dtype)
    if wanted.is_complex():
        torch.testing.assert_close(found, wanted)
    else:
        # Half a step of the precision, to either side.
        near = 1e-4 * float(wanted.detach().abs().max())
        torch.testing.assert_close(found.float(), wanted, atol=near, rtol=torch.finfo(dtype).eps)


@pytest.mark.parametrize("cast", [False, True], ids=["module as made", "module cast too"])
@pytest.mark.parametrize("name", CASES)
def test_double_precision_stays_double(name: str, cast: bool) -> None:
    case, kind = CASES[name]
    wanted = case(sound(kind, torch.float32))
    if cast and isinstance(case, nn.Module):
        case = copy.deepcopy(case).double()
    found = case(sound(kind, torch.float64))
    assert found.dtype == (torch.complex128 if wanted.is_complex() else torch.float64)
    scale = float(wanted.detach().abs().max())
    torch.testing.assert_close(found.to(wanted.dtype), wanted, atol=2e-4 * scale, rtol=1e-3)


def test_constants_are_exact_in_double_precision() -> None:
    for case, _ in CASES.values():
        for module in case.modules() if isinstance(case, nn.Module) else ():
            if isinstance(module, WithConstants):
                for name, exact in module.__dict__.get("_exact", {}).items():
                    assert np.array_equal(module.constant(name, torch.float64).numpy(), exact)
                    assert module.constant(name, torch.float16).dtype == torch.float32


def test_transforms_equal_librosas_in_double_precision() -> None:
    x = torch.randn(20000, dtype=torch.float64)
    y = x.numpy()
    theirs = librosa.stft(y, n_fft=512, hop_length=160)
    np.testing.assert_allclose(STFT(512, 160)(x).numpy(), theirs, rtol=0, atol=1e-12)
    back = STFT(512, 160).inverse(STFT(512, 160)(x), 20000)
    np.testing.assert_allclose(back.numpy(), y, rtol=0, atol=1e-12)
    filters = librosa.filters.mel(sr=16000, n_fft=512, n_mels=64, dtype=np.float64)
    ours = MelSpectrogram()(x).numpy()
    np.testing.assert_allclose(ours, filters @ np.abs(theirs) ** 2, rtol=1e-11)
    chroma = librosa.feature.chroma_stft(
        y=y, sr=16000, n_fft=2048, hop_length=512, tuning=0.0, dtype=np.float64
    )
    np.testing.assert_allclose(Chroma(16000)(x).numpy(), chroma, rtol=1e-9)
