"""Convolution, against scipy."""

from __future__ import annotations

import pickle

import numpy as np
import scipy.fft
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.augment.waveform._convolve import KeptSpectra, block_size, convolve, fast_length


@settings(deadline=None, max_examples=40)
@given(
    t=st.integers(1, 30_000),
    r=st.integers(1, 4000),
    lead=st.integers(0, 20),
    more=st.integers(-3000, 5000),
)
def test_equals_scipy(t: int, r: int, lead: int, more: int) -> None:
    length = max(1, t + more)
    generator = torch.Generator().manual_seed(t * r)
    x = torch.randn(2, 2, t, generator=generator, dtype=torch.float64)
    response = torch.randn(2, r, generator=generator, dtype=torch.float64)
    expected = scipy.signal.fftconvolve(x.numpy(), response[:, None].numpy(), axes=2)
    expected = np.pad(expected, ((0, 0), (0, 0), (0, lead + 5000)))[..., lead:]
    np.testing.assert_allclose(convolve(x, response, lead).numpy(), expected[..., :t], atol=1e-9)
    found = convolve(x, response, lead, length=length).numpy()
    np.testing.assert_allclose(found, expected[..., :length], atol=1e-9)


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


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 10**6), st.integers(0, 10**5), st.integers(1, 64))
def test_blocks_hold_a_result_and_do_not_cost_more_than_one_transform(
    length: int, before: int, signals: int
) -> None:
    size, whole = block_size(length, before, signals, signals), fast_length(length + before)
    assert before < size <= whole


def test_a_long_signal_goes_in_blocks_and_a_short_one_whole() -> None:
    assert block_size(480_000, 9_000) < 100_000
    assert block_size(900, 9_000) == 10_000
    x, response = torch.randn(1, 1, 50_000, dtype=torch.float64), torch.randn(1, 900).double()
    expected = scipy.signal.fftconvolve(x[0, 0].numpy(), response[0].numpy())[:50_000]
    assert block_size(50_000, 899) < 50_000
    np.testing.assert_allclose(convolve(x, response)[0, 0].numpy(), expected, atol=1e-10)


def test_gradient_is_the_correlation_with_the_response() -> None:
    x = torch.randn(2, 1, 5000, dtype=torch.float64, requires_grad=True)
    response, weight = torch.randn(2, 300).double(), torch.randn(2, 1, 5000).double()
    (convolve(x, response) * weight).sum().backward()
    backwards = convolve(weight.flip(2), response).flip(2)
    assert x.grad is not None
    torch.testing.assert_close(x.grad, backwards)


@settings(deadline=None, max_examples=30)
@given(
    b=st.integers(1, 4),
    t=st.integers(1, 9000),
    r=st.integers(1, 3000),
    seed=st.integers(0, 99),
    half=st.booleans(),
)
def test_kept_spectra_change_nothing(b: int, t: int, r: int, seed: int, half: bool) -> None:
    """Nor does the library that transforms a row alone; calls of other lengths come between."""
    generator = torch.Generator().manual_seed(seed)
    dtype = torch.float32 if half else torch.float64
    responses = torch.randn(3, r, generator=generator, dtype=dtype)
    which = torch.randint(0, 3, (b,), generator=generator)
    kept = KeptSpectra()
    for length in (t, t, max(1, t // 2), t + 700, t):
        x = torch.randn(b, 1, t, generator=generator, dtype=dtype)
        found = convolve(x, responses, 2, which, length, kept)
        plain = convolve(x.double(), responses.double()[which], 2, None, length)
        assert found.dtype == dtype
        torch.testing.assert_close(found.double(), plain, atol=2e-3 if half else 1e-9, rtol=0)


def test_kept_spectra_stay_few_and_do_not_travel() -> None:
    kept, responses = KeptSpectra(), torch.randn(2, 300)
    for t in range(1000, 30_000, 2000):
        convolve(torch.randn(1, 1, t), responses, 0, torch.tensor([1]), None, kept)
    assert 1 < len(kept._found) <= 4
    assert len(pickle.loads(pickle.dumps(kept))._found) == 0
    many = torch.randn(3, 1).expand(3, 4_000_000)
    assert not kept.takes(many, 4_000_000)
    assert not kept.takes(responses.requires_grad_(), 1000)
