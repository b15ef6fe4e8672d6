"""Cross-validation: every recording scored once, by a model that was not trained on it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_command import tympan_command
from tests_sounds import KINDS, QUICK, few_recordings, sound
from tympan.data import AudioStore, Table, read_folder, recording
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_card, load_model
from tympan.tasks import evaluate, train
from tympan.tasks.classify.task import ClassifyTask
from tympan.tasks.contract import Prepared
from tympan.tasks.cross import check_folds, keep_all, plan, scored_split
from tympan.tasks.job import make_job
from tympan.tasks.phases import FOLDER as PHASES


@pytest.fixture(scope="module")
def crossed(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("folds") / "kinds"
    lines: list[str] = []
    return tympan.train(folder, out=out, folds=3, progress=False, say=lines.append), lines


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Six clips of each of three labels."""
    return few_recordings(tmp_path_factory.mktemp("few") / "few", each=6)


def fast(folder: Path, out: Path, **options):
    """Folds of a head that is fitted to a small random encoder."""
    how = {"from_": "scratch", "settings": {"encoder": "small"}, "progress": False} | options
    return train(folder, out=out, **how)


def card_of(model: Path) -> dict:
    return json.loads((model / "card.json").read_text())


def known_to(model: Path) -> set[str]:
    """Keys of the recordings that a model was trained on, less those of `sounds`."""
    keys = set(card_of(model)["data"]["trained_on"])
    return keys - set(load_card("sounds").data["trained_on"])


def write_sources(root: Path, rows: list[tuple[str, int, str]], column: str = "source") -> None:
    """Recordings of a kind, each with a seed and a source."""
    lines = [f"file_name,label,{column}"]
    for kind, seed, value in rows:
        sound(kind, seed).save(root / f"{kind}{seed}.wav")
        lines.append(f"{kind}{seed}.wav,{kind},{value}")
    (root / "metadata.csv").write_text("\n".join(lines) + "\n")


# -- the whole ---------------------------------------------------------------------------------


def test_every_recording_is_scored_once_and_the_kept_model_learns_from_all(crossed, folder):
    result, lines = crossed
    assert sorted(result.evaluation.files) == sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
    )
    assert result.evaluation.count == 60
    folds = result.evaluation.scores[0].folds
    assert len(folds) == 3
    assert result.metrics["accuracy"] == pytest.approx(np.mean(folds), abs=0.01)
    assert result.metrics["accuracy"] >= 0.9
    card = card_of(result.folder)
    assert card["data"]["recordings"] == {"train": 60, "val": 0, "test": 0}
    assert card["metrics"]["scores"][0]["folds"] == list(folds)
    assert "each recording is scored by a model" in card["metrics"]["split"]
    assert len(known_to(result.folder)) == 60
    assert sum(line.startswith("fold of ") for line in lines) == 3
    assert sum(line.endswith(": training on the others") for line in lines) == 3
    assert "accuracy of each fold" in str(result)
    assert "60 recordings in cross-validation" in str(result)
    assert result.cross_validated


def test_the_report_is_about_the_folds(crossed):
    page = (crossed[0].folder / "report.html").read_text()
    assert "Accuracy of each fold" in page
    assert "each recording is scored by a model that was not trained on it" in page
    assert "held-out" not in page
    assert "60 of these scored by the models of the folds" in page


def test_no_fold_model_was_trained_on_what_it_is_scored_on(crossed, folder):
    result, _ = crossed
    for n in (1, 2, 3):
        found = evaluate(result.folder / f"folds/{n}", folder)
        assert found.count in (19, 20, 21)
        assert found.seen == 60 - found.count
        assert len(known_to(result.folder / f"folds/{n}")) == found.seen
        expected = result.evaluation.scores[0].folds[n - 1]
        assert found.metrics["accuracy"] == pytest.approx(expected, abs=1e-4)


