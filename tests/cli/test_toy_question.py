"""A question in one file outside the package is a command like any other, in a real process."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tympan.models import Card, save_model


def test_it_stands_in_the_help_page(run, toy_site) -> None:
    page = run("--help", env=toy_site).stdout.decode()
    assert re.search(r"^  toy +How loud is it\?$", page, re.MULTILINE)
    commands = [line.split()[0] for line in page.split("Commands:")[1].splitlines() if line]
    assert commands.index("classify") < commands.index("toy") < commands.index("train")
    own = run("toy", "--help", env=toy_site).stdout.decode()
    for flag in ("--scale", "--unit", "--loud", "--model", "--json", "--out", "--partial"):
        assert flag in own
    assert b"  toy " not in run("--help").stdout


def test_it_answers_from_files_folders_and_pipes(run, toy_site, sounds) -> None:
    done = run("toy", "sounds", "--json", env=toy_site)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(one["file"]) for one in answers] == [
        Path("sounds/b.wav"),
        Path("sounds/more/a.WAV"),
    ]
    assert answers[0] == {
        "file": answers[0]["file"],
        "model": "toy-engine",
        "duration_s": 1.0,
        "warnings": [],
        "peak": answers[0]["peak"],
    }
    assert abs(answers[0]["peak"] - 0.3) < 0.01
    piped = run("toy", "-", "--scale", "10", input=(sounds / "b.wav").read_bytes(), env=toy_site)
    assert piped.stdout.decode().split(": ")[1] == "peak 3.00\n"


def test_it_writes_the_formats_that_it_names(run, toy_site, sounds) -> None:
    assert run("toy", "sounds", "-o", "all.csv", env=toy_site).returncode == 0
    rows = Path("all.csv").read_text().splitlines()
    assert rows[0] == "file,peak"
    assert len(rows) == 3
    refused = run("toy", "sounds/b.wav", "-o", "x.rttm", env=toy_site)
    assert refused.returncode == 2
    assert b"use one of .json, .csv, .jsonl" in refused.stderr


def test_its_options_are_checked_like_ours(run, toy_site, sounds) -> None:
    for wrong, told in (
        ("--unit=third", b"third"),
        ("--scale=11", b"--scale"),
        ("--scale=x", b"--scale"),
    ):
        done = run("toy", "sounds/b.wav", wrong, env=toy_site)
        assert (done.returncode, done.stdout) == (2, b"")
        assert told in done.stderr
        assert done.stderr.count(b"\n") == 1
    assert run("toy", "sounds/b.wav", "--unit=half", "--loud", env=toy_site).returncode == 0


def test_its_engine_is_in_the_catalogue_and_trained_weights_answer_too(
    run, toy_site, sounds
) -> None:
    import torch

    rows = run("models", env=toy_site).stdout.decode().splitlines()
    own = next(row for row in rows if row.startswith("toy-engine "))
    assert own.split() == ["toy-engine", "toy", "engine", "-", "-", "0.1", "MB", "-", "MIT"]
    save_model("mine", {"w": torch.ones(1)}, Card(name="mine", task="toy"))
    done = run("toy", "sounds/b.wav", "--model", "mine", env=toy_site)
    assert done.returncode == 0, done.stderr
    other = run("classify", "sounds/b.wav", "--model", "mine", env=toy_site)
    assert b"is a model for 'toy', not for 'classify'" in other.stderr


def test_one_that_cannot_be_loaded_costs_only_itself(run, toy_site, sounds) -> None:
    site = Path(toy_site["PYTHONPATH"])
    (site / "toy_question.py").write_text("raise RuntimeError('no such luck')")
    done = run("classify", "sounds/b.wav", env=toy_site)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"  toy " not in run("--help", env=toy_site).stdout
    doctor = run("doctor", env=toy_site)
    assert doctor.returncode == 1
    assert b"! toy_question:VERB: RuntimeError: no such luck" in doctor.stdout


def test_one_under_the_name_of_a_command_is_refused(run, toy_site) -> None:
    site = Path(toy_site["PYTHONPATH"])
    text = (site / "toy_question.py").read_text()
    (site / "toy_question.py").write_text(text.replace('name="toy",', 'name="train",'))
    assert b"Train a model on your recordings." in run("--help", env=toy_site).stdout
    assert b"the name 'train' is taken" in run("doctor", env=toy_site).stdout
