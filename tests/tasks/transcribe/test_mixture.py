"""A usual language model and that of a domain, in one."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.tasks.transcribe.language_model import START
from tympan.tasks.transcribe.mixture import Mixture
from tympan.tasks.transcribe.ngrams import learned

USUAL = learned([["go", "on"], ["go", "home"]], {"go": "ɡO", "on": "ɑn", "home": "hOm"})
DOMAIN = learned([["go", "up"]] * 3, {"go": "ɡO", "up": "ʌp"})


def test_it_knows_the_words_of_both() -> None:
    mixed = Mixture(USUAL, DOMAIN)
    assert set(mixed.words) == set(USUAL.words) | {"up"}
    assert mixed.sounds[mixed.words.index("up")] == ("ʌp",)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_it_is_the_weighted_mean(share: float) -> None:
    mixed = Mixture(USUAL, DOMAIN, share)
    go, on, up = (mixed.words.index(one) for one in ("go", "on", "up"))
    usual = np.exp(USUAL.score(START, go, on))
    assert np.exp(mixed.score(START, go, on)) == pytest.approx((1 - share) * usual)
    domain = np.exp(DOMAIN.score(START, DOMAIN.words.index("go"), DOMAIN.words.index("up")))
    assert np.exp(mixed.score(START, go, up)) == pytest.approx(share * domain)


def test_a_larger_share_makes_the_domain_likelier() -> None:
    some, more = Mixture(USUAL, DOMAIN, 0.2), Mixture(USUAL, DOMAIN, 0.8)
    up = some.words.index("up")
    assert more.single[up] > some.single[up]
    assert more.score(START, some.words.index("go"), up) > some.score(
        START, some.words.index("go"), up
    )