def test_folds_calibrate_a_small_data_set(crossed, folder):
    result, _ = crossed
    config = card_of(result.folder)["config"]
    assert config["temperature"] < 1  # all were right, and could have been surer
    assert result.metrics["ece"] < 0.01
    for n in (1, 2, 3):
        plain = card_of(result.folder / f"folds/{n}")
        assert plain["config"]["temperature"] == 1


def test_the_same_command_makes_nothing_anew(crossed, folder):
    result, _ = crossed
    weights = {p: p.read_bytes() for p in result.folder.rglob("model.safetensors")}
    again = train(folder, out=result.folder, folds=3, progress=False)
    assert again.metrics == result.metrics
    assert len(weights) == 4
    assert all(p.read_bytes() == old for p, old in weights.items())


def test_with_enough_recordings_each_fold_holds_some_out_for_validation(many, tmp_path):
    table = read_folder(many)
    two = table.subset(i for i, e in enumerate(table) if e.label != "chirp")
    result = train(
        two, from_="scratch", out=tmp_path / "m", folds=2, epochs=1, progress=False,
        settings=QUICK | {"checkpoint_every_s": "3600"},
    )  # fmt: skip
    assert result.evaluation.count == 74
    assert result.evaluation.calibration == {}  # that of the kept model is of its validation set
    for place in (tmp_path / "m", *(tmp_path / "m/folds" / n for n in "12")):
        card = card_of(place)
        assert card["data"]["recordings"]["val"] > 0
        assert card["config"]["temperature"] != 1


# -- stopped and started over ------------------------------------------------------------------


