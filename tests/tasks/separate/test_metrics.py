"""Figures of merit, beside values of fast-bss-eval 0.1.4 on the same waves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ShapeError
from tympan.tasks.separate.metrics import best_order, bss_eval, si_sdr, si_sdr_improvement


def mixed(seed: int = 0, length: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Two sources, and estimates with interference, a filter and noise."""
    rng = np.random.default_rng(seed)
    sources = rng.standard_normal((2, length))
    leak = np.array([[1.0, 0.2], [0.1, 0.9]]) @ sources
    filtered = np.stack([np.convolve(one, [1, 0.5, 0.25])[:length] for one in leak])
    return filtered + 0.05 * rng.standard_normal((2, length)), sources


@pytest.mark.parametrize("taps", [64, 512])
def test_bss_eval_is_that_of_the_reference(taps: int) -> None:
    found = bss_eval(*mixed(), taps=taps)
    np.testing.assert_allclose(found, GOLDEN[taps], atol=0.001)


def test_a_filter_is_no_distortion() -> None:
    sources = np.random.default_rng(0).standard_normal((2, 3000))
    filtered = np.stack([np.convolve(one, [0.5, 0, 0.2])[:3000] for one in sources])
    found = bss_eval(filtered, sources, taps=8)
    assert (found.sdr > 25).all()
    assert si_sdr(filtered[0], sources[0]) < 10


def test_a_silent_source_has_no_ratio() -> None:
    sources = np.random.default_rng(0).standard_normal((2, 500))
    sources[1] = 0
    found = bss_eval(sources + 0.1, sources, taps=4)
    assert np.isnan(found.sdr[1])
    assert np.isfinite(found.sdr[0])
    assert np.isnan(si_sdr(sources[0], sources[1]))


@given(st.floats(-20, 40), st.floats(0.01, 50))
def test_si_sdr_of_orthogonal_waves(ratio_db: float, scale: float) -> None:
    time = np.arange(8000) / 8000
    a, b = (np.sin(2 * np.pi * f * time) for f in (400, 700))
    found = si_sdr(scale * (a + 10 ** (-ratio_db / 20) * b), a)
    assert found == pytest.approx(ratio_db, abs=1e-6)
    mix = a + b
    gain = si_sdr_improvement(a + 10 ** (-ratio_db / 20) * b, a, mix)
    assert gain == pytest.approx(ratio_db, abs=1e-6)


@given(st.permutations([0, 1, 2]))
def test_the_best_order_puts_back(order) -> None:
    sources = np.random.default_rng(0).standard_normal((3, 300))
    estimates = sources[list(order)]
    np.testing.assert_array_equal(estimates[list(best_order(estimates, sources))], sources)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ShapeError):
        bss_eval(np.zeros((2, 10)), np.zeros((2, 11)))
    with pytest.raises(ShapeError):
        si_sdr(np.zeros(10), np.zeros(11))


# SDR, SIR and SAR of `bss_eval_sources(…, compute_permutation=False, use_cg_iter=None)`.
GOLDEN = {
    64: [[13.7333, 18.6357], [13.9274, 19.3987], [27.4992, 26.6136]],
    512: [[14.2227, 19.1207], [14.394, 19.7934], [28.5027, 27.5971]],
}
