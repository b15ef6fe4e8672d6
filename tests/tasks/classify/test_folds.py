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
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_card
from tympan.tasks import evaluate, train


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
    assert "on 60 recordings in cross-validation" in str(result)
    page = (result.folder / "report.html").read_text()
    assert "Accuracy of each fold" in page
    assert "each recording is scored by a model that has not heard it" in page
    assert "held-out" not in page
    assert "60 of these scored by the models of the folds" in page


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


def test_a_stop_between_folds_loses_none(folder, tmp_path):
    def stop(line: str) -> None:
        if line.startswith("fold 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(folder, out=tmp_path / "out", folds=2, progress=False, say=stop)
    first = tmp_path / "out/folds/1/checkpoint.safetensors"
    before = first.read_bytes(), first.stat().st_mtime_ns
    result = train(folder, out=tmp_path / "out", folds=2, progress=False)
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    assert result.metrics["examples"] == 60


def test_another_number_of_folds_starts_over_and_leaves_no_old_ones(folder, tmp_path):
    train(folder, out=tmp_path, folds=3, progress=False)
    (tmp_path / "folds" / "notes").mkdir()
    with pytest.raises(ModelError, match="holds a training with other settings or data"):
        train(folder, out=tmp_path, progress=False)
    train(folder, out=tmp_path, folds=2, resume=False, progress=False)
    assert sorted(p.name for p in (tmp_path / "folds").iterdir()) == ["1", "2", "notes"]


def test_what_the_start_model_heard_is_not_scored(trained, folder, tmp_path):
    start = trained[0].folder
    heard = heard_by(start)
    result = train(folder, from_=start, out=tmp_path / "out", folds=3, progress=False)
    assert result.metrics["examples"] == 60 - len(heard)
    assert f"{len(heard)} that cannot be tested so are not scored" in result.split
    assert set(result.evaluation.files) == set(evaluate(start, folder).files)


def test_a_label_of_one_source_is_taught_and_not_scored(tmp_path):
    rows = ["file_name,label,source"]
    for kind in ("chirp", "noise", "tone"):
        for i in range(6):
            sound(kind, i).save(tmp_path / f"{kind}{i}.wav")
            rows.append(f"{kind}{i}.wav,{kind},{kind if kind == 'tone' else f'{kind}{i}'}")
    (tmp_path / "metadata.csv").write_text("\n".join(rows) + "\n")
    said: list[str] = []
    result = train(tmp_path, out=tmp_path / "out", folds=3, progress=False, say=said.append)
    assert "not scored, as all recordings come from one source: tone" in said
    assert result.metrics["examples"] == 12
    card = json.loads((tmp_path / "out/card.json").read_text())
    assert "tone" in card["labels"]
    assert "Not tested, for want of recordings: tone." in card["known_failures"]


def test_long_recordings_are_not_calibrated_by_the_means_of_their_windows(tmp_path):
    for kind in ("noise", "tone"):
        (tmp_path / "in" / kind).mkdir(parents=True)
        for i in range(12):
            sound(kind, i).save(tmp_path / "in" / kind / f"{i}.wav")
    long = sound("noise", 50)
    tympan.audio.clip.concat([long] * 5).save(tmp_path / "in" / "noise" / "long.wav")
    result = train(tmp_path / "in", out=tmp_path / "out", folds=2, progress=False)
    card = json.loads((result.folder / "card.json").read_text())
    assert card["config"]["temperature"] == 1


def test_recordings_of_one_source_share_a_fold_and_copies_too(tmp_path):
    rows = ["file_name,label,source"]
    for kind in ("noise", "tone"):
        for i in range(9):
            name = f"{kind}{i}.wav"
            sound(kind, i).save(tmp_path / name)
            rows.append(f"{name},{kind},{kind}{i // 3}")
        shutil.copy(tmp_path / f"{kind}0.wav", tmp_path / f"{kind}copy.wav")
        rows.append(f"{kind}copy.wav,{kind},")
    (tmp_path / "metadata.csv").write_text("\n".join(rows) + "\n")
    jobs: list[str] = []
    result = train(tmp_path, out=tmp_path / "out", folds=3, progress=False, say=jobs.append)
    sizes = [int(line.split(" of ")[-1].split()[0]) for line in jobs if line.startswith("fold ")]
    at = 0
    for size in sizes:
        names = set(result.evaluation.files[at : at + size])
        at += size
        for kind in ("noise", "tone"):
            of = {f"{kind}{i}.wav" for i in range(3)} | {f"{kind}copy.wav"}
            assert not names & of or of <= names
    assert at == 20


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
    assert not (tmp_path / "out").exists()


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
    assert not (tmp_path / "out").exists()
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
