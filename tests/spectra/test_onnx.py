"""Every module runs in ONNX Runtime, on other batches and lengths than it was exported with."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

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
    LogMel,
    MelSpectrogram,
    PowerToDb,
    Spectrogram,
    Yin,
)

pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
runtime = pytest.importorskip("onnxruntime")

MODULES: dict[str, nn.Module] = {
    "spectrogram": Spectrogram(64, 16),
    "magnitude": Spectrogram(60, 16, win=50, window="hamming", power=1.0, pad_mode="reflect"),
    "bare": Spectrogram(64, 16, center=False),
    "mel": MelSpectrogram(8000, 64, 16, 10),
    "log-mel": LogMel(8000, 128, 40, 12),
    "mfcc": MFCC(8000, 128, 40, 6, 12, top_db=80.0),
    "chroma": Chroma(8000, 256, 64),
    "pcen": nn.Sequential(MelSpectrogram(8000, 128, 40, 10), PCEN(8000, 40)),
    "decibels": nn.Sequential(Spectrogram(64, 16), PowerToDb(top_db=60.0)),
    "constant-q": ConstantQ(8000, 64, 300.0, n_bins=24),
}


def run(path: Path, x: Tensor) -> np.ndarray:
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


def check(path: Path, module: nn.Module, x: Tensor) -> None:
    expected = module(x).detach()
    if expected.is_complex():
        expected = torch.view_as_real(expected)
    ours = run(path, x)
    assert ours.shape == expected.shape
    assert np.abs(ours - expected.numpy()).max() <= 1e-4 * float(expected.abs().max())


@pytest.fixture(autouse=True)
def _quiet() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)


@pytest.mark.parametrize("name", MODULES)
def test_traced_graph_equals_the_module(name: str, tmp_path: Path) -> None:
    path, module = tmp_path / "module.onnx", MODULES[name].eval()
    axes = {"x": {0: "b", 1: "t"}}
    torch.onnx.export(
        module, (torch.randn(2, 4000) * 0.1,), path, dynamo=False, input_names=["x"],
        dynamic_axes=axes,
    )  # fmt: skip
    check(path, module, torch.randn(2, 4000) * 0.1)
    check(path, module, torch.randn(3, 3111) * 0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    [STFT(64, 16), LogMel(8000, 128, 40, 12), Yin(4000, 100, 200, 1000)],
    ids=lambda module: type(module).__name__,
)
def test_exported_program_equals_the_module(module: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "module.onnx"
    batch, samples = torch.export.Dim("b", max=64), torch.export.Dim("t", min=600, max=1 << 24)
    torch.onnx.export(
        module.eval(), (torch.randn(2, 2000),), path, dynamo=True, verbose=False,
        dynamic_shapes=({0: batch, 1: samples},),
    )  # fmt: skip
    check(path, module, torch.randn(2, 2000))
    check(path, module, torch.randn(3, 1111))


@pytest.mark.slow
def test_griffin_lim_of_a_fixed_size_equals_the_module(tmp_path: Path) -> None:
    path, module = tmp_path / "module.onnx", GriffinLim(64, 16, num_iterations=2, initial="zero")
    magnitude = Spectrogram(64, 16, power=1.0)(torch.randn(1, 800))
    torch.onnx.export(module.eval(), (magnitude,), path, dynamo=True, verbose=False)
    check(path, module, magnitude)


def test_exported_kernels_are_the_transform() -> None:
    stft = STFT(60, 20, window="blackman")
    spec = torch.fft.rfft(torch.eye(60), dim=1) * stft.window[:, None]
    kernel = stft.fourier_kernel()[:, 0]
    torch.testing.assert_close(kernel[:31].T, spec.real, atol=1e-6, rtol=0)
    torch.testing.assert_close(kernel[31:].T, spec.imag, atol=1e-6, rtol=0)
