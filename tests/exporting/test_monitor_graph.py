"""The score of a monitor's graph is that of its sessions."""

from __future__ import annotations

import numpy as np
import torch

from tympan.tasks.monitor.detectors import Local, Mahalanobis, Nearest, Value
from tympan.tasks.monitor.graph import Rarity, detector_module
from tympan.tasks.monitor.surprise import Surprise


def test_detectors_as_modules_give_the_same_scores() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(80, 6)) * [1, 2, 3, 0.5, 1, 4]
    others = torch.from_numpy(rng.normal(size=(30, 6)).astype("f4") * 3)
    for kind in (Mahalanobis, Nearest, Local, Value):
        detector = kind.fit(rows, bank=20, neighbours=4)
        found = detector_module(detector)(others).numpy()
        np.testing.assert_allclose(found, detector.scores(others.numpy()), rtol=1e-3, atol=1e-3)


def test_rarity_is_the_surprise_with_knots_that_coincide_too() -> None:
    rng = np.random.default_rng(1)
    for normal in (rng.exponential(size=2000), np.repeat([0.0, 1.0, 2.0, 5.0], 50)):
        surprise = Surprise.fit(normal)
        scores = np.concatenate([rng.uniform(-1, 12, 200), [surprise.knots[-1] + 3]])
        found = Rarity(surprise)(torch.from_numpy(scores.astype("f4"))).numpy()
        np.testing.assert_allclose(found, surprise(scores), atol=2e-3)
