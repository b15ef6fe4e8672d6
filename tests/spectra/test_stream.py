from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import (
    MFCC,
    PCEN,
    STFT,
    Chroma,
    LogMel,
    Mel,
    MelSpectrogram,
    PowerToDb,
    Spectrogram,
    StreamingSpectrogram,
)

MODULES: dict[str, nn.Module] = {
    "stft": STFT(64, 24),
    "spectrogram": Spectrogram(64, 100, power=1.0),
    "mel": MelSpectrogram(8000, 64, 17, 8),
    "log-mel": LogMel(8000, 128, 80, 12),
    "mfcc": MFCC(8000, 128, 80, 5, 12),
    "chroma": Chroma(8000, 256, 64),
    "pcen": nn.Sequential(MelSpectrogram(8000, 128, 40, 10), PCEN(8000, 40)),
    "chain": nn.Sequential(Spectrogram(64, 24), Mel(8000, 64, 8), PCEN(8000, 24), PowerToDb()),
}


def in_blocks(module: nn.Module, x: Tensor, cuts: list[int]) -> Tensor:
    stream, pieces, last = StreamingSpectrogram(module), [], 0
    for cut in [*sorted(cuts), x.shape[-1]]:
        pieces.append(stream.push(x[..., last:cut]))
        last = cut
    pieces.append(stream.flush())
    assert stream.num_samples == x.shape[-1]
    assert stream.num_frames == sum(piece.shape[-1] for piece in pieces)
    return torch.cat(pieces, dim=-1)


@pytest.mark.parametrize("name", MODULES)
@given(data=st.data())
def test_blocks_of_any_sizes_give_the_frames_of_the_whole(name: str, data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 1500))
    cuts = data.draw(st.lists(st.integers(0, length), max_size=8))
    x = torch.randn(2, length)
    expected = MODULES[name](x)
    torch.testing.assert_close(in_blocks(MODULES[name], x, cuts), expected, atol=2e-4, rtol=1e-4)


@given(
    length=st.integers(33, 400),
    cuts=st.lists(st.integers(0, 400), max_size=8),
    hop=st.integers(1, 100),
    center=st.booleans(),
    pad_mode=st.sampled_from(["constant", "reflect", "replicate"]),
    n_fft=st.integers(2, 33),
)
def test_every_kind_of_padding_streams(
    length: int, cuts: list[int], hop: int, center: bool, pad_mode: str, n_fft: int
) -> None:
    module, x = STFT(n_fft, hop, center=center, pad_mode=pad_mode), torch.randn(length)
    cuts = [min(cut, length) for cut in cuts]
    torch.testing.assert_close(in_blocks(module, x, cuts), module(x), atol=1e-5, rtol=1e-5)


def test_real_recording_in_the_blocks_of_a_sound_card(voice: Clip) -> None:
    x, module = torch.tensor(voice.samples), LogMel(voice.rate_hz)
    cuts = list(range(480, x.shape[-1], 480))
    torch.testing.assert_close(in_blocks(module, x, cuts), module(x), atol=1e-3, rtol=1e-4)


def test_memory_does_not_grow_with_the_stream() -> None:
    stream = StreamingSpectrogram(LogMel(8000, 128, 80, 12))
    for _ in range(50):
        stream.push(torch.randn(1000))
        assert stream._buffer is not None
        assert stream._recent is not None
        held = [
            stream._buffer.untyped_storage().nbytes(),
            stream._recent.untyped_storage().nbytes(),
        ]
        assert max(held) <= 4 * 128


def test_reset_begins_anew() -> None:
    module, x = MODULES["pcen"], torch.randn(700)
    stream = StreamingSpectrogram(module)
    for _ in range(2):
        pieces = [stream.push(x), stream.flush()]
        torch.testing.assert_close(torch.cat(pieces, -1), module(x), atol=1e-4, rtol=1e-4)
        with pytest.raises(ArgumentError, match="reset"):
            stream.push(x)
        stream.reset()


def test_what_cannot_stream_is_refused() -> None:
    for module in (MFCC(top_db=80), nn.Sequential(Spectrogram(), PowerToDb(top_db=80))):
        with pytest.raises(ArgumentError, match="top_db"):
            StreamingSpectrogram(module)
    for module in (PCEN(), nn.Sequential()):
        with pytest.raises(ArgumentError, match="frames"):
            StreamingSpectrogram(module)


def test_wrong_calls_are_refused() -> None:
    stream = StreamingSpectrogram(STFT(64, 16))
    with pytest.raises(ArgumentError, match="push samples first"):
        stream.flush()
    stream.push(torch.zeros(2, 10))
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        stream.push(torch.zeros(10))
    short = StreamingSpectrogram(STFT(64, 16, center=False))
    short.push(torch.zeros(63))
    with pytest.raises(ShapeError, match="fewer than one frame"):
        short.flush()
