"""A trained monitor on recordings: files, streams, folders of normal sounds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_machine import RATE_HZ, machine
from tympan.errors import ArgumentError, TympanWarning
from tympan.tasks.answering import load
from tympan.tasks.results import Anomaly

pytestmark = pytest.mark.filterwarnings("ignore::tympan.errors.TympanWarning")


def faulty(start_s: float = 6.0, end_s: float = 9.0) -> tympan.Clip:
    """Fifteen seconds, the machine whistling from one moment to another."""
    clip, wrong = machine(15, 900), machine(15, 900, whistle=0.02)
    wave = clip.samples.copy()
    a, b = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
    wave[:, a:b] = wrong.samples[:, a:b]
    return tympan.Clip(wave, RATE_HZ, "faulty.wav")


def test_the_fault_is_found_where_it_is(made: Path) -> None:
    found = tympan.monitor(faulty(), model=made / "model")
    assert isinstance(found, Anomaly)
    assert found.anomalous
    (alarm,) = [one for one in found.alarms if one.end_s > 6 and one.start_s < 9]
    assert alarm.start_s == pytest.approx(6, abs=1.01)
    assert alarm.end_s == pytest.approx(9, abs=1.01)
    assert alarm.peak_hz == pytest.approx(2500, rel=0.1)
    assert alarm.change_db > 5


def test_normal_recordings_pass(made: Path) -> None:
    found = [tympan.monitor(machine(5, 500 + i), model=made / "model") for i in range(20)]
    assert sum(one.anomalous for one in found) <= 2
    steps = [step.score for one in found for step in one.timeline]
    assert np.mean(np.array(steps) > 1) < 0.3  # a tenth of them in the long run


def test_blocks_give_the_answer_of_the_whole(made: Path) -> None:
    model = load(made / "model", "monitor")
    whole = model(faulty())
    session = model.session(name="faulty.wav")
    wave = faulty().resample(model.rate_hz).samples
    rng, at = np.random.default_rng(0), 0
    while at < wave.shape[1]:
        size = int(rng.integers(1, 20_000))
        session.push(wave[:, at : at + size])
        at += size
    blocks = session.result()
    assert [s.start_s for s in blocks.timeline] == [s.start_s for s in whole.timeline]
    expected = pytest.approx([s.score for s in whole.timeline], rel=1e-3, abs=1e-3)
    assert [s.score for s in blocks.timeline] == expected


def test_a_higher_rate_of_false_alarms_is_a_lower_threshold(made: Path) -> None:
    strict, loose = (
        tympan.monitor(machine(5, 77), model=made / "model", false_alarms=rate)
        for rate in (0.001, 0.1)
    )
    assert (strict.threshold, loose.threshold) == (pytest.approx(3), pytest.approx(1))
    assert [s.score for s in strict.timeline] == [s.score for s in loose.timeline]
    with pytest.raises(ArgumentError, match="false_alarms"):
        tympan.monitor(machine(5, 77), model=made / "model", false_alarms=0.9)


def test_too_little_normal_sound_is_said(made: Path) -> None:
    with pytest.warns(TympanWarning, match=r"too little of the normal machine .* 3000 are needed"):
        found = tympan.monitor(machine(5, 77), model=made / "model", false_alarms=0.001)
    low, high = found.false_alarm_interval
    assert low < 0.001 < 0.01 < high


def test_a_recording_of_a_lower_rate_is_warned_of(made: Path, tmp_path: Path) -> None:
    file = machine(5, 3).resample(4000).save(tmp_path / "low.wav")
    found = tympan.monitor(file, model=made / "model")
    assert any("was recorded at 4,000 Hz" in line for line in found.warnings)


def test_a_normal_recording_instead_of_a_model(tmp_path: Path) -> None:
    normal = machine(60, 0).save(tmp_path / "normal.wav")
    found = tympan.monitor(faulty(), normal=normal, false_alarms=0.05)
    assert found.anomalous
    worst = max(found.alarms, key=lambda one: one.score)
    assert worst.start_s == pytest.approx(5, abs=1.01)
    (tmp_path / "folder").mkdir()
    for i in range(6):
        machine(10, i).save(tmp_path / "folder" / f"{i}.wav")
    beside = tympan.monitor(machine(10, 99), normal=tmp_path / "folder", false_alarms=0.05)
    assert beside.score < found.score


def test_without_either_it_is_said_what_to_do() -> None:
    told = r"sounds is no model of this machine: it is not known how .*--normal FILE_OR_FOLDER"
    for model in (None, "sounds"):  # a classifier answers once it is given normal recordings
        with pytest.raises(ArgumentError, match=told):
            tympan.monitor(machine(5, 0), model=model)
    with pytest.raises(ArgumentError, match="is not here"):
        tympan.monitor(machine(5, 0), normal="no-such-file.wav")


def test_short_silent_and_empty_recordings(made: Path) -> None:
    short = tympan.monitor(machine(0.5, 0), model=made / "model")
    assert len(short.timeline) == 1
    assert any("less than half of a window" in line for line in short.warnings)
    silent = tympan.monitor(
        tympan.Clip(np.zeros((1, 40_000), np.float32), RATE_HZ), model=made / "model"
    )
    assert not silent.timeline
    assert any("silent" in line for line in silent.warnings)


def test_it_is_saved_and_read(made: Path, tmp_path: Path) -> None:
    found = tympan.monitor(faulty(), model=made / "model")
    values = json.loads(found.save(tmp_path / "a.json").read_text("utf-8"))
    assert values["anomalous"] is True
    assert values["timeline"][0].keys() >= {"start_s", "end_s", "score", "peak_hz", "change_db"}
    rows = found.save(tmp_path / "a.csv").read_text("utf-8").splitlines()
    assert rows[0] == "start_s,end_s,score,anomalous,peak_hz,change_db"
    assert len(rows) == 1 + len(found.timeline)
    assert "anomalous" in found.save(tmp_path / "a.srt").read_text("utf-8")
    assert "dB at" in str(found)


def test_many_recordings_together_answer_as_alone(made: Path) -> None:
    model = load(made / "model", "monitor")
    clips = [machine(3 + i, 40 + i, 0.01 * (i % 2)) for i in range(4)]
    together = [one.score for one in model.answer_many(clips)]
    assert together == pytest.approx([model(one).score for one in clips], rel=1e-3, abs=1e-3)
