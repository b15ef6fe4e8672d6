"""Windows that overlap are no independent evidence for a change of label."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.audio import Clip
from tympan.tasks.classify import ClassifyConfig
from tympan.tasks.classify.answer import ClassifyModel, answer
from tympan.tasks.classify.timeline import Step, decide


def labels(rows: np.ndarray, **options: float) -> list[int]:
    steps = (Step(float(i), i + 1.0, row) for i, row in enumerate(rows))
    return [label for _, label in decide(steps, **options)]


@given(st.integers(0, 10_000), st.floats(1.0, 6.0), st.floats(0.5, 4.0))
def test_evidence_counts_for_its_share_of_a_window(seed, overlap, cost):
    rows = np.random.default_rng(seed).dirichlet(np.full(3, 0.4), 40)
    # Dividing all evidence is the same as raising what a change must bring.
    assert labels(rows, overlap=overlap, cost=cost) == labels(rows, cost=overlap * cost)


def test_steps_longer_than_a_window_count_once():
    rows = np.random.default_rng(0).dirichlet(np.full(3, 0.4), 60)
    assert labels(rows, overlap=0.2) == labels(rows)


class Loudness(torch.nn.Module):
    """A net without weights that says 'loud' above an RMS of 0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.config = ClassifyConfig(rate_hz=8000, clip_s=1.0)

    def probabilities(self, waves: torch.Tensor) -> torch.Tensor:
        loud = (waves.square().mean(1).sqrt() > 0.1).float() * 0.8 + 0.1
        return torch.stack([1 - loud, loud], 1)


@pytest.mark.parametrize(
    ("burst_s", "found"), [(0.8, ["quiet"]), (2.5, ["quiet", "loud", "quiet"])]
)
def test_an_answer_needs_more_than_one_window_of_another_sound(burst_s, found):
    """0.8 s are in five windows: enough to change the label if they were independent."""
    model = ClassifyModel(Loudness(), ("quiet", "loud"), "loudness")  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    wave = rng.uniform(-1, 1, 12 * 8000) * 0.01
    wave[6 * 8000 : round((6 + burst_s) * 8000)] *= 90
    segments = answer(model, Clip(wave.astype(np.float32)[None], 8000)).timeline
    assert [one.label for one in segments] == found
