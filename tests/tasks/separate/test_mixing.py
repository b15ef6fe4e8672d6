"""What is given out sums to the mix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.tasks.separate.mixing import Wanted, stems_of

LABELS = ("voice", "drums", "piano")
STEMS = {"voice": "vocals", "drums": "drums"}


@given(
    keep=st.sets(st.sampled_from(LABELS)),
    amount=st.floats(0, 1),
    channels=st.integers(1, 2),
    seed=st.integers(0, 9),
)
def test_all_that_is_given_out_sums_to_the_mix(keep, amount, channels, seed) -> None:
    rng = np.random.default_rng(seed)
    mix = rng.standard_normal((channels, 50)).astype(np.float32)
    sources = rng.standard_normal((3, channels, 50)).astype(np.float32)
    wanted = Wanted(LABELS, tuple(sorted(keep)), amount)
    found = wanted.parts(mix, sources)
    assert len(found) == len(wanted.names)
    np.testing.assert_allclose(found.sum(0), mix, atol=1e-5)
    if amount == 1:
        kept = [LABELS.index(one) for one in wanted.kept]
        np.testing.assert_array_equal(found[:-1], sources[kept])


def test_the_amount_mixes_the_rest_back() -> None:
    mix = np.full((1, 4), 1.0, np.float32)
    voice = np.full((1, 1, 4), 0.6, np.float32)
    found = Wanted(("voice",), amount=0.25).parts(mix, voice)
    np.testing.assert_allclose(found[:, 0, 0], [0.9, 0.1], atol=1e-6)


def test_stems_gather_sources() -> None:
    wanted = Wanted(LABELS, stems=stems_of(STEMS, LABELS, "m"))
    assert wanted.names == ("vocals", "drums", "other", "rest")
    sources = np.arange(3, dtype=np.float32).reshape(3, 1, 1)
    np.testing.assert_array_equal(
        wanted.parts(np.zeros((1, 1), "f4"), sources)[:3, 0, 0], [0, 1, 2]
    )


def test_of_what_is_not_present_nothing_is_given_out() -> None:
    wanted = Wanted(LABELS, present=("piano", "voice"))
    assert wanted.names == ("voice", "piano", "rest")
    assert wanted.numbers().tolist() == [1, 0, 1]
    gathered = Wanted(LABELS, stems=stems_of(STEMS, LABELS, "m"), present=("piano",))
    assert gathered.names == ("other", "rest")
    with pytest.raises(ArgumentError, match="drums"):
        Wanted(LABELS, ("drums",), present=("piano", "voice"))


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="guitar"):
        Wanted(LABELS, present=("guitar",))
    with pytest.raises(ArgumentError, match="guitar"):
        Wanted(LABELS, ("guitar",))
    with pytest.raises(ArgumentError, match="stems"):
        stems_of(None, LABELS, "voice")
    with pytest.raises(ArgumentError, match="amount"):
        Wanted(LABELS, amount=1.5)
