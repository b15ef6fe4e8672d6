"""Known and unknown recordings are told apart, and the figures say how well."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from tympan.tasks.unknown import Apart, left_out_auroc, unknown_scores


def test_left_out_labels_are_scored_by_the_distance_from_the_others():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 60)
    distances = rng.random((60, 4))
    found = left_out_auroc(truth, distances, ["a", "b", "c"])
    for i, label in enumerate("abc"):
        assert np.isclose(found[label], roc_auc_score(truth == i, distances[:, 1 + i]), atol=1e-4)


def test_the_share_of_known_recordings_that_is_rejected():
    rows = [np.array([0.1, 0.2, 0.3])] * 4
    found = unknown_scores([0.01, 0.05, 0.5, 1.0], np.array([0, 0, 1, 1]), [rows], ["a", "b"])
    assert found.scores[0].name == "false_rejection"
    assert found.scores[0].value == 0.25
    assert found.scores[1].name == "left_out_auroc"
    assert "AUROC 0.50" in found.limits[0]


def test_a_model_that_does_not_know_is_not_scored():
    found = unknown_scores([None, 0.5], np.array([0, 1]), [[None, None]], ["a", "b"])
    assert found.scores == ()
    assert found.details() == {}


def test_distances_of_models_with_other_labels_stand_in_the_right_columns():
    apart = Apart(3)
    apart.add(np.array([0.1, 0.2, 0.3]), [0, 2])
    apart.add(np.array([0.1]), [0, 1])  # labels that overlap: none is left out
    assert apart.rows[0].tolist()[:2] == [0.1, 0.2]
    assert np.isnan(apart.rows[0][2])
    assert apart.rows[0][3] == 0.3
    assert apart.rows[1] is None
