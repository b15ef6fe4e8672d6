"""How pages show what a monitor answers, and its training report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tympan.report.monitoring import coloured, headline_of, score_chart, scores_chart
from tympan.report.page import NBSP
from tympan.report.parts import Scored, Shown
from tympan.report.views import answer_parts, evaluation_parts
from tympan.tasks.monitor.departures import Close
from tympan.tasks.monitor.evaluation import MonitorEvaluation
from tympan.tasks.results import Anomaly, ScoredInterval

STEPS = tuple(
    ScoredInterval(i, i + 1, 6.0 if i in (3, 4) else 0.5, 1250.0, 12.0) for i in range(10)
)
ANSWER = Anomaly("a.wav", 5.3, 2.0, STEPS, 10.0, "m", (), 0.01, (0.004, 0.02))


def test_the_alarm_is_named_with_its_place() -> None:
    found = answer_parts(Shown(ANSWER, "Does it sound unusual?", 10.0))
    headline = found.headlines[0].values["answer"]
    assert headline.best == "sounds unusual"
    assert "Strangest from 3.0 s to 5.0 s, +12 dB at 1,250 Hz." in headline.lead.replace(
        "\xa0", " "
    )
    assert "between 0.40 % and 2.00 %" in headline.lead.replace("\xa0", " ")
    (lanes,) = found.tracks
    (bar,) = lanes.lanes[0].segments
    assert (bar.start_s, bar.end_s) == (3, 5)
    assert found.sections[0].values["picture"] is None


def test_a_normal_recording_is_called_so() -> None:
    quiet = Anomaly("a.wav", 0.4, 2.0, STEPS[:3], 3.0)
    found = answer_parts(Shown(quiet, "?", 3.0))
    assert found.headlines[0].values["answer"].best == "sounds normal"
    assert not found.tracks
    chance = Anomaly("a.wav", 1.9, 2.0, STEPS, 10.0)
    assert "as few as chance makes" in headline_of(chance).lead


def test_of_silence_only_that_is_said() -> None:
    found = answer_parts(Shown(ANSWER, "?", 10.0, nothing="silence"))
    assert found.headlines[0].values["answer"].best == "silence"


def test_what_departs_is_drawn_and_played_beside_normal() -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    close = Close(3.0, 5.0, 6.0, wave, wave, 1250.0, 12.0)
    z = np.zeros((64, 80))
    z[20, 24:40] = 9
    departures = SimpleNamespace(
        close=[close], bands_hz=np.geomspace(20, 7800, 64), picture=lambda: (z, np.arange(81) / 8)
    )
    session = SimpleNamespace(departures=departures, model=SimpleNamespace(rate_hz=8000))
    found = answer_parts(Shown(ANSWER, "?", 10.0, session=session))
    values = found.sections[0].values
    assert values["picture"]["image"].startswith("data:image/")
    (card,) = values["cards"]
    assert "12 dB louder at 1,250 Hz" in card["text"]
    assert all(side["audio"].startswith("data:audio/") for side in card["sides"])


def test_louder_is_yellow_and_quieter_blue() -> None:
    louder, normal, quieter = coloured(np.array([[9.0, 0.5, -9.0]]))[0]
    assert louder[0] > louder[2] + 0.5
    assert quieter[2] > quieter[0] + 0.5
    assert normal.max() < 0.2


def test_the_chart_of_an_hour_is_small() -> None:
    steps = tuple(ScoredInterval(i, i + 1, 0.5) for i in range(3600))
    chart = score_chart(Anomaly("a.wav", 0.5, 2.0, steps, 3600.0), 3600.0)
    assert len(chart.lines[1].d) < 20_000


def test_the_training_report_draws_both_kinds() -> None:
    found = MonitorEvaluation(
        (), 4, truth=np.array([False, False, True, True]), values=np.array([0.2, 0.8, 3.0, 5.0]),
        machines=("",) * 4, kinds=("normal", "normal", "worn", "worn"), threshold=2.0,
        known={"detectors": ["lines"], "simulated_auc": {"fused": 0.9},
               "threshold_set_on": {"steps": 200, "independent": 90.0}},
    )  # fmt: skip
    parts = evaluation_parts(Scored(found))
    assert [fact.name for fact in parts.facts] == ["Detectors", "Threshold set on"]
    assert parts.charts[0].legend == ["normal (2)", "anomalous (2)"]
    assert parts.sections[0].values["rows"][0][0]["text"] == "worn"
    assert len(scores_chart(found).lines) == 3
    assert parts.facts[0].note == f"AUC 90.0{NBSP}% on simulated changes"
    # With normal recordings alone there is one curve, and nothing is said of both.
    assert "both curves" in scores_chart(found).caption
    alone = replace(found, truth=np.zeros(4, bool))
    assert "both curves" not in scores_chart(alone).caption


@pytest.mark.filterwarnings("ignore::tympan.errors.TympanWarning")
def test_the_page_of_hear_holds_it_all(tmp_path: Path) -> None:
    import tympan
    from tests_machine import machine

    (tmp_path / "data" / "normal").mkdir(parents=True)
    for i in range(12):
        machine(4, i).save(tmp_path / "data" / "normal" / f"{i}.wav")
    result = tympan.train(tmp_path / "data", out=tmp_path / "model", epochs=1, progress=False)
    assert "Threshold set on" in (result.folder / "report.html").read_text("utf-8")
    clip = machine(6, 77, whistle=0.03)
    page = tympan.hear(clip, tmp_path / "a.html", models=[tmp_path / "model"]).path
    text = page.read_text("utf-8")
    assert "sounds unusual" in text
    assert "What is unlike normal" in text
    assert text.count("<audio") >= 3
