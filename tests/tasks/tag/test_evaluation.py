"""Scores of each label have intervals over resampled recordings, and everyone sees them."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.tasks.tag.evaluation import evaluation_of
from tympan.tasks.tag.metrics import auroc, average_precision, f1_scores, label_intervals

LABELS = ("rain", "siren", "never")


def drawn(m: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, scores and choices `(m, 3)`: scores of few steps, so that many are equal."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((m, 3)) < (0.4, 0.1, 0.0)).astype(int)
    scores = np.round(0.4 * truth + 0.6 * rng.random((m, 3)), 1)
    return truth, scores, (scores > 0.5).astype(int)


@pytest.mark.filterwarnings("error")
def test_intervals_are_those_of_recordings_drawn_again_and_again() -> None:
    """Against the scores of the rows themselves, drawn with the same seed; ties and all."""
    truth, scores, chosen = drawn(40)
    rng = np.random.default_rng(0)
    rows: dict[str, list[np.ndarray]] = {"average_precision": [], "auroc": [], "f1": []}
    for _ in range(50):
        i = rng.integers(0, 40, 40)
        rows["average_precision"].append(average_precision(truth[i], scores[i]))
        rows["auroc"].append(auroc(truth[i], scores[i]))
        rows["f1"].append(f1_scores(truth[i], chosen[i])[0])
    found = label_intervals(truth, scores, chosen, rounds=50)
    for name, values in rows.items():
        expected = np.nanpercentile(np.array(values)[:, :2], [2.5, 97.5], axis=0).T
        np.testing.assert_allclose(found[name][:2], expected, atol=1e-12)
    assert np.isnan(found["auroc"][2]).all(), "a label that never applies has no score to draw"


def test_many_recordings_are_drawn_in_parts() -> None:
    """More than fit at once: each label still has all draws."""
    truth, scores, chosen = (np.tile(one, (300, 1)) for one in drawn(200))
    found = label_intervals(truth, scores, chosen, rounds=70)
    assert 0 < float(np.diff(found["auroc"][0])[0]) < 0.01, "sixty thousand recordings say a lot"


def test_the_table_and_the_details_show_them() -> None:
    truth, scores, _ = drawn(60)
    found = evaluation_of(LABELS, ["x.wav"] * 60, [truth], [scores], [np.full(3, 0.5)])
    row = found.details()["per_label"]["rain"]
    low, high = row["auroc_interval"]
    assert low < row["auroc"] < high
    assert found.details()["per_label"]["never"]["auroc_interval"] is None
    cells = {one["label"]: one for one in found.table()}
    assert (
        cells["rain"]["AUROC"] == f"{100 * row['auroc']:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
    )
    assert cells["never"]["AUROC"] == "–"


def test_few_recordings_have_wider_intervals_than_many() -> None:
    widths = []
    for m in (30, 300):
        truth, scores, chosen = drawn(m)
        widths.append(float(np.diff(label_intervals(truth, scores, chosen)["auroc"][0])[0]))
    assert widths[0] > 2 * widths[1]
