"""A training made ready: nothing is fitted to what is tested, nothing known is tested again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.data import AudioStore, Split, Table, read_folder, split_table
from tympan.errors import DataError
from tympan.models import Card, LoadedModel
from tympan.tasks.classify import ClassifyConfig
from tympan.tasks.classify.task import ClassifyTask
from tympan.tasks.contract import Phase, Prepared, Recipe
from tympan.tasks.job import Job, file_keys, keep_apart, make_job, trained_on
from tympan.training import TrainingConfig

CONFIG = ClassifyConfig(encoder="small", rate_hz=8000, n_fft=256, hop=128, n_mels=32)
TRAINING = TrainingConfig(batch_size=4, seed=3, bucket=2)
RECIPE = Recipe(phases=(Phase(TRAINING, CONFIG),))
Rows = dict[str, Sequence[int]]


class Watched(ClassifyTask):
    """The task `classify`, which remembers what it was fitted to."""

    def __init__(self) -> None:
        self.fitted_to: list[list[str]] = []

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[ClassifyConfig]
    ) -> Prepared[ClassifyConfig]:
        self.fitted_to.append([path.name for path in train.paths])
        return super().prepare(train, store, recipe)


def tone(path: Path, seed: int, duration_s: float) -> None:
    """A tone of its own pitch."""
    t = np.arange(round(duration_s * 8000)) / 8000
    path.parent.mkdir(parents=True, exist_ok=True)
    Clip(0.5 * np.sin(2 * np.pi * (300 + 7 * seed) * t), 8000).save(path)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two labels of twelve; the last third of each lasts 3 s, the others about one."""
    root = tmp_path_factory.mktemp("tones")
    for number, label in enumerate(("high", "low")):
        for i in range(12):
            duration_s = 3.0 if i >= 8 else 1.0 + i / 1000
            tone(root / label / f"{label}{i:02d}.wav", i + 20 * number, duration_s)
    return root


def by_number(rows: Rows):
    """A splitter that puts rows by their place within their label."""

    def split(table: Table, keys: Sequence[str], recipe: Recipe[Any]) -> Split:
        of = {side: [i for i in range(len(table)) if i % 12 in n] for side, n in rows.items()}
        parts = {side: table.subset(numbers) for side, numbers in of.items()}
        indices = {side: tuple(numbers) for side, numbers in of.items()}
        return Split(**parts, reason="by number", indices=indices)

    return split


SIDES: Rows = {"train": range(6), "val": (6, 7), "test": range(8, 12)}


@pytest.fixture
def lines() -> list[str]:
    return []


def ready(
    root: Path,
    lines: list[str] | None = None,
    task: ClassifyTask | None = None,
    recipe: Recipe[ClassifyConfig] = RECIPE,
    sides: Rows = SIDES,
) -> Job:
    log = lines.append if lines is not None else lambda line: None
    return make_job(task or Watched(), recipe, read_folder(root), by_number(sides), log)


# -- fitted to the training set, and to nothing else -------------------------------------------


def test_a_task_is_fitted_to_the_training_set_only(root: Path, lines: list[str]) -> None:
    task = Watched()
    job = ready(root, lines, task)
    names = [f"{label}{i:02d}.wav" for label in ("high", "low") for i in range(6)]
    assert task.fitted_to == [names]
    # The test recordings last 3 s: were they looked at, the window would be longer.
    assert job.prepared.config.clip_s == pytest.approx(1.1)
    assert lines[-2:] == [
        "the net gets 1.1 s at a time (nine of ten recordings last 1.0 s or less)",
        "split: by number",
    ]


def test_the_window_is_that_of_training_recordings_in_a_real_training(tmp_path: Path) -> None:
    from tympan.tasks import train

    for side, duration_s in (("train", 0.8), ("test", 4.0)):
        for label in ("high", "low"):
            for i in range(3):
                seed = i + 10 * (side == "test") + 20 * (label == "low")
                tone(tmp_path / "in" / side / label / f"{i}.wav", seed, duration_s + i / 1000)
    settings = {"encoder": "small", "pool": "stages"}
    result = train(
        tmp_path / "in", from_="scratch", out=tmp_path / "m", progress=False, settings=settings
    )
    assert result.split.startswith("the split column is obeyed")
    assert result.job.prepared.config.clip_s == pytest.approx(0.9)


