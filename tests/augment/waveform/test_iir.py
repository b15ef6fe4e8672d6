"""Recursive filters as matrix products, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.augment.waveform._iir import sos_filter


@settings(deadline=None, max_examples=40)
@given(
    order=st.integers(1, 8),
    cutoff=st.floats(0.001, 0.49),
    kind=st.sampled_from(["lowpass", "highpass"]),
    t=st.integers(1, 4000),
    c=st.integers(1, 2),
)
def test_equals_scipy(order: int, cutoff: float, kind: str, t: int, c: int) -> None:
    sos = scipy.signal.butter(order, cutoff, kind, fs=1.0, output="sos")
    x = torch.randn(2, c, t, generator=torch.Generator().manual_seed(t))
    expected = scipy.signal.sosfilt(sos, x.double().numpy())
    y = sos_filter(x, torch.from_numpy(sos).expand(2, -1, -1))
    np.testing.assert_allclose(y.numpy(), expected, atol=3e-6 * np.abs(expected).max(), rtol=0)


def test_each_item_has_its_own_filter() -> None:
    designs = [scipy.signal.butter(4, f, fs=1.0, output="sos") for f in (0.01, 0.1, 0.4)]
    x = torch.randn(3, 1, 1000, dtype=torch.float64)
    y = sos_filter(x, torch.from_numpy(np.stack(designs)))
    for item, design, filtered in zip(x, designs, y, strict=True):
        expected = scipy.signal.sosfilt(design, item.numpy())
        np.testing.assert_allclose(filtered.numpy(), expected, atol=1e-11)


def test_single_precision_stays_accurate_where_the_direct_form_does_not() -> None:
    sos = scipy.signal.butter(6, 25.0, fs=48000, output="sos")
    x = torch.randn(1, 1, 48000)
    exact = scipy.signal.sosfilt(sos, x.double().numpy())
    ours = sos_filter(x, torch.from_numpy(sos)[None]).numpy()
    direct = scipy.signal.sosfilt(sos.astype(np.float32), x.numpy())
    error, their_error = (np.abs(y - exact).max() / np.abs(exact).max() for y in (ours, direct))
    assert error < 1e-5
    assert error < their_error / 10


@pytest.mark.parametrize("t", [1, 79, 80, 81, 128, 5003])
def test_lengths_around_the_blocks(t: int) -> None:
    sos = scipy.signal.butter(2, 0.05, fs=1.0, output="sos")
    x = torch.randn(1, 1, t, dtype=torch.float64)
    expected = scipy.signal.sosfilt(sos, x.numpy())
    y = sos_filter(x, torch.from_numpy(sos)[None]).numpy()
    np.testing.assert_allclose(y, expected, atol=1e-12)


def test_gradient_is_right() -> None:
    sos = torch.from_numpy(scipy.signal.butter(3, 0.1, fs=1.0, output="sos"))[None]
    x = torch.randn(1, 2, 150, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(1, 2, 150, dtype=torch.float64)
    (sos_filter(x, sos) * weight).sum().backward()
    # The transpose of a filter is the same filter run backwards.
    backwards = scipy.signal.sosfilt(sos[0].numpy(), weight.flip(2).numpy())
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), backwards[..., ::-1], atol=1e-12)
