from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import STFT, Spectrogram, _frames
from tympan.spectra.windows import window

Near = Callable[..., None]

WINDOWS = ["hann", "hamming", "blackman", "rectangular", "flattop", ("kaiser", 8.0), ("tukey", 0.3)]


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize(
    ("n_fft", "hop", "win", "pad_mode", "center"),
    [(512, 160, 512, "constant", True), (512, 160, 400, "reflect", True),
     (1024, 256, 1024, "constant", False), (1000, 250, 999, "constant", True)],
)  # fmt: skip
def test_stft_equals_librosa_on_recordings(
    clip: Clip, assert_near: Near, n_fft: int, hop: int, win: int, pad_mode: str, center: bool
) -> None:
    x = clip.samples[0]
    theirs = librosa.stft(
        x, n_fft=n_fft, hop_length=hop, win_length=win, center=center, pad_mode=pad_mode
    )
    stft = STFT(n_fft, hop, win, center=center, pad_mode=pad_mode)
    assert_near(stft(torch.tensor(x)), theirs, 1e-5)
    for power in (1.0, 2.0, 0.7):
        module = Spectrogram(n_fft, hop, win, center=center, pad_mode=pad_mode, power=power)
        assert_near(module(torch.tensor(x)), np.abs(theirs) ** power)


@pytest.mark.parametrize("spec", WINDOWS, ids=str)
def test_stft_equals_torch_under_every_window(spec: str, assert_near: Near) -> None:
    x = torch.randn(3, 5000)
    shape = torch.tensor(window(spec, 256), dtype=torch.float32)
    theirs = torch.stft(x, 256, 100, window=shape, pad_mode="constant", return_complex=True)
    assert_near(STFT(256, 100, window=spec)(x), theirs.numpy(), 1e-5)


