"""A training made ready: recordings decoded and split, the task fitted to the training set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tympan._words import agrees, plural
from tympan.errors import DataError
from tympan.tasks.cleaned import change_of
from tympan.tasks.contract import ArrangesRows, Log, Phase, Prepared, Recipe, Task

if TYPE_CHECKING:
    from tympan.data import AudioStore, Batches, Examples, Split, Table
    from tympan.models import Card, LoadedModel

# So many digits of a file's content tell it from any other.
KEY_DIGITS = 16

Splitter = Callable[["Table", Sequence[str], Recipe[Any]], "Split"]
"""From a table, the content of its rows and the recipe to the training, validation, test sets."""


@dataclass(frozen=True, eq=False)
class Job:
    """One training: a task, its recipe, the data, and what was fitted to the training set.

    Attributes:
        task: the question.
        recipe: how to train.
        table: all rows.
        store: their decoded files.
        keys: the content of each row.
        split: which rows are for what.
        prepared: what was fitted to the training set.
        cleaning: how the recordings were cleaned before, see `tympan.tasks.cleaned`.
    """

    task: Task[Any, Any]
    recipe: Recipe[Any]
    table: Table
    store: AudioStore
    keys: Sequence[str]
    split: Split
    prepared: Prepared[Any]
    cleaning: str = ""

    def examples(self, part: str, prepared: Prepared[Any] | None = None) -> Examples | None:
        """The rows of a part of the split as tensors; None where it is empty."""
        table = getattr(self.split, part)
        if not len(table):
            return None
        return self.task.examples(table, self.store, prepared or self.prepared)

    def batches(self, part: str, phase: Phase[Any]) -> Batches | None:
        """The batches of a part of the split in a phase; None where it is empty."""
        from tympan.data import Batches

        # What is scored is what an answer gets, in all phases alike: they compete for the best.
        prepared = self.in_phase(phase) if part == "train" else self.prepared
        examples = self.examples(part, prepared)
        if examples is None:
            return None
        training = phase.training
        return Batches(
            examples,
            batch_size=training.batch_size,
            training=part == "train",
            seed=training.seed,
            bucket=training.bucket,
        )

    def in_phase(self, phase: Phase[Any]) -> Prepared[Any]:
        """What was prepared, with the configuration of a phase."""
        first, own = self.recipe.config.to_dict(), phase.config.to_dict()
        changed = {name: value for name, value in own.items() if value != first[name]}
        config = replace(self.prepared.config, **changed) if changed else self.prepared.config
        return replace(self.prepared, config=config)

    def with_split(self, split: Split) -> Job:
        """The same with another split, and the task fitted to its training set."""
        if isinstance(self.task, ArrangesRows):
            split = self.task.arranged(self.table, split, self.recipe.config, drop=True)
        if not len(split.train):
            raise DataError("has no recordings to train on", file=self.table.place)
        same = split.indices["train"] == self.split.indices["train"]
        prepared = self.prepared
        if not same:
            prepared = self.task.prepare(split.train, self.store, self.recipe)
        return replace(self, split=split, prepared=prepared)

    def check(self) -> None:
        """Make the examples of each part once, so that nothing is found wrong after a training.

        Raises:
            DataError: a row cannot be an example, its label is not in the training set, say.
        """
        for part in ("train", "val", "test"):
            self.examples(part)


def make_job(
    task: Task[Any, Any],
    recipe: Recipe[Any],
    table: Table,
    splitter: Splitter,
    log: Log,
    cleaning: str = "",
) -> Job:
    """Decode the recordings once, split them, and fit the task to the training set.

    Args:
        task: the question.
        recipe: how to train.
        table: the recordings or scores.
        splitter: makes the split.
        log: called with one line for each choice made.
        cleaning: how the recordings are cleaned before, see `tympan.tasks.cleaned`.

    Raises:
        DataError: the folder cannot be trained on.
    """
    from tympan.data import data_warnings

    def progress(done: int, total: int) -> None:
        if done == 0 or done == total or done % 500 == 0:
            log(f"decoding, once: {done} of {plural(total, 'recording')}")

    rate_hz = task.store_rate_hz(recipe.config)
    store, keys = opened(table, rate_hz, cleaning, progress)
    for error in store.skipped:
        log(f"left out: {error.file}: {error.what}")
    found, table = table, store.table
    notes = (*task.check(table, store), *data_warnings(found, table, keys, store.skipped))
    split = splitter(table, keys, recipe)
    if isinstance(task, ArrangesRows):
        drop = not split.indices["test"]  # the folds of a cross-validation test them
        split = task.arranged(table, split, recipe.config, drop=drop)
    if not len(split.train):
        raise DataError("has no recordings to train on", file=table.place)
    prepared = task.prepare(split.train, store, recipe)
    for line in (*prepared.notes, *notes, f"split: {split.reason}"):
        log(line)
    job = Job(task, recipe, table, store, keys, split, prepared, cleaning)
    job.check()
    return job


def opened(
    table: Table,
    rate_hz: int | None,
    cleaning: str = "",
    progress: Callable[[int, int], object] | None = None,
) -> tuple[AudioStore, Sequence[str]]:
    """The decoded recordings, and the content of each row; what cannot be decoded is left out.

    Content is that of the recordings as they are: a cleaned one is still the same recording as that
    which another model was trained on.
    """
    from tympan.data import AudioStore

    store = AudioStore.open(table, rate_hz, progress=progress, on_error="skip")
    keys = store.keys(store.table)
    if cleaning and rate_hz is not None:
        skipped = store.skipped
        store = AudioStore.open(store.table, rate_hz, progress=progress, change=change_of(cleaning))
        store.skipped = skipped
    return store, keys


def with_rows(table: Table, split: Split, parts: Mapping[str, Sequence[int]]) -> Split:
    """The same split with other rows in some of its parts."""
    indices = {**split.indices, **{part: tuple(rows) for part, rows in parts.items()}}
    train, val, test = (table.subset(indices[part]) for part in ("train", "val", "test"))
    return replace(split, train=train, val=val, test=test, indices=indices)


def file_keys(key: str) -> set[str]:
    """The contents of the files of a row, as a card lists them.

    >>> sorted(file_keys("a" * 32 + "+" + "b" * 32)) == ["a" * 16, "b" * 16]
    True
    """
    return {one[:KEY_DIGITS] for one in key.split("+")}


def trained_on(card: Card) -> set[str]:
    """Keys of the files that a model, and those it started from, were trained on."""
    return set(card.data.get("trained_on", ())) if isinstance(card.data, dict) else set()


def keep_apart(
    job: Job,
    start: LoadedModel,
    log: Log = lambda line: None,
    *,
    leave_out: bool | None = None,
    may_be_empty: bool = False,
) -> Job:
    """Take what the start model was trained on out of the validation and test sets.

    With it goes what is of the same source, speaker or content.

    Args:
        job: the split recordings.
        start: the model to start from.
        log: called with a line if there are such recordings.
        leave_out: whether they are left out, because the folder says itself what is for what; else
            they go to the training set. By default: whether there is a split or fold column.
        may_be_empty: nothing need be left to test on.

    Raises:
        DataError: nothing would be left to test on.
    """
    from tympan.data import same_source

    known = trained_on(start.card)
    itself = [i for i, key in enumerate(job.keys) if file_keys(key) & known]
    seen = same_source(job.table, job.keys, itself) if itself else set()
    parts = {part: list(rows) for part, rows in job.split.indices.items()}
    moved = [i for part in ("val", "test") for i in parts[part] if i in seen]
    if not moved:
        return job
    for part in ("val", "test"):
        parts[part] = [i for i in parts[part] if i not in seen]
    if leave_out is None:
        leave_out = job.table.has("split") or job.table.has("fold")
    if not leave_out:
        parts["train"] = sorted(parts["train"] + moved)
    if not parts["test"] and job.split.indices["test"] and not may_be_empty:
        raise DataError(
            f"has only recordings in its test set that {start.card.name} was trained on",
            file=job.table.place,
            fix="--from scratch, or the --seed of that training, or more recordings",
        )
    n = len(moved)
    what = "left out" if leave_out else "used for training only"
    more = " (or on others of their source)" if set(moved) - set(itself) else ""
    note = (
        f"{plural(n, 'recording')} that {start.card.name} was trained on{more} {agrees(n)} {what}"
    )
    log(note)
    split = with_rows(job.table, job.split, parts)
    found = job.with_split(replace(split, reason=f"{job.split.reason}; {note}"))
    for line in found.prepared.notes:
        if line not in job.prepared.notes:
            log(line)
    return found
