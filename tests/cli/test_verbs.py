"""The command that every verb has: answers, warnings, bad files, options."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from tests_machine import machine
from tympan.audio import Clip, load
from tympan.cli.main import app
from tympan.cli.train import next_step
from tympan.errors import ArgumentError, TympanError
from tympan.tasks import answering


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["classify", *arguments])


def test_each_recording_of_a_folder_is_answered_on_a_line(sounds: Path) -> None:
    found = call("sounds", "--json")
    assert found.exit_code == 0
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    inside = [os.path.join("sounds", "b.wav"), os.path.join("sounds", "more", "a.WAV")]
    assert [one["file"] for one in answers] == inside
    keys = ["file", "model", "duration_s", "warnings", "labels", "timeline"]
    keys += ["familiarity", "unfamiliar"]
    assert [list(one) for one in answers] == [keys, keys]
    assert answers[0]["duration_s"] == 1.0
    assert answers[0]["model"] == "sounds"


def test_one_bad_file_of_many_costs_only_its_own_answer(sounds: Path) -> None:
    (sounds / "bad.wav").write_bytes(b"RIFF nothing")
    found = call("sounds", "--json", "-o", "all.csv")
    assert len(found.stdout.splitlines()) == 2
    assert "bad.wav: is not audio that can be read" in found.stderr
    assert "1 of 3 files got no answer" in str(found.exception)
    assert found.exception.exit_code == 2
    rows = list(csv.DictReader(io.StringIO(Path("all.csv").read_text())))
    assert len({row["file"] for row in rows}) == 2


def test_an_empty_folder_among_others_costs_only_its_own_answer(sounds: Path) -> None:
    Path("empty").mkdir()
    found = call("empty", "sounds", "no*.wav", "--json")
    assert len(found.stdout.splitlines()) == 2
    first, second, *more = found.stderr.splitlines()
    assert first.startswith("tympan: empty: is a folder without recordings")
    assert second.startswith("tympan: no*.wav: fits no recording")
    assert not more
    assert "2 of 4 files got no answer" in str(found.exception)
    assert found.exception.exit_code == 2
    page = CliRunner().invoke(app, ["hear", "sounds/b.wav", "empty", "-m", "none", "-o", "pages"])
    assert "report:" in page.stdout
    assert "1 of 2 files got no answer" in str(page.exception)
    # Nobody is enrolled from less than what was given.
    whole = CliRunner().invoke(app, ["enroll", "Ann", "sounds/b.wav", "empty"])
    assert "empty: is a folder without recordings" in str(whole.exception)


def test_what_is_warned_of_the_model_is_said_once(sounds: Path) -> None:
    machine(40, 0).save("normal.wav")
    for name in ("a.wav", "b.wav"):
        machine(4, 7).save(name)
    given = ["monitor", "a.wav", "b.wav", "--normal", "normal.wav", "--false-alarms", "0.0001"]
    told = "too little of the normal machine is known"
    found = CliRunner().invoke(app, given)
    assert found.exit_code == 0
    assert found.stderr.count(told) == 1
    assert found.stderr.startswith(f"tympan: {told}")
    assert told not in found.stdout
    # Each answer in a file or for a program is whole.
    lines = CliRunner().invoke(app, [*given, "--json", "-q"])
    assert [told in line for line in lines.stdout.splitlines()] == [True, True]
    assert lines.stderr == ""


def test_the_error_of_a_single_file_is_the_error(sounds: Path) -> None:
    found = call("no.wav")
    assert isinstance(found.exception, TympanError)
    assert "no.wav: does not exist" in str(found.exception)
    assert found.stdout + found.stderr == ""


def test_an_unexpected_failure_of_many_is_said_and_ours(
    sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = answering.load("sounds", "classify")

    def model(source: Path, **options: object) -> object:
        if source.name == "b.wav":
            raise RuntimeError("two\nlines")
        return real(source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(answering, "load", lambda *_: model)
    found = call("sounds")
    assert "unexpected RuntimeError: two lines" in found.stderr
    assert len(found.stdout.splitlines()) == 1
    assert found.exception.exit_code == 1


class Together:
    """A model that answers about several recordings at once, two at a time."""

    def __init__(self, broken: str = "") -> None:
        self.model, self.broken = answering.load("sounds", "classify"), broken
        self.sizes: list[int] = []

    def __call__(self, source: object, **options: object) -> object:
        if self.broken and str(source).endswith(self.broken):
            raise RuntimeError("broken")
        return self.model(source, **options)

    def answer_many(self, sources, *, on_error, **options):
        batch: list[object] = []

        def answers():
            self.sizes.append(len(batch))
            for source in batch:
                try:
                    yield self(source, **options)
                except TympanError as error:
                    on_error(source, error)
            batch.clear()

        for source in sources:
            batch.append(source)
            if len(batch) == 2:
                yield from answers()
        yield from answers()


@pytest.fixture
def four(sounds: Path) -> Path:
    """Four recordings, one of which cannot be read."""
    for name in ("c.wav", "d.wav"):
        (sounds / name).write_bytes((sounds / "b.wav").read_bytes())
    (sounds / "c.wav").write_bytes(b"RIFF nothing")
    return sounds


def test_several_are_answered_together_where_the_model_can(
    four: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Together()
    monkeypatch.setattr(answering, "load", lambda *_: model)
    found = call("sounds", "-o", "out", "--json")
    files = [json.loads(line)["file"] for line in found.stdout.splitlines()]
    names = [os.path.join("sounds", *one) for one in (("b.wav",), ("d.wav",), ("more", "a.WAV"))]
    assert files == names
    assert model.sizes == [2, 2, 0]
    assert "c.wav: is not audio" in found.stderr
    assert "1 of 4 files got no answer" in str(found.exception)
    # Each answer went to the file of its own recording.
    for name in names:
        path = Path("out", *Path(name).parts[1:]).with_suffix(".json")
        assert json.loads(path.read_text())["file"] == name


@pytest.mark.parametrize("broken", ["b.wav", "d.wav"])  # before all were taken, and after
def test_of_several_together_the_one_at_fault_is_found(
    four: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    model = Together(broken=broken)
    monkeypatch.setattr(answering, "load", lambda *_: model)
    found = call("sounds", "--json")
    assert len(found.stdout.splitlines()) == 2
    assert f"{broken}: unexpected RuntimeError: broken" in found.stderr
    assert "c.wav: is not audio" in found.stderr
    assert "2 of 4 files got no answer" in str(found.exception)
    assert found.exception.exit_code == 1
    monkeypatch.setenv("TYMPAN_DEBUG", "1")
    assert isinstance(call("sounds").exception, RuntimeError)


def test_a_folder_of_one_is_answered_once(sounds: Path) -> None:
    assert len(call("sounds/more").stdout.splitlines()) == 1


def test_a_wrong_option_is_said_once_not_for_each_file(sounds: Path) -> None:
    found = call("sounds", "--every", "9999")
    assert isinstance(found.exception, ArgumentError)
    assert "every_s=9999" in str(found.exception)
    assert found.stderr == ""


def test_an_unknown_model_is_said_before_any_file_is_opened(sounds: Path) -> None:
    found = call("sounds/b.wav", "missing.wav", "--model", "nosuch")
    assert "nosuch" in str(found.exception)
    assert found.stdout + found.stderr == ""


def test_an_unknown_device_is_a_mistake(sounds: Path) -> None:
    assert "device 'tpu' is not here" in str(call("sounds", "--device", "tpu").exception)


def test_silence_and_a_moment_are_warned_of(tmp_path: Path) -> None:
    Clip(np.zeros(16000), 16000).save(tmp_path / "silence.wav")
    Clip(np.full(80, 0.5), 16000).save(tmp_path / "moment.wav")
    for name, told in (("silence", "is silent"), ("moment", "lasts only 5 ms")):
        found = call(str(tmp_path / f"{name}.wav"), "--json")
        assert found.exit_code == 0
        assert told in found.stderr
        assert told in json.loads(found.stdout)["warnings"][0]
        assert call(str(tmp_path / f"{name}.wav"), "--json", "-q").stderr == ""
        plain = call(str(tmp_path / f"{name}.wav"))
        assert plain.exit_code == 0
        assert told in plain.stdout
        assert "%" not in plain.stdout


def test_no_sound_is_written_where_there_is_none(tmp_path: Path) -> None:
    silence = Clip(np.zeros(16000), 16000).save(tmp_path / "silence.wav")
    found = call(str(silence), "-o", str(tmp_path / "labels.txt"))
    assert (tmp_path / "labels.txt").read_text() == ""
    assert "is silent" in found.stderr


def test_a_quiet_recording_is_no_silence(sounds: Path) -> None:
    load("sounds/b.wav").gain(-70).save("quiet.wav", subtype="FLOAT")
    assert json.loads(call("quiet.wav", "--json").stdout)["warnings"] == []


def test_answers_go_to_files(sounds: Path) -> None:
    found = call("sounds/b.wav", "-o", "b.csv")
    assert found.stdout == "b.csv\n"
    assert Path("b.csv").read_text().startswith("start_s,end_s,label,score,familiarity\n0.0,1.0,")
    found = call("sounds", "-o", "labels", "--format", "txt")
    written = [os.path.join("labels", "b.txt"), os.path.join("labels", "more", "a.txt")]
    assert found.stdout.splitlines() == written
    assert all(Path(one).read_text().startswith("0.000000\t1.000000\t") for one in written)
    assert call("sounds", "-o", "labels", "-q").stdout == ""
    assert (Path("labels") / "more" / "a.json").exists()
    # Where the answers are printed too, their files are named beside.
    both = call("sounds/b.wav", "-o", "b.json", "--json")
    assert (json.loads(both.stdout), both.stderr) == (
        json.loads(Path("b.json").read_text()),
        "b.json\n",
    )


def test_a_picture_of_the_reasons_is_made_beside_the_answer(sounds: Path) -> None:
    found = call("sounds/b.wav", "--explain", "why.png")
    assert "explain: why.png" in found.stdout
    assert Path("why.png").read_bytes().startswith(b"\x89PNG")
    assert "its folder does not exist" in str(call("b", "--explain", "no/x.png").exception)
    assert "--explain makes one file" in str(call("sounds", "--explain", "x.png").exception)


def test_of_silence_no_reasons_are_drawn(tmp_path: Path) -> None:
    Clip(np.zeros(16000), 16000).save(tmp_path / "silence.wav")
    found = call(str(tmp_path / "silence.wav"), "--explain", str(tmp_path / "why.png"))
    assert found.exit_code == 0
    assert "no explain: " in found.stderr
    assert not (tmp_path / "why.png").exists()


def test_the_next_step_names_the_model_so_that_it_is_found() -> None:
    assert next_step(Path("mine")) == "tympan classify FILE --model mine"
    assert next_step(Path("mine"), "tag") == "tympan tag FILE --model mine"
    assert next_step(Path("sounds")) == "tympan classify FILE --model ./sounds"
