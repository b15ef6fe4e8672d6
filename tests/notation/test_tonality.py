"""Keys of what sounds."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.notation import key_of
from tympan.notation.tonality import MAJOR, MINOR, key_name


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize(("mode", "profile"), [("major", MAJOR), ("minor", MINOR)])
def test_a_profile_is_its_own_key(tonic: int, mode: str, profile: np.ndarray) -> None:
    assert key_of(3 * np.roll(profile, tonic)) == key_name(tonic, mode)


@pytest.mark.parametrize("weights", [np.zeros(12), np.ones(12), np.ones(11), np.full(12, np.nan)])
def test_what_has_no_key_has_none(weights: np.ndarray) -> None:
    assert key_of(weights) is None
