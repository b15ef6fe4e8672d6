from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from scipy import signal

from tympan.audio import Clip, synth
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import ConstantQ


def librosas(clip: Clip, hop: int, **options: float) -> np.ndarray:
    return librosa.cqt(
        clip.samples[0], sr=clip.rate_hz, hop_length=hop, sparsity=0, tuning=0.0, **options
    )


@pytest.mark.parametrize("bins_per_octave", [12, 36])
def test_one_octave_equals_librosa_on_recordings(
    clip: Clip, assert_near: Callable[..., None], bins_per_octave: int
) -> None:
    # No rate is halved here: the filters themselves are compared, phases included.
    low_hz = clip.rate_hz / 4.5
    theirs = librosas(clip, 256, fmin=low_hz, n_bins=bins_per_octave,
                      bins_per_octave=bins_per_octave)  # fmt: skip
    module = ConstantQ(
        clip.rate_hz, 256, low_hz, bins_per_octave, bins_per_octave, output="complex"
    )
    assert_near(module(torch.tensor(clip.samples[0])), theirs, 1e-5)


@pytest.mark.parametrize(
    ("hop", "n_bins", "bins_per_octave"), [(512, 84, 12), (200, 72, 12), (512, 100, 24)]
)
def test_all_octaves_equal_librosa_on_recordings(
    clip: Clip, assert_near: Callable[..., None], hop: int, n_bins: int, bins_per_octave: int
) -> None:
    if clip.rate_hz < 20000:
        clip = clip.resample(22050)
    theirs = librosas(clip, hop, n_bins=n_bins, bins_per_octave=bins_per_octave)
    module = ConstantQ(clip.rate_hz, hop, n_bins=n_bins, bins_per_octave=bins_per_octave,
                       output="complex")  # fmt: skip
    ours = module(torch.tensor(clip.samples[0])).numpy()
    assert abs(ours.shape[1] - theirs.shape[1]) <= 1
    count = min(ours.shape[1], theirs.shape[1])
    # Where librosa lowers the rate at once, its filter leaves the ends of the signal otherwise.
    early = module._octaves[0].halvings > 0
    ends = -(-int(module.lengths.max()) // hop) if early else 0
    assert_near(ours[:, :count], theirs[:, :count], 3e-3 if early else 5e-5)
    if count > 2 * ends:
        assert_near(ours[:, ends : count - ends], theirs[:, ends : count - ends], 1e-4)


def test_sine_has_the_documented_height() -> None:
    clip = synth.sine(440, duration_s=2, rate_hz=22050, amplitude=0.5)
    module = ConstantQ(22050, n_bins=72)
    column = module(torch.tensor(clip.samples[0]))[:, 40]
    assert int(column.argmax()) == 45
    assert float(column[45] / module.lengths[45].sqrt() * 2) == pytest.approx(0.5, rel=1e-3)


def test_batches_gradients_and_silence() -> None:
    module = ConstantQ(8000, 64, 500.0, 24, 12)
    x = torch.randn(2, 3, 2000)
    out = module(x)
    assert out.shape == (2, 3, 24, 32)
    torch.testing.assert_close(out[1, 2], module(x[1, 2]), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(module(x.requires_grad_()).detach(), out, atol=1e-4, rtol=1e-4)
    y = torch.randn(150, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(ConstantQ(8000, 64, 900.0, 4, 4).double(), y)
    silence = torch.zeros(500, requires_grad=True)
    module(silence).sum().backward()
    assert silence.grad is not None
    assert torch.isfinite(silence.grad).all()


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="past half the rate"):
        ConstantQ(16000, n_bins=120)
    with pytest.raises(ArgumentError, match="output"):
        ConstantQ(output="power")
    with pytest.raises(ArgumentError, match="above 0"):
        ConstantQ(hop=0)


@pytest.mark.parametrize(("hop", "bins_per_octave"), [(64, 12), (128, 24), (512, 12)])
def test_the_inverse_is_nearer_than_librosas(clip: Clip, hop: int, bins_per_octave: int) -> None:
    y = clip.resample(16000).samples[0]
    loudest = int(np.abs(y).argmax())
    y = y[max(0, loudest - 16000) :][:32000]
    # Only what the bins cover can come back.
    band = signal.butter(8, [70, 1600], "bandpass", fs=16000, output="sos")
    y = signal.sosfiltfilt(band, y).astype(np.float32)
    options = {"n_bins": 6 * bins_per_octave, "bins_per_octave": bins_per_octave}
    module = ConstantQ(16000, hop, output="complex", **options)
    ours = module.inverse(module(torch.from_numpy(y)), len(y)).numpy()
    theirs = librosa.icqt(
        librosa.cqt(y, sr=16000, hop_length=hop, sparsity=0, tuning=0, **options),
        sr=16000, hop_length=hop, bins_per_octave=bins_per_octave, length=len(y), sparsity=0,
    )  # fmt: skip
    own, other = (
        10 * np.log10(np.mean(y**2) / np.mean((y - back) ** 2)) for back in (ours, theirs)
    )
    assert own > other + 3
    if hop < 512:
        assert own > 25


def test_the_inverse_takes_batches_and_lengths() -> None:
    module = ConstantQ(16000, 64, n_bins=60, output="complex")
    x = torch.randn(2, 3, 4000)
    spec = module(x)
    assert module.inverse(spec, num_iterations=2).shape == (2, 3, 62 * 64)
    back = module.inverse(spec, 4000, num_iterations=5)
    alone = module.inverse(spec[1, 2], 4000, num_iterations=5)
    torch.testing.assert_close(back[1, 2], alone, atol=1e-4, rtol=1e-4)
    assert module.inverse(module(x.double()), 4000, num_iterations=2).dtype == torch.float64
    with pytest.raises(ShapeError, match="complex"):
        module.inverse(spec.abs())
