from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.augment import Fade
from tympan.augment.waveform.fade import SHAPES, fade_curve
from tympan.errors import ArgumentError

RATE_HZ = 1000


@pytest.mark.parametrize("shape", SHAPES)
def test_begins_in_silence_rises_and_ends_in_silence(shape: str) -> None:
    x = torch.ones(1, 2, 1000)
    y = Fade(0.3, 0.3, 0.2, 0.2, (shape,), rate_hz=RATE_HZ)(x, 0)[0]
    assert torch.equal(y[0], y[1])
    assert y[0, 0] == y[0, -1] == 0
    assert (y[0, :301].diff() > 0).all()
    assert (y[0, 799:].diff() < 0).all()
    assert torch.equal(y[0, 300:800], torch.ones(500))
    # Backwards it is the same fade over other durations.
    back = Fade(0.2, 0.2, 0.3, 0.3, (shape,), rate_hz=RATE_HZ)(x, 0)[0, 0].flip(0)
    torch.testing.assert_close(y[0], back)


def test_shapes_are_what_they_say() -> None:
    way = torch.linspace(0, 1, 101, dtype=torch.float64)
    torch.testing.assert_close(
        fade_curve("linear", way) + fade_curve("linear", way.flip(0)), way**0
    )
    power = fade_curve("quarter_sine", way).square()
    torch.testing.assert_close(power + power.flip(0), way**0)
    half = fade_curve("half_sine", way)
    torch.testing.assert_close(half + half.flip(0), way**0)
    level_db = 20 * torch.log10(fade_curve("exponential", way)[1:])
    torch.testing.assert_close(level_db, 60 * (way[1:] - 1))
    logarithmic = fade_curve("logarithmic", way)
    torch.testing.assert_close(logarithmic.mul(torch.log(torch.tensor(100.0))).exp(), 1 + 99 * way)
    for shape in SHAPES:
        assert fade_curve(shape, way)[[0, -1]].tolist() == pytest.approx([0.0, 1.0])


def test_shapes_and_durations_are_drawn_for_each_item() -> None:
    params = Fade(0.1, 0.4, 0.0, 0.2, ("linear", "half_sine"), rate_hz=RATE_HZ).draw(
        torch.zeros(3000, 1, 9), 0
    )
    assert params["shape"].float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert 0.1 <= params["in_s"].min() < 0.101
    assert 0.399 < params["in_s"].max() <= 0.4
    assert params["out_s"].mean().item() == pytest.approx(0.1, abs=0.005)


@given(t=st.integers(1, 50), fade_in=st.integers(0, 90), fade_out=st.integers(0, 90))
def test_fades_longer_than_the_item(t: int, fade_in: int, fade_out: int) -> None:
    times = fade_in / RATE_HZ, fade_in / RATE_HZ, fade_out / RATE_HZ, fade_out / RATE_HZ
    y = Fade(*times, ("linear",), rate_hz=RATE_HZ)(torch.ones(1, 1, t, dtype=torch.float64), 0)
    way = torch.arange(t, dtype=torch.float64)
    expected = (way / max(1, fade_in)).clamp_max(1) if fade_in else torch.ones(t).double()
    if fade_out:
        expected = expected * (way / fade_out).clamp_max(1).flip(0)
    torch.testing.assert_close(y[0, 0], expected)


def test_impossible_fades_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"choose of linear, quarter_sine"):
        Fade(shapes=("round",), rate_hz=RATE_HZ)
    with pytest.raises(ArgumentError, match="shapes none"):
        Fade(shapes=(), rate_hz=RATE_HZ)
    with pytest.raises(ArgumentError, match="in_s"):
        Fade(0.5, 0.1, rate_hz=RATE_HZ)
