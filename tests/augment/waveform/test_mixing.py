"""Adding at a signal-to-noise ratio."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.augment.waveform._mixing import add_at_snr


@settings(deadline=None, max_examples=40)
@given(snr_db=st.floats(-40, 60), level=st.floats(1e-4, 10), seed=st.integers(0, 2**32))
def test_ratio_is_exact(snr_db: float, level: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 2, 500, generator=generator).double() * level
    noise = torch.rand(1, 1, 500, generator=generator).double()
    added = (
        add_at_snr(x, lambda _: noise[0].numpy(), torch.tensor([snr_db], dtype=torch.float64)) - x
    )
    measured = 10 * torch.log10(x.square().mean() / added.square().mean())
    assert abs(measured.item() - snr_db) < 1e-6


def test_silence_gets_no_noise_and_no_noise_does_nothing() -> None:
    x, zero = torch.randn(1, 1, 50), torch.zeros(1, 1, 50)
    assert torch.equal(add_at_snr(zero, lambda _: x[0].numpy(), torch.zeros(1)), zero)
    assert torch.equal(add_at_snr(x, lambda _: zero[0].numpy(), torch.zeros(1)), x)


def test_with_a_gradient_it_is_the_same() -> None:
    x, noise, snr_db = torch.randn(5, 2, 600), torch.randn(5, 600).numpy(), torch.arange(5.0)
    plain = add_at_snr(x, noise.__getitem__, snr_db)
    with_gradient = add_at_snr(x.clone().requires_grad_(), noise.__getitem__, snr_db)
    torch.testing.assert_close(plain, with_gradient.detach())
