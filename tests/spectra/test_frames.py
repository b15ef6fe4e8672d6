from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import _frames
from tympan.spectra._frames import Framing


@given(
    n_fft=st.integers(2, 40),
    hop=st.integers(1, 50),
    length=st.integers(41, 300),
    center=st.booleans(),
    pad_mode=st.sampled_from(_frames.PAD_MODES),
    chunk=st.integers(1, 400),
)
def test_chunks_together_are_all_frames(
    n_fft: int, hop: int, length: int, center: bool, pad_mode: str, chunk: int
) -> None:
    framing, x = Framing(n_fft, hop, center, pad_mode), torch.randn(length)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_frames, "CHUNK_SAMPLES", chunk)
        pieces = list(framing.chunks(x))
    assert [first for first, _, _ in pieces[1:]] == [last for _, last, _ in pieces[:-1]]
    together = torch.cat([frames for _, _, frames in pieces])
    assert torch.equal(together, framing.frames(x[None])[0])
    assert len(together) == framing.num_frames(length)


def test_first_frame_is_centred_on_the_first_sample() -> None:
    frames = Framing(4, 2).frames(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    assert frames[0].tolist() == [[0, 0, 1, 2], [1, 2, 3, 4], [3, 4, 0, 0]]


@pytest.mark.parametrize(
    "arguments", [{"n_fft": 1, "hop": 1}, {"n_fft": 8, "hop": 0},
                  {"n_fft": 8, "hop": 2, "pad_mode": "wrap"}]
)  # fmt: skip
def test_impossible_framing_is_refused(arguments: dict[str, int | str]) -> None:
    with pytest.raises(ArgumentError):
        Framing(**arguments)  # type: ignore[arg-type]


def test_too_short_a_signal_is_refused_with_a_way_out() -> None:
    with pytest.raises(ShapeError, match="center=True"):
        Framing(16, 4, center=False).check(torch.zeros(15))
    with pytest.raises(ShapeError, match="constant"):
        Framing(16, 4, pad_mode="reflect").check(torch.zeros(8))
    with pytest.raises(ShapeError, match="t > 0"):
        Framing(16, 4).check(torch.zeros(2, 0))