@given(
    n_fft=st.integers(8, 64),
    step=st.floats(0, 1),
    share=st.floats(0.5, 1),
    length=st.integers(1, 500),
    spec=st.sampled_from(WINDOWS),
)
def test_inverse_is_exact_wherever_windows_reach(
    n_fft: int, step: float, share: float, length: int, spec: str
) -> None:
    win = round(share * n_fft)
    # Samples after the last frame's centre need a window that still reaches them.
    hop = 1 + int(step * (win // 2 - 2))
    stft = STFT(n_fft, hop, win, window=spec).double()
    x = noise(2, length)
    back = stft.inverse(stft(x), length)
    weight = window(spec, win) ** 2
    assume(np.pad(weight, (0, -win % hop)).reshape(-1, hop).sum(0).min() > 1e-6)
    inner = slice(0, max(1, length - hop))
    torch.testing.assert_close(back[:, inner], x[:, inner], atol=1e-7, rtol=0)


def test_inverse_without_centre_gives_all_but_the_unreached_sample() -> None:
    stft, x = STFT(64, 16, center=False).double(), noise(64 + 16 * 9)
    back = stft.inverse(stft(x))
    assert back.shape == x.shape
    torch.testing.assert_close(back[1:], x[1:])
    assert back[0] == 0


def test_inverse_of_long_signal_in_pieces_equals_the_differentiable_path() -> None:
    stft, x = STFT(512, 128), torch.randn(2, 80000)
    spec = stft(x)
    fast, plain = stft.inverse(spec, 80000), stft.inverse(spec.requires_grad_(), 80000)
    torch.testing.assert_close(fast, plain.detach(), atol=1e-6, rtol=0)
    torch.testing.assert_close(fast, x, atol=2e-6, rtol=0)


def test_inverse_pads_to_a_length_past_the_last_frame() -> None:
    stft = STFT(64, 16)
    assert stft.inverse(stft(torch.randn(100)), 300).shape == (300,)


def test_gaps_between_windows_are_refused() -> None:
    stft = STFT(64, 64)
    with pytest.raises(ArgumentError, match="smaller hop"):
        stft.inverse(stft(torch.randn(640)), 640)
    with pytest.raises(ShapeError, match="f = 33"):
        stft.inverse(torch.zeros(32, 4, dtype=torch.complex64))


@given(n_fft=st.integers(2, 200), count=st.integers(1, 8))
def test_parseval(n_fft: int, count: int) -> None:
    x = noise(n_fft * count)
    stft = STFT(n_fft, n_fft, window="rectangular", center=False).double()
    power = Spectrogram(n_fft, n_fft, window="rectangular", center=False).double()(x)
    weight = torch.full((n_fft // 2 + 1, 1), 2.0, dtype=torch.float64)
    weight[0] = 1
    if n_fft % 2 == 0:
        weight[-1] = 1
    torch.testing.assert_close((weight * power).sum() / n_fft, (x * x).sum())
    torch.testing.assert_close(stft(x).abs().square(), power)


@given(a=st.floats(-3, 3), b=st.floats(-3, 3), hop=st.integers(1, 80))
def test_linearity(a: float, b: float, hop: int) -> None:
    stft = STFT(64, hop).double()
    x, y = noise(400), noise(400)
    torch.testing.assert_close(stft(a * x + b * y), a * stft(x) + b * stft(y))


@given(hop=st.integers(1, 40), frames=st.integers(1, 6))
def test_shift_by_hops_shifts_the_columns(hop: int, frames: int) -> None:
    stft, x = STFT(32, hop).double(), noise(500)
    shifted = torch.nn.functional.pad(x, (hop * frames, 0))
    inside = -(-16 // hop)  # columns whose frames do not see the seam
    torch.testing.assert_close(
        stft(shifted)[:, frames + inside : frames + inside + 5], stft(x)[:, inside : inside + 5]
    )


def test_delay_within_a_frame_turns_the_phase() -> None:
    n = torch.arange(4000, dtype=torch.float64)
    stft = STFT(128, 32).double()
    a, b = (stft(torch.cos(2 * torch.pi * 10 / 128 * (n - d))) for d in (0, 3))
    turn = torch.angle(b[10, 20] / a[10, 20])
    assert float(turn) == pytest.approx(-2 * np.pi * 30 / 128, abs=1e-6)


@pytest.mark.parametrize(
    "module", [STFT(64, 24), Spectrogram(64, 24), Spectrogram(64, 24, power=1)]
)
def test_pieces_equal_the_whole_and_the_gradient_path(
    module: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = torch.randn(2, 3, 3000)
    plain = module(x.clone().requires_grad_()).detach()
    monkeypatch.setattr(_frames, "CHUNK_SAMPLES", 640)
    monkeypatch.setattr("tympan.spectra.stft.CHUNK_SAMPLES", 640)
    torch.testing.assert_close(module(x), plain, atol=1e-4, rtol=1e-5)
    assert module(x).shape[:2] == (2, 3)


def test_gradients() -> None:
    x = noise(2, 60).requires_grad_()
    stft = STFT(16, 5).double()
    assert torch.autograd.gradcheck(lambda x: torch.view_as_real(stft(x)), x)
    assert torch.autograd.gradcheck(lambda x: stft.inverse(stft(x) * 0.5, 60), x)
    for power in (1.0, 2.0, 3.0):
        assert torch.autograd.gradcheck(Spectrogram(16, 5, power=power).double(), x)


def test_gradient_at_silence_is_zero() -> None:
    x = torch.zeros(100, requires_grad=True)
    Spectrogram(16, 5, power=1.0)(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.zeros(100))


def test_vmap_equals_the_batch() -> None:
    module, x = Spectrogram(64, 16), torch.randn(3, 400)
    torch.testing.assert_close(torch.func.vmap(module)(x), module(x))


def test_whole_numbers_are_taken_as_float32() -> None:
    x = (torch.randn(400) * 100).to(torch.int16)
    out = Spectrogram(64, 16)(x)
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, Spectrogram(64, 16)(x.float()))


def test_the_result_is_as_precise_as_the_samples() -> None:
    for module in (Spectrogram(64, 16), Spectrogram(64, 16).double()):
        for dtype in (torch.float32, torch.float64):
            assert module(torch.randn(400, dtype=dtype)).dtype == dtype


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="between 1 and n_fft"):
        STFT(64, 16, win=65)
    with pytest.raises(ArgumentError, match="power"):
        Spectrogram(power=0)


@settings(max_examples=20)
@given(amplitude=st.floats(0.01, 2), k=st.integers(2, 29))
def test_sine_on_a_bin_has_the_documented_height(amplitude: float, k: int) -> None:
    n = torch.arange(640, dtype=torch.float64)
    stft = STFT(64, 16, center=False).double()
    height = stft(amplitude * torch.sin(2 * torch.pi * k / 64 * n)).abs()[k, 3]
    assert float(height) == pytest.approx(amplitude * float(stft.window.sum()) / 2, rel=1e-6)
