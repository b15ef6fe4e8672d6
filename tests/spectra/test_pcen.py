from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.errors import ArgumentError, ShapeError
from tympan.spectra import PCEN, MelSpectrogram


@pytest.mark.parametrize("time_constant_s", [0.06, 0.4, 3.0])
def test_pcen_equals_librosa_on_recordings(
    clip: Clip, assert_near: Callable[..., None], time_constant_s: float
) -> None:
    power = MelSpectrogram(clip.rate_hz)(torch.tensor(clip.samples[0]))
    theirs = librosa.pcen(
        power.double().numpy() * 2**31, sr=clip.rate_hz, hop_length=160,
        time_constant=time_constant_s,
    )  # fmt: skip
    module = PCEN(clip.rate_hz, 160, time_constant_s=time_constant_s, initial=1.0)
    assert_near(module(power), theirs)


def test_first_frame_begins_the_smoother_by_default() -> None:
    # A constant input is its own background from the first frame on.
    out = PCEN()(torch.full((4, 300), 0.01))
    torch.testing.assert_close(out, out[:, :1].expand(4, 300), rtol=1e-4, atol=1e-5)


def test_levels_are_taken_away() -> None:
    power = torch.rand(10, 400) + 0.1
    loud, quiet = PCEN(gain=1.0)(power), PCEN(gain=1.0)(power * 1e-4)
    torch.testing.assert_close(loud, quiet, rtol=1e-3, atol=1e-4)


@given(cuts=st.lists(st.integers(0, 300), max_size=5), initial=st.sampled_from([None, 1.0]))
def test_state_carries_over_any_blocks(cuts: list[int], initial: float | None) -> None:
    module, power = PCEN(initial=initial), torch.rand(2, 3, 300) ** 8
    state, pieces = None, []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 300], strict=True):
        piece, state = module.step(power[..., start:end], state)
        pieces.append(piece)
    torch.testing.assert_close(torch.cat(pieces, -1), module(power), rtol=1e-4, atol=1e-4)


def test_smoother_equals_the_recursion() -> None:
    module, power = PCEN(scale=1.0).double(), torch.rand(3, 150, dtype=torch.float64)
    smooth, expected = power[:, 0], []
    for n in range(150):
        smooth = (1 - module.smoothing) * smooth + module.smoothing * power[:, n]
        expected.append(smooth)
    ours = module._smooth(power, power[:, :1])
    np.testing.assert_allclose(ours.numpy(), torch.stack(expected, -1).numpy(), rtol=1e-6)


def test_constants_learn_per_band() -> None:
    module = PCEN(trainable=True, n_bands=5)
    assert {name for name, _ in module.named_parameters()} == {
        "log_gain", "log_bias", "log_power", "log_smoothing",
    }  # fmt: skip
    module(torch.rand(2, 5, 100)).mean().backward()
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert (parameter.grad != 0).all()


def test_gradients() -> None:
    power = torch.rand(2, 70, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(PCEN(scale=10.0).double(), power, atol=1e-4)


def test_no_gain_leaves_the_level_to_the_root() -> None:
    power = torch.rand(4, 50, dtype=torch.float64)
    ours = PCEN(gain=0.0, scale=1.0, initial=1.0)(power)
    theirs = librosa.pcen(power.numpy(), sr=16000, hop_length=160, gain=0.0)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-10)


def test_silence_is_zero() -> None:
    assert not PCEN(initial=1.0)(torch.zeros(40, 100, dtype=torch.float64)).any()
    assert not PCEN()(torch.zeros(40, 100)).any()


def test_wrong_arguments_are_refused() -> None:
    for name in ("gain", "bias", "power", "time_constant_s", "eps", "scale"):
        with pytest.raises(ArgumentError, match=name):
            PCEN(**{name: 0.0 if name != "gain" else -0.1})
    with pytest.raises(ArgumentError, match="gain"):
        PCEN(gain=0.0, trainable=True)
    with pytest.raises(ShapeError):
        PCEN()(torch.rand(10))
