from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import KaldiFbank, StreamingSpectrogram


@pytest.fixture(scope="module")
def kaldi() -> ModuleType:
    return pytest.importorskip("kaldi_native_fbank")


def theirs(
    kaldi: ModuleType,
    x: np.ndarray,
    rate_hz: int,
    n_mels: int,
    mel: dict[str, Any],
    frame: dict[str, Any],
) -> np.ndarray:
    options = kaldi.FbankOptions()
    options.frame_opts.samp_freq, options.frame_opts.dither = rate_hz, 0
    options.mel_opts.num_bins = n_mels
    for name, value in mel.items():
        setattr(options.mel_opts, name, value)
    for name, value in frame.items():
        setattr(options.frame_opts, name, value)
    extractor = kaldi.OnlineFbank(options)
    extractor.accept_waveform(rate_hz, x.tolist())
    extractor.input_finished()
    frames = [extractor.get_frame(i) for i in range(extractor.num_frames_ready)]
    return np.stack(frames, axis=1)


@pytest.mark.parametrize(("rate_hz", "n_mels"), [(16000, 80), (8000, 23), (44100, 128)])
@pytest.mark.parametrize("snip_edges", [True, False])
@pytest.mark.parametrize("scale", [1.0, 32768.0])
def test_filter_banks_equal_kaldis(
    kaldi: ModuleType, voice: Clip, rate_hz: int, n_mels: int, snip_edges: bool, scale: float
) -> None:
    x = voice.resample(rate_hz).samples[0, : 2 * rate_hz + 77]
    wanted = theirs(kaldi, scale * x, rate_hz, n_mels, {}, {"snip_edges": snip_edges})
    module = KaldiFbank(rate_hz, n_mels, snip_edges=snip_edges, scale=scale)
    found = module(torch.tensor(x)).numpy()
    assert found.shape == wanted.shape
    # In bands all but empty both hold but the rounding of float32.
    full = wanted > wanted.max() - 14
    np.testing.assert_allclose(found[full], wanted[full], atol=5e-4)
    assert np.median(np.abs(found - wanted)) < 1e-4


def test_options_equal_kaldis(kaldi: ModuleType) -> None:
    x = np.random.default_rng(0).normal(0.1, 0.1, 20000).astype(np.float32)
    wanted = theirs(
        kaldi, x, 16000, 40, {"low_freq": 100, "high_freq": 7000},
        {"frame_length_ms": 32, "frame_shift_ms": 12.5, "preemph_coeff": 0.5,
         "window_type": "hamming", "remove_dc_offset": False},
    )  # fmt: skip
    module = KaldiFbank(
        16000, 40, 0.032, 0.0125, 100.0, 7000.0,
        window="hamming", pre_emphasis=0.5, remove_mean=False,
    )  # fmt: skip
    np.testing.assert_allclose(module(torch.tensor(x)).numpy(), wanted, atol=2e-3)


def test_silence_is_kaldis_floor() -> None:
    floor = float(np.log(np.finfo(np.float32).eps))
    assert KaldiFbank()(torch.zeros(2, 16000)).unique().tolist() == pytest.approx([floor])


@given(num_samples=st.integers(80, 3000))
def test_unsnipped_frames_come_every_hop(num_samples: int) -> None:
    out = KaldiFbank(16000, 20, snip_edges=False)(torch.randn(num_samples))
    assert out.shape == (20, (num_samples + 80) // 160)


def test_streams_batches_and_gradients() -> None:
    module, x = KaldiFbank(16000, 40), torch.randn(2, 5000, requires_grad=True)
    whole = module(x)
    whole.sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    torch.testing.assert_close(module(x[1]), whole[1])
    stream, y = StreamingSpectrogram(module), x.detach()
    pieces = [stream.push(y[:, :777]), stream.push(y[:, 777:]), stream.flush()]
    torch.testing.assert_close(torch.cat(pieces, -1), whole.detach(), atol=1e-4, rtol=1e-4)
    with pytest.raises(ArgumentError, match="whole signal"):
        StreamingSpectrogram(KaldiFbank(snip_edges=False))


def test_wrong_arguments_are_refused() -> None:
    for options in ({"pre_emphasis": 1.5}, {"f_max_hz": 9000.0}, {"n_mels": 0}, {"hop_s": 0.0}):
        with pytest.raises(ArgumentError):
            KaldiFbank(16000, **options)
    with pytest.raises(ShapeError):
        KaldiFbank(snip_edges=False)(torch.zeros(20))
    with pytest.raises(ShapeError):
        KaldiFbank()(torch.zeros(300))
