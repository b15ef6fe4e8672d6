from __future__ import annotations

import torch

from tympan.augment import Polarity


def test_sign_changes_and_nothing_else() -> None:
    x = torch.randn(100, 2, 10)
    polarity = Polarity(p=0.5)
    params = polarity.draw(x, 0)
    sign = 1 - 2 * params["active"].float()[:, None, None]
    assert torch.equal(polarity.apply(x, params), x * sign)
    assert 30 < params["active"].sum() < 70
