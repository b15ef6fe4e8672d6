import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.monitor.detectors import (
    KINDS,
    SHRINK,
    Local,
    Mahalanobis,
    Nearest,
    coreset,
    distances,
)

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(60, 5)) * [1, 2, 3, 0.5, 0.1]
OTHERS = RNG.normal(size=(9, 5)) * 4


def test_mahalanobis_is_the_distance_under_the_shrunk_covariance() -> None:
    covariance = np.cov(ROWS.T, bias=True)
    shrunk = (1 - SHRINK) * covariance + SHRINK * np.trace(covariance) / 5 * np.eye(5)
    away = OTHERS - ROWS.mean(0)
    expected = np.sqrt(np.einsum("bi,ij,bj->b", away, np.linalg.inv(shrunk), away))
    found = Mahalanobis.fit(ROWS).scores(OTHERS)
    # Directions of next to no variance are taken for the rest of space.
    assert found == pytest.approx(expected, rel=0.01)


def test_mahalanobis_of_fewer_windows_than_numbers_is_finite() -> None:
    rows = RNG.normal(size=(6, 40))
    found = Mahalanobis.fit(rows).scores(np.concatenate([rows, 9 + rows]))
    assert np.isfinite(found).all()
    assert found[6:].min() > found[:6].max()


def test_nearest_is_that_of_scikit_learn() -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    detector = Nearest.fit(ROWS, bank=100)
    scaled = (ROWS - detector.center) / detector.spread
    index = neighbors.NearestNeighbors(n_neighbors=1).fit(scaled)
    expected = index.kneighbors((OTHERS - detector.center) / detector.spread)[0][:, 0]
    assert detector.scores(OTHERS) == pytest.approx(expected, rel=1e-4)


def test_local_distances_forgive_more_where_normal_windows_are_far_apart() -> None:
    dense, sparse = RNG.normal(0, 0.1, (50, 2)), RNG.normal(10, 1.0, (50, 2))
    rows = np.concatenate([dense, sparse])
    asked = np.stack([dense.mean(0), sparse.mean(0)]) + np.array([1.0, 0])
    plain = Nearest.fit(rows, bank=100).scores(asked)
    local = Local.fit(rows, bank=100, neighbours=4).scores(asked)
    assert local[0] / local[1] > 2 * plain[0] / plain[1]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_detector_is_rebuilt_from_its_state(kind: str) -> None:
    detector = KINDS[kind].fit(ROWS, bank=20, neighbours=3)
    again = KINDS[kind].from_state(detector.state())
    assert again.scores(OTHERS).tolist() == detector.scores(OTHERS).tolist()


@given(count=st.integers(1, 30), most=st.integers(1, 30), seed=st.integers(0, 99))
def test_a_coreset_is_bounded_and_leaves_nobody_far_away(count: int, most: int, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(count, 3))
    chosen = coreset(rows, most)
    assert len(chosen) == len(set(chosen.tolist())) == min(count, most)
    # Greedy k-center: whoever is left out is nearer to a chosen one than those are to each other.
    far = distances(rows, rows[chosen]).min(1).max()
    between = distances(rows[chosen], rows[chosen])[~np.eye(len(chosen), dtype=bool)]
    assert not len(between) or far <= between.min() + 1e-6 or count <= most
