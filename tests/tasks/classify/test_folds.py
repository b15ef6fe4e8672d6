"""Cross-validation: every recording scored once, by a model that has not heard it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_sounds import sound
from tympan.errors import ArgumentError, DataError
from tympan.models import load_card
from tympan.tasks import train


@pytest.fixture(scope="module")
def crossed(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("folds") / "kinds"
    said: list[str] = []
    return tympan.train(folder, out=out, folds=3, progress=False, say=said.append), said


def heard_by(model: Path) -> set[str]:
    """Keys of the recordings that a model was trained on, less those of `sounds`."""
    keys = set(json.loads((model / "card.json").read_text())["data"]["trained_on"])
    return keys - set(load_card("sounds").data["trained_on"])


def test_every_recording_is_scored_once_and_the_kept_model_learns_from_all(crossed, folder):
    result, said = crossed
    assert sorted(result.evaluation.files) == sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    )
    assert result.metrics["examples"] == 60
    assert result.metrics["accuracy"] == pytest.approx(np.mean(result.metrics["folds"]), abs=0.01)
    assert result.metrics["accuracy"] >= 0.9
    card = json.loads((result.folder / "card.json").read_text())
    assert card["data"]["recordings"] == {"train": 60, "val": 0, "test": 0}
    assert card["metrics"]["folds"] == result.metrics["folds"]
    assert "each recording is scored by a model" in card["metrics"]["side"]
    assert len(heard_by(result.folder)) == 60
    assert sum(line.startswith("fold ") for line in said) == 3
    assert "accuracy of each fold" in str(result)
    assert "Accuracy of each fold" in (result.folder / "report.html").read_text()


def test_no_fold_model_has_heard_what_it_is_scored_on(crossed, folder):
    result, _ = crossed
    for n in (1, 2, 3):
        found = tympan.tasks.evaluate(result.folder / f"folds/{n}", folder)
        assert found.metrics["examples"] in (19, 20, 21)
        assert found.seen == 60 - found.metrics["examples"]
        assert len(heard_by(result.folder / f"folds/{n}")) == found.seen
        assert found.metrics["accuracy"] == pytest.approx(result.metrics["folds"][n - 1])


def test_folds_calibrate_what_learned_from_few(crossed, folder):
    result, _ = crossed
    config = json.loads((result.folder / "card.json").read_text())["config"]
    assert config["temperature"] < 1  # all were right, and could have been surer
    assert result.metrics["ece"] < 0.01
    for n in (1, 2, 3):
        plain = json.loads((result.folder / f"folds/{n}/card.json").read_text())
        assert plain["config"]["temperature"] == 1


def test_the_same_command_makes_nothing_anew(crossed, folder):
    result, _ = crossed
    weights = {p: p.read_bytes() for p in result.folder.rglob("model.safetensors")}
    again = train(folder, out=result.folder, folds=3, progress=False)
    assert again.metrics == result.metrics
    assert len(weights) == 4
    assert all(p.read_bytes() == old for p, old in weights.items())


def test_recordings_of_one_source_share_a_fold_and_copies_too(tmp_path):
    rows = ["file_name,label,source"]
    for kind in ("noise", "tone"):
        for i in range(9):
            name = f"{kind}{i}.wav"
            sound(kind, i).save(tmp_path / name)
            rows.append(f"{name},{kind},{kind}{i // 3}")
    (tmp_path / "metadata.csv").write_text("\n".join(rows) + "\n")
    result = train(tmp_path, out=tmp_path / "out", folds=3, progress=False)
    tested = np.array(result.evaluation.files).reshape(3, 6)
    for names in tested:
        assert len({name[:-5] + str(int(name[-5]) // 3) for name in names}) == 2


@pytest.mark.parametrize("k", [0, 1, -3])
def test_one_fold_is_none(folder, tmp_path, k):
    with pytest.raises(ArgumentError, match="no cross-validation"):
        train(folder, out=tmp_path / "out", folds=k, progress=False)


def test_more_folds_than_sources_are_refused_and_leave_nothing(tmp_path):
    for kind in ("noise", "tone"):
        (tmp_path / "in" / kind).mkdir(parents=True)
        for i in range(2):
            sound(kind, i).save(tmp_path / "in" / kind / f"{i}.wav")
    with pytest.raises(DataError, match="too few for 9 folds"):
        train(tmp_path / "in", out=tmp_path / "out", folds=9, progress=False)
    assert not (tmp_path / "out" / "card.json").exists()


def test_a_folder_that_names_its_test_side_is_not_cut_anew(folder, tmp_path):
    for side in ("train", "test"):
        shutil.copytree(folder, tmp_path / "in" / side)
    with pytest.raises(ArgumentError, match="leave out --folds"):
        train(tmp_path / "in", out=tmp_path / "out", folds=3, progress=False)


def test_a_fold_column_has_its_own_number(tmp_path):
    rows = ["file_name,label,fold"]
    for kind in ("noise", "tone"):
        for i in range(6):
            sound(kind, i).save(tmp_path / f"{kind}{i}.wav")
            rows.append(f"{kind}{i}.wav,{kind},{i % 2 + 1}")
    (tmp_path / "metadata.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(ArgumentError, match="has 2 folds in its fold column, not 5"):
        train(tmp_path, out=tmp_path / "out", folds=5, progress=False)
    result = train(tmp_path, out=tmp_path / "out", folds=2, progress=False)
    assert [int(name[-5]) % 2 for name in result.evaluation.files] == [0] * 6 + [1] * 6


def test_the_command_tells_each_fold(folder, tmp_path):
    command = [sys.executable, "-m", "tympan", "train", str(folder), "--folds", "2"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "fold 1, 1 of 2: " in done.stdout
    assert "fold 2, 2 of 2: " in done.stdout
    assert Path(tmp_path, "out", "report.html").exists()