def test_a_length_that_the_user_set_stays(root: Path) -> None:
    config = replace(CONFIG, clip_s=0.7)
    recipe = Recipe(phases=(Phase(TRAINING, config),), user_set=frozenset({"clip_s"}))
    job = ready(root, recipe=recipe)
    assert job.prepared.config == config
    assert job.prepared.notes == ()


def test_windows_are_neither_tiny_nor_endless(tmp_path: Path) -> None:
    for label, duration_s in (("high", 0.1), ("low", 0.2)):
        for i in range(12):
            tone(tmp_path / "short" / label / f"{i:02d}.wav", i, duration_s + i / 1000)
            tone(tmp_path / "long" / label / f"{i:02d}.wav", i + 40 * (label == "low"), 7.0)
    sides = {"train": range(12), "val": (), "test": ()}
    assert ready(tmp_path / "short", sides=sides).prepared.config.clip_s == 0.5
    assert ready(tmp_path / "long", sides=sides).prepared.config.clip_s == 5.0


def test_the_vocabulary_is_that_of_the_training_set(root: Path) -> None:
    """A label that only the test set has is an error, before anything is trained."""
    table = read_folder(root)
    labels = [replace(e, columns={"label": e.label if i % 12 < 11 else "new"})
              for i, e in enumerate(table)]  # fmt: skip
    other = Table(table.root, tuple(labels))
    with pytest.raises(DataError, match="the label 'new', which is not in the training set"):
        make_job(Watched(), RECIPE, other, by_number(SIDES), lambda line: None)


def test_another_training_set_is_prepared_anew_and_the_same_is_not(root: Path) -> None:
    task = Watched()
    job = ready(root, task=task)
    table = job.table
    same = replace(job.split, val=table.subset([]), indices={**job.split.indices, "val": ()})
    assert job.with_split(same).prepared is job.prepared
    assert len(task.fitted_to) == 1
    rows = tuple(i for i in range(len(table)) if i % 12 >= 6)
    other = replace(same, train=table.subset(rows), indices={**same.indices, "train": rows})
    found = job.with_split(other)
    assert found.prepared.config.clip_s == 3.0
    assert task.fitted_to[1:] == [[table.paths[i].name for i in rows]]
    with pytest.raises(DataError, match="no recordings to train on"):
        job.with_split(replace(same, train=table.subset([]), indices={"train": ()}))


def test_nothing_to_train_on(root: Path) -> None:
    with pytest.raises(DataError, match="no recordings to train on"):
        ready(root, sides={"train": (), "val": (), "test": range(12)})


def test_what_cannot_be_read_is_left_out_and_named(tmp_path: Path, lines: list[str]) -> None:
    for label in ("high", "low"):
        for i in range(12):
            tone(tmp_path / label / f"{i:02d}.wav", i + 20 * (label == "low"), 0.6 + i / 1000)
    (tmp_path / "low" / "99.wav").write_bytes(b"RIFF....WAVE")
    job = ready(tmp_path, lines)
    assert len(job.table) == 24
    assert len(job.keys) == 24
    (line,) = [line for line in lines if line.startswith("left out: ")]
    assert "99.wav" in line
    assert any(line.startswith("decoding, once: ") for line in lines)


def test_keys_tell_the_content_of_each_row(root: Path) -> None:
    job = ready(root)
    assert len(set(job.keys)) == 24
    assert job.keys == job.store.keys(job.table)


# -- examples and batches ----------------------------------------------------------------------


def test_each_part_has_its_own_rows(root: Path) -> None:
    job = ready(root)
    phase = RECIPE.phases[0]
    train, val = job.batches("train", phase), job.batches("val", phase)
    assert (train.training, val.training) == (True, False)
    assert (train.rows, val.rows) == (12, 4)
    assert (train.requested_batch_size, train.seed, train.bucket) == (4, 3, 2)
    assert job.examples("test").table is job.split.test
    empty = ready(root, sides={"train": range(8), "val": (), "test": range(8, 12)})
    assert empty.examples("val") is None
    assert empty.batches("val", phase) is None


