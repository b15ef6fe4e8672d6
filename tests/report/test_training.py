"""The training report: right figures, readable for 2 labels and for 50, usable in a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.report.page import NBSP
from tympan.report.training import Mistake, training_report
from tympan.report.training_charts import calibration, curves, matrix
from tympan.tasks.metrics import wilson_interval

LABELS = ["cat", "dog", "door_knock"]
CONFUSION = np.array([[8, 2, 0], [1, 9, 0], [0, 5, 0]])
HISTORY = [
    {"epoch": e, "lr": 0.1, "train_loss": 2.0 / e, "val_loss": 2.5 / e, "accuracy": 1 - 1 / e}
    for e in range(1, 13)
]


@pytest.fixture(scope="module")
def report(scene: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    confidence = rng.random(25)
    return training_report(
        tmp_path_factory.mktemp("training"),
        title="pets <b>",
        labels=LABELS,
        confusion=CONFUSION,
        metrics={"accuracy": (0.68, 0.5, 0.84), "macro_f1": 0.5, "ece": 0.04, "loss": 1.25},
        history=HISTORY,
        confidence=confidence,
        correct=rng.random(25) < confidence,
        mistakes=[Mistake(scene, "door_knock", "dog", 0.97)],
        facts={"Seed": "0"},
        notes=["Split by source."],
    )


def test_per_label_figures(report: Path) -> None:
    text = report.read_text("utf-8").replace(NBSP, " ")
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    rows = [re.findall(r">([^<>]+)</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    assert rows == [
        ["cat", "89 %", "80 %", "84 %", "10"],
        ["dog", "56 %", "90 %", "69 %", "10"],
        ["door_knock", "–", "0 %", "–", "5"],
    ]
    assert "door_knock as dog (5 of 5); cat as dog (2 of 10); dog as cat (1 of 10)" in text
    assert "50.0 – 84.0 % (95 % interval)" in text
    assert "25<small>held-out recordings" in text
    assert "33.3 %<small>a blind guess; always “cat”: 40.0 %" in text
    assert "pets &lt;b&gt;" in text
    assert "door_knock</strong> heard as <strong>dog</strong>, 97 %" in text


@pytest.mark.parametrize("k", [2, 9, 50, 100])
def test_the_matrix_shows_every_count_and_stays_readable(k: int) -> None:
    confusion = np.random.default_rng(k).integers(0, 3, (k, k))
    confusion[0] = 0  # a label without examples
    drawn = matrix(confusion, [f"label number {i}" for i in range(k)])
    assert drawn is not None
    assert sum(int(cell["text"]) for cell in drawn["cells"]) == confusion.sum()
    assert drawn["font"] >= 10
    assert drawn["cell"] >= drawn["font"] + 2
    assert drawn["width"] < 2000


def test_more_labels_than_a_matrix_can_show(tmp_path: Path) -> None:
    k = 300
    labels = [f"l{i}" for i in range(k)]
    path = training_report(
        tmp_path, title="many", labels=labels, confusion=np.eye(k, dtype=int), metrics={}
    )
    text = path.read_text("utf-8")
    assert "<svg" not in text
    assert text.count('<th scope="row">') == k
    assert "No recording was answered wrongly" in text


def test_calibration_error_is_the_published_one() -> None:
    # Ten answers with 90 %, six of them right; ten with 30 %, three right: (0.3 + 0) / 2.
    confidence = np.repeat([0.9, 0.3], 10)
    correct = np.array([1] * 6 + [0] * 4 + [1] * 3 + [0] * 7)
    drawn = calibration(confidence, correct)
    assert f"15.0{NBSP}%" in drawn.alt
    # Each bar says of how many answers it tells; twenty recordings prove little, and that is said.
    assert [(text.x, text.text) for text in drawn.texts] == [(30.0, "10"), (90.0, "10")]
    assert "20 to 40 %: 3 of 10 right; 80 to 100 %: 6 of 10 right" in drawn.alt
    assert sum(line.kind == "whisker" for line in drawn.lines) == 2
    assert "with only 20 recordings" in drawn.caption
    many = calibration(np.repeat(confidence, 50), np.repeat(correct, 50))
    assert "with only" not in many.caption
    assert "1,000 scored recordings" in many.title


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (3, 7), (50, 100), (999, 1000)])
def test_intervals_hold_the_share_and_shrink_with_the_count(right: int, count: int) -> None:
    low, high = wilson_interval(right, count)
    assert 0 <= low <= right / count <= high <= 1
    assert high - low == pytest.approx(3.92 * np.sqrt(0.25 / count), rel=0.95)
    wider = wilson_interval(right, count)[1] - low
    of_more = wilson_interval(10 * right, 10 * count)
    assert of_more[1] - of_more[0] < wider


def test_curves_split_losses_from_scores_and_leave_the_rest_out() -> None:
    loss, score = curves(HISTORY)
    assert list(loss.legend) == ["training", "validation"]
    assert list(score.legend) == ["accuracy"]
    assert curves(HISTORY[:1]) == []
    broken = [dict(row, train_loss=float("nan")) for row in HISTORY]
    assert list(curves(broken)[0].legend) == ["validation"]


def test_a_matrix_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"\(2, 2\)"):
        training_report(tmp_path, title="a", labels=["a", "b"], confusion=np.eye(3), metrics={})


@pytest.mark.browser
def test_in_the_browser(report: Path, visit: Any) -> None:
    with visit(report, width=360) as v:
        assert v.page.evaluate("document.documentElement.scrollWidth") <= 360
        cells = "[...document.querySelectorAll('tbody th')].map((e) => e.textContent)"
        recall = v.page.get_by_role("button", name="Recall")
        recall.click()
        assert v.page.evaluate(cells) == ["dog", "cat", "door_knock"]
        recall.click()
        assert v.page.evaluate(cells) == ["door_knock", "cat", "dog"]
        v.page.get_by_role("button", name="Label").press("Enter")
        assert v.page.evaluate(cells) == ["cat", "dog", "door_knock"]
        assert v.page.locator("th[aria-sort]").count() == 1
        player = "document.querySelector('.card audio')"
        v.page.evaluate(f"void {player}.play()")
        v.until(f"{player}.currentTime > 0.1")
        assert v.page.pdf().startswith(b"%PDF")


@pytest.mark.browser
def test_a_head_alone_has_no_curve_and_a_wide_matrix_says_so(tmp_path: Path, visit: Any) -> None:
    labels = [f"condition_{i}" for i in range(8)]
    path = training_report(
        tmp_path,
        title="motor",
        labels=labels,
        confusion=3 * np.eye(8, dtype=int),
        metrics={"accuracy": 1.0},
        confidence=np.full(24, 0.9),
        correct=np.ones(24, bool),
    )
    text = path.read_text("utf-8")
    assert ">What its scores mean</h2>" in text
    assert "only the head was fitted" in text
    for width, shown in ((375, True), (1280, False)):
        with visit(path, width=width) as v:
            assert v.page.locator(".swipe").is_visible() is shown
            last = "[...document.querySelectorAll('.matrix text')]"
            cut = f"Math.max(...{last}.map((e) => e.getBoundingClientRect().right))"
            edge = "document.querySelector('.matrix svg').getBoundingClientRect().right"
            assert v.page.evaluate(cut) <= v.page.evaluate(edge)
