"""Spectra take a `Clip` wherever they take samples, at their own rate only."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tympan.audio import Clip, synth
from tympan.errors import ArgumentError
from tympan.spectra import (
    MFCC,
    STFT,
    Chroma,
    ConstantQ,
    KaldiFbank,
    LogMel,
    MelSpectrogram,
    Spectrogram,
    StreamingSpectrogram,
    Yin,
)

RATED = [
    MelSpectrogram(16000),
    LogMel(16000),
    MFCC(16000),
    Chroma(16000),
    KaldiFbank(16000),
    ConstantQ(16000, 256, n_bins=48),
    Yin(16000, 160),
]
MODULES: list[nn.Module] = [*RATED, STFT(), Spectrogram()]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_clip_is_its_samples(module: nn.Module, channels: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, (channels, 8000)).astype(np.float32)
    clip = Clip(samples, 16000)
    found = module(clip)
    assert found.shape[0] == channels
    torch.testing.assert_close(found, module(torch.from_numpy(samples)), rtol=0, atol=0)


@pytest.mark.parametrize("module", RATED, ids=lambda module: type(module).__name__)
def test_a_clip_of_another_rate_is_refused(module: nn.Module) -> None:
    clip = synth.sine(440, duration_s=0.5, rate_hz=44100).named("tone.wav")
    with pytest.raises(ArgumentError, match="made for 16000 Hz, the clip has 44100 Hz") as caught:
        module(clip)
    message = str(caught.value)
    assert "tone.wav" in message
    assert "clip.resample(16000)" in message
    assert "\n" not in message


def test_an_array_is_refused_in_one_line() -> None:
    with pytest.raises(ArgumentError, match=r"LogMel takes .* got numpy.ndarray"):
        LogMel(16000)(np.zeros(1000, np.float32))


def test_a_stream_takes_clips() -> None:
    clip = synth.white_noise(duration_s=0.5, rate_hz=16000)
    module = LogMel(16000)
    stream = StreamingSpectrogram(module)
    parts = [stream.push(clip.slice(0, 0.2)), stream.push(clip.slice(0.2)), stream.flush()]
    torch.testing.assert_close(torch.cat(parts, -1), module(clip), atol=1e-3, rtol=1e-4)
    with pytest.raises(ArgumentError, match="44100 Hz"):
        StreamingSpectrogram(module).push(clip.resample(44100))
