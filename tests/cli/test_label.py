"""`tympan embed`, `find` and `label` as commands, and training on what was labelled."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests_sounds import sound
from tympan.audio import Clip
from tympan.cli.label import parsed_example
from tympan.errors import ArgumentError

KINDS = ("chirp", "noise", "tone")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`archive/` with five recordings of each of three kinds."""
    root = tmp_path_factory.mktemp("home")
    (root / "archive").mkdir()
    for kind in KINDS:
        for i in range(5):
            parts = [sound(kind, 100 * i + j).samples for j in range(12)]
            Clip(np.concatenate(parts, axis=1)[:, :72_000], 16_000).save(
                root / "archive" / f"{kind} {i}.wav"
            )
    return root


def done(run: Any, home: Path, *arguments: str) -> list[str]:
    found = run(*arguments, cwd=home, env={"TYMPAN_CACHE": str(home / "cache")})
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout.decode().splitlines()


def refused(run: Any, home: Path, *arguments: str) -> str:
    found = run(*arguments, cwd=home)
    told = found.stderr.decode()
    assert found.returncode == 2, told
    assert told.count("\n") == 1
    return told


def test_from_an_archive_to_two_models(run: Any, home: Path) -> None:
    assert done(run, home, "embed", "archive", "-o", "index.npz", "--quiet") == []
    assert done(run, home, "embed", "archive", "-o", "index.npz") == ["index.npz"]
    lines = done(run, home, "find", "archive/tone 1.wav", "index.npz", "--json", "-k", "3")
    assert "tone" in json.loads(lines[0])["file"]
    examples = [f"--example={kind}=archive/{kind} 0.wav" for kind in KINDS]
    printed = done(run, home, "label", "index.npz", *examples, "--batch", "40")
    assert printed[:2] == ["table: labels-next.csv", "page: labels-next.html"]
    command = "tympan label index.npz -o labels.csv --answers labels-next.csv"
    assert printed[3] == f"then: {command}"
    needed = "(a training needs 2 moments of each label or more)"
    assert printed[-1] == f"next: {command}  {needed}"
    with (home / "labels-next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[1:]:
        row["label"] = Path(row["file_name"]).stem.split()[0]
    with (home / "labels-next.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    printed = done(run, home, "label", "index.npz", "--answers", "labels-next.csv")
    assert printed[0] == f"{len(rows) - 1} moments answered, 1 left empty"
    assert printed[-1] == "next: tympan train archive --task classify --metadata labels.csv"
    for task in ("classify", "tag"):
        printed = done(
            run, home, "train", "archive", "--task", task, "--metadata", "labels.csv",
            "--epochs", "0", "-o", task,
        )  # fmt: skip
        assert any("labelled parts of" in line for line in printed)
        card = json.loads((home / task / "card.json").read_text())
        assert card["labels"] == list(KINDS)
        found = json.loads(done(run, home, task, "archive/noise 2.wav", "-m", task, "--json")[0])
        assert "noise" in json.dumps(found)


def test_mistakes_of_the_command_are_one_line(run: Any, home: Path, tmp_path: Path) -> None:
    from tympan.tasks.embed import Index as index

    vectors = np.eye(2, 4)
    names = np.array(["archive/none.wav", "archive/gone.wav"])
    made = index(vectors, names, np.zeros(2), np.ones(2), "sounds").save(tmp_path / "i.npz")
    index(vectors[:0], names[:0], np.zeros(0), np.zeros(0)).save(tmp_path / "empty.npz")
    out = ("-o", str(tmp_path / "labels.csv"))
    assert "no such index" in refused(run, home, "label", "none.npz")
    assert "holds no windows" in refused(run, home, "label", str(tmp_path / "empty.npz"), *out)
    assert "no example of a label" in refused(run, home, "label", str(made), *out)
    assert "is no LABEL=FILE" in refused(run, home, "label", str(made), "-e", "x.wav", *out)
    told = refused(run, home, "label", str(made), "-e", "a=archive/none.wav@0-1", "--no-open", *out)
    assert "not where the index says" in told
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    told = refused(run, home, "label", str(made), "-o", str(tmp_path / "bad.csv"))
    assert "no column 'file_name'" in told
    (tmp_path / "x.npz").write_bytes(b"PK no")
    assert "is no index" in refused(
        run, home, "find", "archive/tone 1.wav", str(tmp_path / "x.npz")
    )


@pytest.mark.parametrize("text", ["x", "=a.wav", "a=", "a=b.wav@3-1"])
def test_what_is_no_example(text: str) -> None:
    with pytest.raises(ArgumentError):
        parsed_example(text)
