"""The net: lengths, padding, and what it depends on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.errors import ShapeError
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.net import SpeechRecogniserNet, log_mels, normalised

CONFIG = TranscribeConfig(phonemes=("a", "b"), characters=("x",), size=16, blocks=2, kernel=3)


@pytest.fixture
def net() -> SpeechRecogniserNet:
    torch.manual_seed(0)
    return SpeechRecogniserNet(CONFIG).eval()


def test_answers_of_a_padded_recording_are_those_of_it_alone(net: SpeechRecogniserNet) -> None:
    mels = torch.randn(2, 64, 101) * 10 - 40
    lengths = torch.tensor([101, 57])
    both = net(mels, lengths)
    count = int(net.answers(lengths)[1])
    assert count == 30
    for together, alone in zip(both, net(mels[1:, :, :57], lengths[1:]), strict=True):
        assert alone.shape[1] == count
        torch.testing.assert_close(together[1:, :count], alone, atol=1e-5, rtol=1e-5)


def test_an_answer_depends_on_its_context_alone(net: SpeechRecogniserNet) -> None:
    mels = torch.rand(1, 64, 400) * 10 - 40
    mels.requires_grad_()
    at = 100  # an answer in the middle; the mean of each band depends on all frames
    net.enter.eval()
    x = mels * 1.0
    for step in (net.enter, *net.blocks):
        x = step(x)
    x[0, :, at // 2].sum().backward()
    assert mels.grad is not None
    reached = mels.grad[0].abs().sum(0).nonzero().flatten()
    centre = at * 2
    assert int(reached.min()) >= centre - net.context
    assert int(reached.max()) <= centre + net.context
    assert int(reached.max() - reached.min()) > net.context


def test_loudness_and_a_constant_colour_do_not_matter() -> None:
    mels = torch.randn(1, 64, 50) * 5
    lengths = torch.tensor([50])
    plain = normalised(mels, lengths)
    torch.testing.assert_close(normalised(mels - 20, lengths), plain, atol=1e-4, rtol=1e-4)
    coloured = normalised(mels + torch.linspace(-3, 3, 64)[:, None], lengths)
    torch.testing.assert_close(coloured, plain, atol=1e-4, rtol=1e-4)


def test_silence_of_a_file_and_of_a_room_are_alike() -> None:
    mels = torch.full((1, 64, 10), -100.0)
    mels[:, :, :5] = 0.0
    room = mels.clone()
    room[:, :, 5:] = -80.0
    lengths = torch.tensor([10])
    torch.testing.assert_close(normalised(mels, lengths), normalised(room, lengths))


def test_a_wrong_number_of_bands_is_named(net: SpeechRecogniserNet) -> None:
    with pytest.raises(ShapeError, match="f=64"):
        net(torch.zeros(1, 40, 50), torch.tensor([50]))


def test_a_tone_is_in_its_band() -> None:
    time = np.arange(16_000) / 16_000
    wave = np.sin(2 * np.pi * 1000 * time).astype(np.float32)
    mels = log_mels(wave, CONFIG)
    assert mels.shape == (64, 101)
    from tympan.tasks.transcribe.variation import band_centres_hz

    loudest = band_centres_hz(CONFIG)[int(mels[:, 50].argmax())]
    assert abs(loudest - 1000) < 60
