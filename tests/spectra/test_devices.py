"""Modules on a graphics card give what they give on the processor."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tympan.spectra import (
    MFCC,
    PCEN,
    STFT,
    Chroma,
    ConstantQ,
    GriffinLim,
    LogMel,
    MelSpectrogram,
    Spectrogram,
    StreamingSpectrogram,
    Yin,
)

MODULES: list[nn.Module] = [
    STFT(512, 160),
    Spectrogram(512, 160, power=1.0),
    MelSpectrogram(),
    LogMel(),
    MFCC(top_db=80.0),
    Chroma(16000),
    nn.Sequential(MelSpectrogram(), PCEN()),
    ConstantQ(16000, 256, n_bins=60),
    Yin(16000, 160),
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_copies_and_state_travel(module: nn.Module) -> None:
    # Windows and filters follow from the arguments: nothing to save, nothing to go wrong.
    assert module.state_dict() == {}
    x = torch.randn(2, 4000)
    torch.testing.assert_close(copy.deepcopy(module)(x), module(x))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_no_constant_stays_behind_on_the_processor(module: nn.Module) -> None:
    # The device without storage refuses to work with tensors of any other.
    x = torch.randn(2, 8000)
    out = copy.deepcopy(module).to("meta")(x.to("meta"))
    assert out.shape == module(x).shape


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
def test_graphics_card_equals_the_processor(module: nn.Module) -> None:
    x = torch.randn(2, 20000) * 0.1
    expected = module(x)
    moved = copy.deepcopy(module).cuda()
    ours = moved(x.cuda())
    assert ours.device.type == "cuda"
    scale = float(expected.abs().max())
    torch.testing.assert_close(ours.cpu(), expected, atol=2e-4 * scale, rtol=1e-3)
    y = x.cuda().requires_grad_()
    moved(y).abs().sum().backward()
    assert torch.isfinite(y.grad).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")
def test_streams_and_griffin_lim_on_the_graphics_card() -> None:
    x = torch.randn(5000, device="cuda")
    module = LogMel().cuda()
    stream = StreamingSpectrogram(module)
    pieces = [stream.push(x[:700]), stream.push(x[700:]), stream.flush()]
    torch.testing.assert_close(torch.cat(pieces, -1), module(x), atol=1e-3, rtol=1e-4)
    magnitude = Spectrogram(512, 128, power=1.0).cuda()(x)
    assert GriffinLim(512, 128, num_iterations=2).cuda()(magnitude).device.type == "cuda"
