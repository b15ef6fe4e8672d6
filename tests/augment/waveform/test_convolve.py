"""Convolution, against scipy."""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.augment.waveform._convolve import convolve, fast_length


@settings(deadline=None, max_examples=40)
@given(t=st.integers(1, 3000), r=st.integers(1, 4000), lead=st.integers(0, 20))
def test_equals_scipy(t: int, r: int, lead: int) -> None:
    generator = torch.Generator().manual_seed(t * r)
    x = torch.randn(2, 2, t, generator=generator, dtype=torch.float64)
    response = torch.randn(2, r, generator=generator, dtype=torch.float64)
    expected = scipy.signal.fftconvolve(x.numpy(), response[:, None].numpy(), axes=2)
    expected = np.pad(expected, ((0, 0), (0, 0), (0, lead)))[..., lead : lead + t]
    np.testing.assert_allclose(convolve(x, response, lead).numpy(), expected, atol=1e-9)


def test_items_that_share_responses() -> None:
    x, responses, which = (
        torch.randn(6, 2, 500),
        torch.randn(3, 90),
        torch.tensor([2, 0, 2, 2, 0, 0]),
    )
    torch.testing.assert_close(
        convolve(x, responses, 3, which), convolve(x, responses[which], 3), atol=1e-4, rtol=0
    )


@given(st.integers(1, 10**6))
def test_the_length_is_the_next_even_fast_one(least: int) -> None:
    half = scipy.fft.next_fast_len((least + 1) // 2, real=True)  # without primes above 5
    assert fast_length(least) == 2 * half
