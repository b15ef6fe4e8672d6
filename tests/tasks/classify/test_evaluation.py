"""The scores of a classifier, and the sentences about them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tympan.tasks.classify.evaluation import evaluation_of, limits

LABELS = ("a", "b", "c")


def evaluation(truth, probabilities, labels=LABELS, **options):
    truth = np.array(truth)
    files = [f"{i}.wav" for i in range(len(truth))]
    return evaluation_of(labels, files, [truth], [np.array(probabilities)], **options)


def test_of_a_label_never_predicted_no_precision_is_given():
    found = evaluation([0, 0, 1], [[0.9, 0.1, 0.0]] * 3)
    rows = {line.split()[0]: line.split()[1:] for line in str(found).splitlines()[-3:]}
    assert rows["a"][:2] == ["66.7%", "100.0%"]
    assert rows["b"] == ["–", "0.0%", "0.0%", "1"]
    assert rows["c"] == ["–", "–", "–", "0"]
    assert found.untested == ("c",)
    assert "not tested, for want of recordings: c" in str(found)


def test_all_right_is_not_all_certain():
    found = evaluation([0, 1, 2, 0], np.eye(3)[[0, 1, 2, 0]] * 0.97 + 0.01)
    accuracy, macro_f1, ece = found.scores
    assert accuracy.value == macro_f1.value == 1.0
    low, high = accuracy.interval
    assert high - low > 0.4
    assert macro_f1.interval == accuracy.interval
    assert not ece.higher_is_better


def test_the_first_score_is_the_accuracy_and_all_have_names():
    found = evaluation([0, 1, 2, 0], [[0.8, 0.1, 0.1]] * 4)
    assert [one.name for one in found.scores] == ["accuracy", "macro_f1", "ece"]
    assert found.metrics["accuracy"] == 0.5
    assert found.metrics["ece"] == pytest.approx(0.3)
    assert found.count == 4


def test_parts_are_joined_in_order_and_each_has_its_score():
    truths = [np.array([0, 1]), np.array([2]), np.array([0, 0, 1])]
    rows = [np.eye(3)[[0, 1]], np.eye(3)[[1]], np.eye(3)[[0, 1, 1]]]
    found = evaluation_of(LABELS, list("uvwxyz"), truths, rows)
    assert found.scores[0].folds == pytest.approx((1.0, 0.0, 2 / 3))
    assert found.scores[0].value == pytest.approx(4 / 6, abs=1e-4)
    assert found.truth.tolist() == [0, 1, 2, 0, 0, 1]
    assert found.predictions.tolist() == [0, 1, 1, 0, 1, 1]
    assert found.files == tuple("uvwxyz")
    # One part alone is no cross-validation.
    assert evaluation([0, 1], np.eye(3)[[0, 1]]).scores[0].folds == ()


def test_mistakes_are_sorted_by_how_sure_they_were():
    rows = [[0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.2, 0.0, 0.8], [0.7, 0.2, 0.1]]
    found = evaluation([1, 0, 0, 0], rows)
    assert found.mistakes() == [1, 2, 0]
    assert found.mistakes(1) == [1]


def test_the_confusion_has_the_truth_in_its_rows():
    found = evaluation([0, 0, 1], np.eye(3)[[0, 2, 1]])
    assert found.confusion.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert found.per_class()["a"] == {
        "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3, abs=1e-4), "support": 1 + 1,
    }  # fmt: skip


def test_limits_name_weak_and_untested_labels():
    found = evaluation([0, 0, 0, 1], np.eye(3)[[0, 0, 1, 0]])
    always, weak, untested = found.limits
    assert "one of its 3 labels" in always
    assert weak == "Weak labels in the test set: b: F1 0 %."
    assert untested == "Not tested, for want of recordings: c."
    assert len(limits({"a": {"f1": 0.5, "support": 1}})) == 1


def test_it_is_one_plain_object():
    values = json.loads(json.dumps(evaluation([0, 1], np.eye(3)[[0, 2]]).to_json()))
    assert values["accuracy"] == 0.5
    assert values["scores"][0]["interval"][0] <= 0.5
    assert {"per_class", "confusion", "reliability", "limits", "skipped"} <= set(values)
    assert (values["count"], values["counted"]) == (2, "recordings")