def test_a_phase_changes_only_what_it_is_for(root: Path) -> None:
    """What was fitted to the data stays; so does what an answer gets in validation."""
    last = Phase(replace(TRAINING, batch_size=6), replace(CONFIG, crop=1.0, mixup_p=0.0))
    job = ready(root, recipe=Recipe(phases=(RECIPE.phases[0], last)))
    prepared = job.in_phase(last)
    assert prepared.config == replace(job.prepared.config, crop=1.0, mixup_p=0.0)
    assert prepared.config.clip_s == pytest.approx(1.1)
    assert prepared.vocabulary == job.prepared.vocabulary
    assert job.in_phase(RECIPE.phases[0]) == job.prepared
    assert job.batches("train", last).requested_batch_size == 6
    assert job.batches("train", last).examples.config.crop == 1.0
    # Windows of another length would give scores that cannot be compared.
    assert job.batches("val", last).examples.config == job.prepared.config


def test_rare_labels_are_drawn_more_often_in_a_job(root: Path) -> None:
    def split(table: Table, keys: Sequence[str], recipe: Recipe[Any]) -> Split:
        rows = {"train": tuple(range(14)), "val": (14,), "test": (15,)}
        parts = {side: table.subset(numbers) for side, numbers in rows.items()}
        return Split(**parts, reason="by hand", indices=rows)

    def drawn(balance: float) -> int:
        phase = Phase(TRAINING, replace(CONFIG, balance=balance))
        recipe = Recipe(phases=(phase,))
        job = make_job(Watched(), recipe, read_folder(root), split, lambda line: None)
        batches = job.batches("train", phase)
        return sum(int((b["label"] == 1).sum()) for e in range(10) for b in batches.epoch(e))

    few, more, half = (drawn(balance) for balance in (0.0, 0.5, 1.0))
    assert few < more < half
    assert half == pytest.approx(80, abs=10)  # of 16 in each of 10 epochs


# -- what the start model was trained on -------------------------------------------------------


def start_of(*keys: str) -> LoadedModel:
    data = {"trained_on": [key[:16] for key in keys]}
    return LoadedModel(Card("kinds", "classify", labels=["high", "low"], data=data), {}, Path())


def test_the_parts_of_a_key_are_the_contents_of_the_files() -> None:
    a, b = "a" * 32, "b" * 32
    assert file_keys(f"{a}+{b}") == {"a" * 16, "b" * 16}
    assert trained_on(start_of(a, b).card) == {"a" * 16, "b" * 16}
    assert trained_on(Card("kinds", "classify")) == set()


def test_what_the_start_model_was_trained_on_moves_to_the_training_set(
    root: Path, lines: list[str]
) -> None:
    task = Watched()
    job = ready(root, task=task)
    rows = job.split.indices
    seen = [rows["val"][0], rows["test"][0], rows["train"][0]]
    found = keep_apart(job, start_of(*(job.keys[i] for i in seen)), lines.append)
    assert found.split.indices["val"] == rows["val"][1:]
    assert found.split.indices["test"] == rows["test"][1:]
    assert found.split.indices["train"] == tuple(sorted((*rows["train"], *seen[:2])))
    for side, table in (("train", found.split.train), ("val", found.split.val)):
        assert table.paths == [job.table.paths[i] for i in found.split.indices[side]]
    assert lines == ["2 recordings that kinds was trained on are used for training only"]
    assert found.split.reason == f"by number; {lines[0]}"
    assert task.fitted_to[-1] == [path.name for path in found.split.train.paths]


def test_what_is_fitted_anew_is_told(root: Path, lines: list[str]) -> None:
    """Recordings of 3 s come to those of 1 s, so the window is longer."""
    job = ready(root)
    start = start_of(*(job.keys[i] for i in job.split.indices["test"][:6]))
    found = keep_apart(job, start, lines.append)
    assert found.prepared.config.clip_s == 3.0
    assert lines[1:] == ["the net gets 3 s at a time (nine of ten recordings last 3.0 s or less)"]