def test_a_stop_between_folds_loses_none(few, tmp_path):
    def stop(line: str) -> None:
        if line.startswith("fold 2, "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fast(few, tmp_path / "out", folds=2, say=stop)
    first = tmp_path / "out/folds/1/checkpoint.safetensors"
    before = first.read_bytes(), first.stat().st_mtime_ns
    result = fast(few, tmp_path / "out", folds=2)
    assert (first.read_bytes(), first.stat().st_mtime_ns) == before
    assert result.evaluation.count == 18


def test_another_number_of_folds_starts_over_and_leaves_no_old_ones(few, tmp_path):
    fast(few, tmp_path, folds=3)
    (tmp_path / "folds" / "notes").mkdir()
    with pytest.raises(ModelError, match="holds a training with other settings or data"):
        fast(few, tmp_path)
    fast(few, tmp_path, folds=2, resume=False)
    assert sorted(p.name for p in (tmp_path / "folds").iterdir()) == ["1", "2", "notes"]
    assert not (tmp_path / PHASES).exists()


# -- who is tested by whom ---------------------------------------------------------------------


class Watched(ClassifyTask):
    """Remembers what it was fitted to."""

    def __init__(self) -> None:
        self.fitted_to: list[set[str]] = []

    def prepare(self, train: Table, store: AudioStore, recipe) -> Prepared:
        self.fitted_to.append({str(path) for path in train.paths})
        return super().prepare(train, store, recipe)


def planned(table: Table, k: int, task: ClassifyTask | None = None, start=None):
    task = task or Watched()
    recipe = task.recipe(table, start, {"encoder": "small"} if start is None else {})
    job = make_job(task, recipe, table, keep_all, lambda line: None)
    lines: list[str] = []
    return job, plan(job, k, start, lines.append), lines


def test_no_row_of_a_fold_is_on_two_sides_and_each_is_tested_once(few):
    task = Watched()
    job, jobs, _ = planned(read_folder(few), 3, task)
    assert list(jobs) == ["1", "2", "3"]
    tested: list[int] = []
    for one in jobs.values():
        train_rows, val, test = (set(one.split.indices[s]) for s in ("train", "val", "test"))
        assert not train_rows & test
        assert not val
        assert train_rows | test == set(range(18))
        assert one.split.test.paths == [job.table.paths[i] for i in one.split.indices["test"]]
        tested += one.split.indices["test"]
    assert sorted(tested) == list(range(18))
    assert job.split.indices == {"train": tuple(range(18)), "val": (), "test": ()}
    # Nothing is fitted to what a fold is tested on.
    assert len(task.fitted_to) == 4
    for found, one in zip(task.fitted_to[1:], jobs.values(), strict=True):
        assert found == {str(path) for path in one.split.train.paths}
        assert not found & {str(path) for path in one.split.test.paths}


def test_validation_rows_of_a_fold_are_neither_trained_on_nor_tested(many):
    _, jobs, _ = planned(read_folder(many), 2)
    for one in jobs.values():
        sides = [set(one.split.indices[s]) for s in ("train", "val", "test")]
        assert all(sides)
        assert sum(map(len, sides)) == len(set().union(*sides)) == 111


def test_the_kept_model_has_a_validation_set_where_there_is_enough(many, few):
    job, _, _ = planned(read_folder(many), 2)
    assert len(job.split.val) == pytest.approx(0.15 * 111, abs=2)
    assert len(job.split.test) == 0
    # A fold column says who is tested with whom, not who is left out of the kept model.
    table = read_folder(many)
    rows = (recording(e.path, {"label": e.label, "fold": str(i % 6)}) for i, e in enumerate(table))
    job, jobs, _ = planned(Table(table.root, tuple(rows)), 6)
    assert len(job.split.val) == pytest.approx(0.15 * 111, abs=2)
    assert len({table.paths.index(path) % 6 for path in job.split.val.paths}) > 1
    for name, one in jobs.items():
        assert {table.paths.index(path) % 6 for path in one.split.test.paths} == {int(name)}


def test_what_the_start_model_was_trained_on_is_not_scored(trained, folder, tmp_path):
    start = trained[0].folder
    known = known_to(start)
    result = train(folder, from_=start, out=tmp_path / "out", folds=3, progress=False)
    assert result.evaluation.count == 60 - len(known)
    assert f"{len(known)} that cannot be tested so are not scored" in result.split
    assert set(result.evaluation.files) == set(evaluate(start, folder).files)
    # It may be trained on again, by the kept model too.
    assert card_of(result.folder)["data"]["recordings"]["train"] == 60


def test_where_the_start_model_knows_everything_nothing_can_be_scored(trained, folder):
    start = load_model(trained[0].folder)
    table = read_folder(folder)
    store = AudioStore.open(table, 16000)
    start.card.data["trained_on"] = [key[:16] for key in store.keys(table)]
    with pytest.raises(DataError, match="nothing to score in folds"):
        planned(table, 3, start=start)


def test_a_label_of_one_source_is_trained_on_and_not_scored(tmp_path):
    rows = [(kind, i, kind if kind == "tone" else f"{kind}{i}") for kind in KINDS for i in range(6)]
    write_sources(tmp_path, rows)
    lines: list[str] = []
    result = fast(tmp_path, tmp_path / "out", folds=3, say=lines.append)
    assert "not scored, as all recordings come from one source: tone" in lines
    assert result.evaluation.count == 12
    assert result.evaluation.labels == KINDS
    card = card_of(tmp_path / "out")
    assert "tone" in card["labels"]
    assert "Not tested, for want of recordings: tone." in card["known_failures"]
    # The fold that has nothing of it to train on does not know it.
    labels = [card_of(place)["labels"] for place in (tmp_path / "out/folds").iterdir()]
    assert sorted(map(len, labels)) == [2, 3, 3]


def test_recordings_of_one_source_share_a_fold_and_copies_too(tmp_path):
    rows = [(kind, i, f"{kind}{i // 3}") for kind in ("noise", "tone") for i in range(9)]
    write_sources(tmp_path, rows)
    listing = tmp_path / "metadata.csv"
    for kind in ("noise", "tone"):
        shutil.copy(tmp_path / f"{kind}0.wav", tmp_path / f"{kind}copy.wav")
        listing.write_text(listing.read_text() + f"{kind}copy.wav,{kind},\n")
    lines: list[str] = []
    result = fast(tmp_path, tmp_path / "out", folds=3, say=lines.append)
    sizes = [int(line.split()[2]) for line in lines if line.startswith("fold of ")]
    assert len(sizes) == 3
    at = 0
    for size in sizes:
        names = set(result.evaluation.files[at : at + size])
        at += size
        for kind in ("noise", "tone"):
            of = {f"{kind}{i}.wav" for i in range(3)} | {f"{kind}copy.wav"}
            assert not names & of or of <= names
    assert at == 20


def test_the_test_set_of_the_kept_job_is_what_the_folds_have_tested(few):
    job, jobs, _ = planned(read_folder(few), 3)
    del jobs["2"]
    split = scored_split(job, jobs)
    rows = [i for name in "13" for i in jobs[name].split.indices["test"]]
    assert split.indices == {"train": tuple(range(18)), "val": (), "test": tuple(rows)}
    assert split.test.paths == [job.table.paths[i] for i in rows]
    assert split.reason.startswith("2 folds: each recording is scored by a model that was not")
    assert split.reason.endswith(f"; {18 - len(rows)} that cannot be tested so are not scored")


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("k", [0, 1, -3])
def test_one_fold_is_none(folder, tmp_path, k):
    with pytest.raises(ArgumentError, match="no cross-validation"):
        train(folder, out=tmp_path / "out", folds=k, progress=False)


def test_more_folds_than_sources_are_refused_and_leave_nothing(tmp_path):
    for kind in ("noise", "tone"):
        (tmp_path / "in" / kind).mkdir(parents=True)
        for i in range(2):
            sound(kind, i).save(tmp_path / "in" / kind / f"{i}.wav")
    lines: list[str] = []
    with pytest.raises(DataError, match=r"4 recordings, too few for 9 folds \(--folds 4 or fewer"):
        train(tmp_path / "in", out=tmp_path / "out", folds=9, progress=False, say=lines.append)
    assert not (tmp_path / "out").exists()
    assert not any("split" in line for line in lines)


def test_labels_of_fewer_recordings_than_folds_are_named(tmp_path):
    rows = [("tone", i, "") for i in range(4)] + [("noise", i, "") for i in range(2)]
    write_sources(tmp_path, rows, column="note")
    _, jobs, lines = planned(read_folder(tmp_path), 4)
    assert len(jobs) == 4
    assert lines == ["of fewer recordings or sources than folds, so not tested in each: 'noise'"]


def test_a_folder_that_names_its_test_set_is_not_cut_anew(folder, tmp_path):
    for side in ("train", "test"):
        shutil.copytree(folder, tmp_path / "in" / side)
    with pytest.raises(ArgumentError, match="leave out --folds"):
        train(tmp_path / "in", out=tmp_path / "out", folds=3, progress=False)


def test_a_fold_column_has_its_own_number(tmp_path):
    rows = [(kind, i, str(i % 2 + 1)) for kind in ("noise", "tone") for i in range(6)]
    write_sources(tmp_path, rows, column="fold")
    with pytest.raises(ArgumentError, match="has 2 folds in its fold column, not 5"):
        train(tmp_path, out=tmp_path / "out", folds=5, progress=False)
    assert not (tmp_path / "out").exists()
    result = fast(tmp_path, tmp_path / "out", folds=2)
    assert [int(name[-5]) % 2 for name in result.evaluation.files] == [0] * 6 + [1] * 6


def test_a_fold_column_with_gaps(tmp_path):
    write_sources(tmp_path, [("tone", 1, "1"), ("noise", 1, "2"), ("noise", 2, "")], column="fold")
    with pytest.raises(DataError, match="has recordings without a fold"):
        check_folds(read_folder(tmp_path), 2)


def test_the_command_shows_each_fold(few, tmp_path):
    command = tympan_command("train", str(few), "--folds", "2")
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "fold 1, 1 of 2: " in done.stdout
    assert "fold 2, 2 of 2: " in done.stdout
    assert Path(tmp_path, "out", "report.html").exists()
