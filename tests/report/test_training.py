"""The training report: right figures, readable for 2 labels and for 50, usable in a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.models import Score
from tympan.report.page import NBSP
from tympan.report.parts import EvaluationParts, Part, Scored, register_evaluation
from tympan.report.training import training_report
from tympan.report.training_charts import calibration, curves, matrix
from tympan.tasks.classify.evaluation import ClassifyEvaluation, evaluation_of
from tympan.tasks.contract import Evaluation
from tympan.tasks.metrics import wilson_interval

LABELS = ("cat", "dog", "door_knock")
CONFUSION = np.array([[8, 2, 0], [1, 9, 0], [0, 5, 0]])
HISTORY = [
    {"epoch": e, "lr": 0.1, "train_loss": 2.0 / e, "val_loss": 2.5 / e, "accuracy": 1 - 1 / e}
    for e in range(1, 13)
]


def evaluated(
    labels: tuple[str, ...], confusion: np.ndarray, folds: int = 1, seed: int = 0
) -> ClassifyEvaluation:
    """An evaluation with that confusion matrix, and scores about as sure as they are right."""
    pairs = [p for p in np.ndindex(*confusion.shape) for _ in range(confusion[p])]
    truth = np.array([i for i, _ in pairs])
    rng = np.random.default_rng(seed)
    rows = rng.uniform(0.01, 0.1, (len(pairs), len(labels)))
    rows[np.arange(len(pairs)), [j for _, j in pairs]] = rng.uniform(0.5, 3, len(pairs))
    rows /= rows.sum(1, keepdims=True)
    files = [f"{labels[i]}/{n:03d}.wav" for n, i in enumerate(truth)]
    parts = np.array_split(np.arange(len(pairs)), folds)
    return evaluation_of(labels, files, [truth[p] for p in parts], [rows[p] for p in parts])


@pytest.fixture(scope="module")
def report(scene: Clip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_report(
        tmp_path_factory.mktemp("training"),
        title="pets <b>",
        evaluation=evaluated(LABELS, CONFUSION),
        history=HISTORY,
        recording=lambda name: scene if name.startswith("door_knock") else None,
        facts={"Seed": "0"},
        notes=["Split by source."],
    )


def test_per_label_figures(report: Path) -> None:
    text = report.read_text("utf-8").replace(NBSP, " ")
    body = text[text.index("<tbody>") : text.index("</tbody>")]
    rows = [re.findall(r">([^<>]+)</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    assert rows == [
        ["cat", "88.9 %", "80.0 %", "84.2 %", "10"],
        ["dog", "56.2 %", "90.0 %", "69.2 %", "10"],
        ["door knock", "–", "0.0 %", "0.0 %", "5"],
    ]
    assert "door knock as dog (5 of 5); cat as dog (2 of 10); dog as cat (1 of 10)" in text
    assert re.search(r"<dt>Accuracy</dt><dd>68.0 %<small>\d\d.\d – \d\d.\d %", text)
    assert "(95 % interval)" in text
    assert "25<small>held-out recordings" in text
    assert "33.3 %<small>a blind guess; always “cat”: 40.0 %" in text
    assert "pets &lt;b&gt;" in text
    assert "It always answers with one of its 3 labels" in text


def test_mistakes_can_be_listened_to_where_the_recording_is_there(report: Path) -> None:
    text = report.read_text("utf-8").replace(NBSP, " ")
    found = re.findall(
        r"<strong>([^<]+)</strong> taken for <strong>([^<]+)</strong>, (\d+) %", text
    )
    assert [pair[:2] for pair in found] == [("door knock", "dog")] * 5
    scores = [int(score) for *_, score in found]
    assert scores == sorted(scores, reverse=True)
    assert text.count("<audio") == 5


# -- any other kind of evaluation ------------------------------------------------------------------


@dataclass(frozen=True)
class Separated(Evaluation):
    """What a question of another package may give."""

    def table(self) -> list[dict[str, str]]:
        return [
            {"source": "lead_voice", "SI-SDR": "7.2 dB", "remark": "loud"},
            {"source": "drums", "SI-SDR": "−1.5 dB", "remark": "faint"},
        ]


SCORES = (
    Score("si_sdr", 7.25, (6.5, 8.0), "dB", folds=(7.0, 7.5)),
    Score("der", 0.125, higher_is_better=False),
)


def test_any_evaluation_shows_scores_table_and_limits(tmp_path: Path) -> None:
    found = Separated(SCORES, 20, "mixtures", limits=("Of music alone.",))
    text = training_report(tmp_path, title="a", evaluation=found).read_text("utf-8")
    text = text.replace(NBSP, " ")
    assert "<dt>SI-SDR</dt><dd>7.25 dB<small>6.5 – 8 dB (95 % interval)" in text
    assert "<dt>DER</dt><dd>12.5 %<small>lower is better" in text
    assert "20<small>mixtures, in cross-validation" in text
    assert '<th scope="row">lead voice</th><td class="number" data-value="7.2">7.2 dB</td>' in text
    assert 'data-value="-1.5"' in text
    assert "<td>faint</td>" in text
    assert "<li>Of music alone.</li>" in text
    assert "<svg" not in text


@dataclass(frozen=True)
class Registered(Separated):
    """A kind that brings a view of its own."""


@register_evaluation(Registered)
def _parts(scored: Scored[Registered]) -> EvaluationParts:
    values = {"limits": [f"seen through {scored.recording('x')}"]}  # type: ignore[misc]
    return EvaluationParts(sections=[Part("training_limits.html.j2", values)])


def test_a_kind_may_bring_its_own_view(tmp_path: Path) -> None:
    found = Registered(SCORES, 20)
    path = training_report(tmp_path, title="a", evaluation=found, recording=lambda name: name * 3)
    text = path.read_text("utf-8")
    assert "seen through xxx" in text
    assert "lead voice" not in text


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
    labels = tuple(f"l{i}" for i in range(k))
    found = evaluated(labels, np.eye(k, dtype=int))
    text = training_report(tmp_path, title="many", evaluation=found).read_text("utf-8")
    assert 'class="matrix"' not in text
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


def test_metrics_of_any_size_are_drawn() -> None:
    history = [
        {"epoch": e, "train_loss": 9.0, "train_loss_generator": 4.0, "train_loss_critic": 5.0 - e,
         "val_loss": 8.0, "si_sdr": e - 7.5, "accuracy": e / 12, "f1": 0.5, "nats": 0.3}
        for e in range(1, 13)
    ]  # fmt: skip
    drawn = curves(history, {"si_sdr": "dB", "nats": "nats"})
    assert [(plot.title, list(plot.legend)) for plot in drawn] == [
        ("Loss", ["training", "validation"]),
        ("Loss, generator", ["training"]),
        ("Loss, critic", ["training"]),
        ("Score on the validation part", ["accuracy", "f1"]),
        ("SI-SDR (dB) on the validation part", ["SI-SDR"]),
        ("nats on the validation part", ["nats"]),
    ]
    axis = [tick.text for tick in drawn[4].y_ticks]
    assert axis == ["−10", "−5", "0", "5"]
    # From -6.5 at the first epoch to 4.5 at the last.
    first, last = re.match(r"M0 ([\d.]+).*?1000 ([\d.]+)$", drawn[4].lines[0].d).groups()
    assert float(first) == pytest.approx(1000 * (1 - 3.5 / 15), abs=1)
    assert float(last) == pytest.approx(1000 * (1 - 14.5 / 15), abs=1)


@pytest.mark.browser
def test_in_the_browser(report: Path, visit: Any) -> None:
    with visit(report, width=360) as v:
        assert v.page.evaluate("document.documentElement.scrollWidth") <= 360
        cells = "[...document.querySelectorAll('tbody th')].map((e) => e.textContent)"
        recall = v.page.get_by_role("button", name="Recall")
        recall.click()
        assert v.page.evaluate(cells) == ["dog", "cat", "door knock"]
        recall.click()
        assert v.page.evaluate(cells) == ["door knock", "cat", "dog"]
        v.page.get_by_role("button", name="Label").press("Enter")
        assert v.page.evaluate(cells) == ["cat", "dog", "door knock"]
        assert v.page.locator("th[aria-sort]").count() == 1
        player = "document.querySelector('.card audio')"
        v.page.evaluate(f"void {player}.play()")
        v.until(f"{player}.currentTime > 0.1")
        assert v.page.pdf().startswith(b"%PDF")


@pytest.mark.browser
def test_a_head_alone_has_no_curve_and_a_wide_matrix_says_so(tmp_path: Path, visit: Any) -> None:
    labels = tuple(f"condition_{i}" for i in range(8))
    found = evaluated(labels, 3 * np.eye(8, dtype=int))
    path = training_report(tmp_path, title="motor", evaluation=found)
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
