"""What lies far from the training recordings is unfamiliar, at the rate that was promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import binom

from tympan.errors import ModelError
from tympan.tasks.familiarity import MOST_HELD_OUT, MOST_PROTOTYPES, fit, parted, thinned


def cloud(center: int, count: int, seed: int, d: int = 16) -> torch.Tensor:
    """Positive features around one of the axes, as an encoder gives them."""
    rng = np.random.default_rng(seed)
    x = np.abs(rng.standard_normal((count, d))) * 0.3
    x[:, center] += 2.0
    return torch.from_numpy(x).float()


def clouds(count: int = 40, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.cat([cloud(i, count, seed + i) for i in range(3)])
    return x, torch.arange(3).repeat_interleave(count)


def test_distances_are_one_less_the_cosine_to_the_nearest_recording_and_to_other_labels():
    x, y = clouds()
    known = fit(x, y, 3)  # fewer than the prototypes: the recordings themselves
    query = cloud(1, 5, 99)
    found = known.distances(query)
    spread = known.space.spread
    far = cdist(query / spread, x / spread, "cosine")
    expected = [far.min(1)] + [far[:, y.numpy() != i].min(1) for i in range(3)]
    assert np.allclose(found, np.stack(expected, 1), atol=2e-3)  # a byte each


def test_a_label_that_was_left_out_is_farther_than_the_known():
    x, y = clouds()
    known = fit(x[y != 2], y[y != 2], 3)
    mine = known.distances(torch.cat([cloud(0, 30, 50), cloud(1, 30, 51)]))[:, 0]
    new = known.distances(cloud(2, 30, 52))[:, 0]
    assert float((mine[:, None] < new[None]).float().mean()) > 0.98


def test_many_recordings_become_few_prototypes_of_unit_length():
    x, y = clouds(400)
    known = fit(x, y, 3)
    assert len(known.owners) == 3 * (MOST_PROTOTYPES // 3)
    assert torch.allclose(known.space(known.prototypes).norm(dim=1), torch.ones(1), atol=1e-3)
    assert torch.equal(fit(x, y, 3).prototypes, known.prototypes)


@settings(max_examples=25, deadline=None)
@given(held_out=st.integers(19, 300), seed=st.integers(0, 10**6))
def test_at_most_the_promised_share_of_known_sounds_is_unfamiliar(held_out: int, seed: int):
    rng = np.random.default_rng(seed)
    x, y = clouds()
    # The guarantee is over the held-out recordings too, so each draws its own.
    rejected = 0
    known = fit(x, y, 3)
    for _ in range(200):
        values = rng.exponential(size=held_out + 1)
        share = known.calibrated({"whole": values[1:]}).familiarity(float(values[0]))
        rejected += share is not None and share < 0.05
    assert rejected <= binom.ppf(1 - 1e-6, 200, 0.05)


def test_familiarity_falls_with_distance_and_is_never_zero():
    known = fit(*clouds(), 3).calibrated({"whole": np.linspace(0, 1, 100)})
    shares = [known.familiarity(one) for one in np.linspace(-0.1, 1.1, 50)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert shares[-1] == 1 / 101
    assert fit(*clouds(), 3).familiarity(0.5) is None


def test_of_few_held_out_recordings_nothing_can_be_rejected():
    known = fit(*clouds(), 3).calibrated({"whole": [0.1] * 18})
    assert known.familiarity(2.0) > 0.05


def test_kinds_of_answers_have_their_own_distances():
    known = fit(*clouds(), 3).calibrated({"whole": [0.1] * 50, "window": [0.5] * 50})
    assert known.familiarity(0.3, "whole") < 0.05
    assert known.familiarity(0.3, "window") == 1.0
    assert known.familiarity(0.3, "several") == 1.0  # none were held out: as a window


def test_many_held_out_distances_are_thinned_without_moving_the_quantiles():
    values = np.random.default_rng(0).exponential(size=5000)
    kept = thinned({"whole": values})["whole"]
    assert len(kept) == MOST_HELD_OUT
    levels = [0.05, 0.5, 0.95]
    assert np.allclose(np.quantile(kept, levels), np.quantile(values, levels), rtol=0.02)


def test_tensors_come_back_and_the_net_keeps_its_own():
    x, y = clouds()
    known = fit(x, y, 3).calibrated({"whole": [0.1, 0.2]})
    state = {"head.bias": torch.zeros(3), **known.state()}
    net, again = parted(state, 3, [16], {"whole": [0.1, 0.2]})
    assert list(net) == ["head.bias"]
    assert torch.equal(again.distances(x), known.distances(x))
    assert again.held_out == known.held_out
    assert parted({"head.bias": torch.zeros(3)}, 3, [16], None)[1] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spread", torch.zeros(16)),
        ("spread", torch.ones(15)),
        ("prototypes", torch.zeros(7, 16)),
        ("levels", torch.zeros(7, 16).byte()),
        ("low", torch.zeros(15)),
        ("center", torch.zeros(16)),
        ("owners", torch.full((120,), 3)),
        ("owners", torch.zeros(120)),
        ("more", torch.zeros(1)),
    ],
)
def test_damaged_tensors_are_refused(name: str, value: torch.Tensor):
    state = fit(*clouds(), 3).state() | {f"familiarity.{name}": value}
    with pytest.raises(ModelError, match="unusable"):
        parted(state, 3, [16], None, Path("model"))


def test_damaged_distances_are_refused():
    state = fit(*clouds(), 3).state()
    for wrong in ({"whole": ["a"]}, {"whole": 3}, {"other": [0.1]}, {"whole": [float("nan")]}):
        with pytest.raises(ModelError, match="unusable"):
            parted(state, 3, [16], wrong)


def test_the_three_vectors_have_their_shares_of_a_cosine():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.random((30, 14))).float()  # stages of 3 and 4 channels
    space = fit(x, torch.zeros(30).long(), 1, last=4).space
    last = (x[:, 6:10] + x[:, 10:]) / space.spread
    expected = sum(
        share * (1 - cdist(one[:2], one, "cosine"))
        for share, one in ((0.25, last), (0.5, x), (0.25, x - x.mean(0)))
    )
    found = space(x[:2]) @ space(x).T
    assert np.allclose(found, expected, atol=1e-5)


def test_features_of_all_stages_come_back(tmp_path: Path):
    x = torch.rand(40, 14)
    known = fit(x, torch.arange(2).repeat_interleave(20), 2, last=4).calibrated({"whole": [0.1]})
    _, again = parted(known.state(), 2, (3, 4), {"whole": [0.1]})
    assert torch.equal(again.distances(x), known.distances(x))
    with pytest.raises(ModelError, match="unusable"):
        parted(known.state(), 2, (4, 4), None)


def test_models_of_earlier_versions_are_read():
    x, y = clouds()
    old = {
        "familiarity.spread": torch.ones(16),
        "familiarity.prototypes": torch.nn.functional.normalize(x).half(),
        "familiarity.owners": y,
    }
    _, known = parted(old, 3, (8, 16), None)
    far = cdist(x, x, "cosine")
    assert np.allclose(known.distances(x)[:, 0], far.min(1), atol=2e-3)
    # Of a tagger they did not say which tags applied.
    _, known = parted({**old, "familiarity.owners": torch.full((120,), -1)}, 3, (8, 16), None)
    assert known.distances(x).shape == (120, 1)


@pytest.mark.parametrize("count", [40, 400])
def test_where_labels_overlap_those_with_a_label_are_left_out(count: int):
    x, y = clouds(count)
    # Everything has the last label but for the third cloud.
    applies = torch.stack([y == 0, y == 1, y == 2, y != 2], 1).float()
    known = fit(x, applies, 4)
    assert known.owners.shape[1] == 4
    assert len(known.owners) == min(len(x), len(known.owners)) <= max(MOST_PROTOTYPES, 120)
    query = cloud(0, 10, 99)
    found = known.distances(query)
    vectors, of = known.space(known.prototypes), known.owners.bool()
    far = 1 - known.space(query) @ vectors.T
    assert torch.allclose(found[:, 0], far.min(1).values, atol=1e-6)
    for i in range(4):
        assert torch.allclose(found[:, 1 + i], far[:, ~of[:, i]].min(1).values, atol=1e-6)
    # Prototypes are recordings, so it is known which labels apply.
    own = [int((known.space(x) @ one).argmax()) for one in vectors]
    assert torch.equal(known.owners.float(), applies[own])


def test_without_any_other_recording_the_distance_is_the_largest():
    x, _ = clouds()
    known = fit(x, torch.ones(len(x), 1), 1)
    assert known.distances(x[:2])[:, 1].tolist() == [2.0, 2.0]