def test_of_a_row_of_several_files_one_is_enough(root: Path) -> None:
    job = ready(root)
    row = job.split.indices["test"][2]
    keys = list(job.keys)
    keys[row] = f"{'1' * 32}+{keys[row]}"
    found = keep_apart(replace(job, keys=keys), start_of(job.keys[row]))
    assert row not in found.split.indices["test"]


def test_nothing_known_leaves_the_job_as_it_is(root: Path, lines: list[str]) -> None:
    job = ready(root)
    known = [job.keys[i] for i in job.split.indices["train"]]
    assert keep_apart(job, start_of("f" * 32, *known), lines.append) is job
    assert lines == []


@pytest.mark.parametrize("column", ["split", "fold"])
def test_where_the_folder_says_what_is_for_what_they_are_left_out(
    root: Path, lines: list[str], column: str
) -> None:
    job = ready(root)
    rows = (replace(e, columns=e.columns | {column: "1"}) for e in job.table)
    job = replace(job, table=Table(job.table.root, tuple(rows)))
    row = job.split.indices["test"][0]
    found = keep_apart(job, start_of(job.keys[row]), lines.append)
    assert found.split.indices["train"] == job.split.indices["train"]
    assert row not in found.split.indices["test"]
    assert lines == ["1 recording that kinds was trained on is left out"]
    moved = keep_apart(job, start_of(job.keys[row]), leave_out=False)
    assert row in moved.split.indices["train"]


def test_nothing_left_to_test_on(root: Path) -> None:
    job = ready(root)
    start = start_of(*(job.keys[i] for i in job.split.indices["test"]))
    with pytest.raises(DataError, match="only recordings in its test set that kinds was trained"):
        keep_apart(job, start)
    assert keep_apart(job, start, may_be_empty=True).split.indices["test"] == ()
    # Where there was no test set, none is missing.
    empty = job.with_split(
        replace(job.split, test=job.table.subset([]), indices=job.split.indices | {"test": ()})
    )
    known = start_of(job.keys[job.split.indices["val"][0]])
    assert keep_apart(empty, known).split.indices["test"] == ()


def test_nor_is_what_comes_from_the_same_source_tested(trained, lines: list[str]) -> None:
    from tympan.models import load_model

    job = trained[0].job
    known, other, fresh = job.split.indices["train"][0], *job.split.indices["test"][:2]
    sources = {known: "street", other: "street", fresh: "forest"}
    examples = tuple(
        replace(e, columns=e.columns | {"source": sources.get(i, f"{i}")})
        for i, e in enumerate(job.table)
    )
    table = replace(job.table, examples=examples)
    rows = {"train": job.split.indices["train"][1:], "val": (), "test": (known, other, fresh)}
    sides = {side: table.subset(indices) for side, indices in rows.items()}
    job = replace(job, table=table, split=Split(**sides, reason="by hand", indices=rows))
    start = load_model(trained[0].folder)
    apart = keep_apart(job, start, lines.append)
    assert apart.split.indices["test"] == (fresh,)
    assert {known, other} < set(apart.split.indices["train"])
    assert lines == [
        "2 recordings that kinds was trained on (or on others of their source) are used for "
        "training only"
    ]
    assert keep_apart(job, start, leave_out=True).split.indices["train"] == rows["train"]


def test_a_split_is_never_made_before_contents_are_known(root: Path) -> None:
    """The splitter gets the content of each row, so that copies stay on one side."""
    received: list[Any] = []

    def split(table: Table, keys: Sequence[str], recipe: Recipe[Any]) -> Split:
        received.extend([table, keys, recipe])
        return split_table(table, keys=keys, seed=recipe.seed)

    job = make_job(Watched(), RECIPE, read_folder(root), split, lambda line: None)
    table, keys, recipe = received
    assert table is job.table
    assert keys == job.store.keys(table)
    assert recipe is RECIPE
