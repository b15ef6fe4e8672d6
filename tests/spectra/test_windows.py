from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.spectra.windows import window

SPECS = [
    "rectangular", "hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop",
    "bartlett", "cosine", ("kaiser", 8.6), ("gaussian", 30.0), ("tukey", 0.4), ("tukey", 1.0),
]  # fmt: skip
SCIPY_NAMES = {"rectangular": "boxcar"}


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("length", [2, 3, 16, 255, 512])
@pytest.mark.parametrize("periodic", [True, False])
def test_window_equals_scipys(spec: str | tuple[str, float], length: int, periodic: bool) -> None:
    name = SCIPY_NAMES.get(spec, spec) if isinstance(spec, str) else spec
    theirs = scipy.signal.get_window(name, length, fftbins=periodic)
    np.testing.assert_allclose(window(spec, length, periodic=periodic), theirs, atol=1e-12)


@given(spec=st.sampled_from(SPECS), length=st.integers(2, 400))
def test_symmetric_window_is_symmetric_and_at_most_one(
    spec: str | tuple[str, float], length: int
) -> None:
    samples = window(spec, length, periodic=False)
    np.testing.assert_allclose(samples, samples[::-1], atol=1e-12)
    assert samples.max() <= 1 + 1e-8


def test_one_sample_is_one() -> None:
    assert window("hann", 1).tolist() == [1.0]


def test_samples_are_taken_as_they_are() -> None:
    assert window([1.0, 2.0, 3.0], 3).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("spec", ["hanm", "kaiser", ("hann", 1.0), ("kaiser",)])
def test_unknown_window_names_those_known(spec: str | tuple[str, float]) -> None:
    with pytest.raises(ArgumentError, match="blackmanharris"):
        window(spec, 16)


def test_wrong_number_of_samples_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"\(2,\)"):
        window([1.0, 2.0], 3)
    with pytest.raises(ArgumentError, match="0 samples"):
        window("hann", 0)
