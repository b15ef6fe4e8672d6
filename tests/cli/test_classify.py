"""`tympan classify`: files, folders, and what is said about bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tympan.audio import Clip, load
from tympan.cli.classify import recordings
from tympan.cli.main import app
from tympan.cli.train import next_step
from tympan.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, one of them in a sub-folder, beside files that are none."""
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    (tmp_path / "sounds" / "more").mkdir(parents=True)
    (tmp_path / "sounds" / ".hidden").mkdir()
    for name in ("b.wav", "more/a.WAV", ".hidden/c.wav"):
        Clip(wave, 8000).save(tmp_path / "x.wav").rename(tmp_path / "sounds" / name)
    (tmp_path / "sounds" / "notes.txt").write_text("none")
    return tmp_path / "sounds"


def test_a_folder_stands_for_its_recordings(folder: Path) -> None:
    assert recordings([folder]) == [folder / "b.wav", folder / "more" / "a.WAV"]
    assert recordings([folder / "b.wav", Path("no.wav")]) == [folder / "b.wav", Path("no.wav")]


def test_each_recording_of_a_folder_is_answered_on_a_line(folder: Path) -> None:
    found = CliRunner().invoke(app, ["classify", str(folder), "--json"])
    assert found.exit_code == 0
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [answer["file"] for answer in answers] == [str(one) for one in recordings([folder])]


def test_one_bad_file_of_a_folder_costs_only_its_own_answer(folder: Path) -> None:
    (folder / "bad.wav").write_bytes(b"RIFF nothing")
    found = CliRunner().invoke(app, ["classify", str(folder), "--json"])
    assert len([line for line in found.stdout.splitlines() if line.startswith("{")]) == 2
    assert "1 of 3 files could not be classified" in str(found.exception)


def test_a_folder_without_recordings_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder without recordings"):
        recordings([tmp_path])


def test_the_next_step_names_the_model_so_that_it_is_found() -> None:
    assert next_step(Path("mine")) == "tympan classify FILE --model mine"
    assert next_step(Path("sounds")) == "tympan classify FILE --model ./sounds"


def test_silence_and_a_moment_are_warned_of(tmp_path: Path) -> None:
    Clip(np.zeros(16000), 16000).save(tmp_path / "silence.wav")
    Clip(np.full(80, 0.5), 16000).save(tmp_path / "moment.wav")
    for name, told in (("silence", "is silent"), ("moment", "lasts only 5 ms")):
        found = CliRunner().invoke(app, ["classify", str(tmp_path / f"{name}.wav"), "--json"])
        assert found.exit_code == 0
        assert told in found.stderr
        assert told in json.loads(found.stdout)["warnings"][0]
        plain = CliRunner().invoke(app, ["classify", str(tmp_path / f"{name}.wav")])
        assert plain.exit_code == 0
        assert told in plain.stdout
        assert "%" not in plain.stdout


def test_of_silence_no_reasons_are_drawn(tmp_path: Path) -> None:
    Clip(np.zeros(16000), 16000).save(tmp_path / "silence.wav")
    why = tmp_path / "why.png"
    asked = ["classify", str(tmp_path / "silence.wav"), "--explain", str(why)]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 0
    assert "no picture of why" in found.stderr
    assert not why.exists()


def test_a_quiet_recording_is_no_silence(folder: Path, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.wav"
    load(folder / "b.wav").gain(-70).save(quiet, subtype="FLOAT")
    found = CliRunner().invoke(app, ["classify", str(quiet), "--json"])
    assert json.loads(found.stdout)["warnings"] == []


def test_a_picture_of_the_reasons_is_named(folder: Path, tmp_path: Path) -> None:
    why = tmp_path / "why.png"
    found = CliRunner().invoke(app, ["classify", str(folder / "b.wav"), "--explain", str(why)])
    assert f"why: {why}" in found.stdout
    assert why.exists()
