"""Which detectors are fused, and how an autoencoder is judged on what it was trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.tasks.monitor.net import CONTEXT, FrameAutoencoder
from tympan.tasks.monitor.normal import Measured, best_of_each, cross_fit, weigh

RNG = np.random.default_rng(0)
COUNT = 400
# Errors of windows that were trained on are lower by 3.
HELD_OUT = np.arange(COUNT) % 4 == 0
ERRORS = RNG.normal(size=(COUNT, 1)) - 3.0 * ~HELD_OUT[:, None]
SPECTRA = RNG.normal(size=(COUNT, 4))
MEASURED = Measured(
    {"error": ERRORS, "spectrum": SPECTRA}, np.arange(COUNT) // 10, HELD_OUT, np.zeros(COUNT)
)


def test_changed_copies_of_windows_trained_on_are_not_taken_for_normal() -> None:
    sources = np.arange(0, COUNT, 5)
    crossed = cross_fit(MEASURED, ("autoencoder", "spectrum"), 50, 4)
    changed = {"error": ERRORS[sources] + 2, "spectrum": SPECTRA[sources] + 4}
    weights, aucs = weigh(crossed, changed, sources, ("autoencoder", "spectrum"))
    # Two standard deviations apart: Φ(2 / √2).
    assert aucs["autoencoder"] == pytest.approx(0.921, abs=0.03)
    assert weights == {"autoencoder": 1.0, "spectrum": 1.0}
    assert aucs["fused"] > aucs["autoencoder"]


def test_the_best_of_those_that_compare_the_same_is_kept() -> None:
    aucs = {"lines": 0.6, "lines-local": 0.7, "embedding": 0.52, "frames": 0.4}
    assert set(best_of_each(aucs)) == {"lines-local", "frames"}
    assert set(best_of_each({"lines": 0.5, "embedding": 0.4})) == {"lines", "embedding"}


def test_frames_are_joined_in_their_order() -> None:
    """With a net that gives back nothing the error is the joined frames themselves, squared."""
    net = FrameAutoencoder(3, 2).eval()
    torch.nn.init.zeros_(net.layers[-1].weight)
    torch.nn.init.zeros_(net.layers[-1].bias)
    x = torch.randn(2, 3, 9)
    found = net(x).detach().numpy()
    expected = [x[:, :, n : n + CONTEXT].transpose(1, 2).flatten(1) for n in range(9 - CONTEXT + 1)]
    assert found == pytest.approx(torch.stack(expected, 1).square().numpy())
