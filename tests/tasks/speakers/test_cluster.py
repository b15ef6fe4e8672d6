from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from tympan.errors import ArgumentError
from tympan.tasks.speakers import cluster
from tympan.tasks.speakers.cluster import _merged, clusters


def voices(seed: int, sizes: list[int], spread: float = 0.05, d: int = 24) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.standard_normal((d, len(sizes))))[0].T
    x = np.concatenate(
        [c + spread * rng.standard_normal((n, d)) for c, n in zip(centres, sizes, strict=True)]
    )
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a[:, None] == a[None], b[:, None] == b[None])


@pytest.mark.parametrize("seed", range(6))
def test_merging_is_average_linkage(seed: int, monkeypatch: pytest.MonkeyPatch):
    """As scipy's, on vectors without any structure."""
    monkeypatch.setattr(cluster, "LEAST_WINDOWS", 0)
    monkeypatch.setattr(cluster, "LEAST_SHARE", 0.0)
    monkeypatch.setattr(cluster, "MIXTURE", 2.0)
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((40, 6))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    distance = 1 - x @ x.T
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    for threshold in (0.2, 0.5, 0.8):
        expected = fcluster(tree, 1 - threshold, "distance")
        assert same_partition(clusters(x, threshold), expected)
    expected = fcluster(tree, 5, "maxclust")
    assert same_partition(_merged(x, np.ones(40), 2.0, 5, 5), expected)


def test_the_number_of_voices_is_found():
    for k in (1, 2, 4, 6):
        found = clusters(voices(k, [20 + 5 * i for i in range(k)]), 0.5)
        assert found.max() + 1 == k
        assert same_partition(found, np.repeat(np.arange(k), [20 + 5 * i for i in range(k)]))


def test_a_number_that_is_given_is_kept():
    x = voices(0, [20, 20, 20])
    assert clusters(x, 0.5, count=2).max() == 1
    assert clusters(x, 0.5, count=5).max() == 4
    assert clusters(x, 0.5, most=2).max() == 1
    assert clusters(x, 0.5, least=5).max() == 4
    with pytest.raises(ArgumentError, match="speakers"):
        clusters(x, 0.5, least=3, most=2)


def test_a_few_odd_windows_are_no_voice():
    x = np.concatenate([voices(1, [40, 40]), voices(9, [2])])
    assert clusters(x, 0.5).max() == 1


def test_numbers_are_in_order_of_appearance():
    x = voices(2, [10, 10])[::-1]
    assert clusters(x, 0.5)[0] == 0


def test_hours_are_clustered_in_pieces(monkeypatch: pytest.MonkeyPatch):
    x = voices(3, [150, 250, 200], spread=0.04)
    x = x[np.random.default_rng(0).permutation(len(x))]
    whole = clusters(x, 0.5)
    monkeypatch.setattr(cluster, "PIECE", 100)
    assert same_partition(clusters(x, 0.5), whole)


def test_nothing_and_one():
    assert clusters(np.zeros((0, 4)), 0.5).tolist() == []
    assert clusters([[1.0, 0.0]], 0.5).tolist() == [0]


def test_windows_in_which_two_speak_are_no_third_voice():
    x = voices(4, [40, 40])
    both = x[:40] + x[40:]
    x = np.concatenate([x, (both / np.linalg.norm(both, axis=1, keepdims=True))[:15]])
    assert clusters(x, 0.9).max() == 1
    assert clusters(np.concatenate([x[:80], voices(5, [15])]), 0.9).max() == 2
