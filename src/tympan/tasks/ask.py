"""Ask and score: the tasks by name, loaded models, and the verbs that need no training."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from tympan.errors import ArgumentError, DataError, ModelError

# Adding a question is adding its module here.
TASKS = {"classify": "tympan.tasks.classify"}
DEFAULT_MODELS = {"classify": "sounds"}


def get(name: str) -> Any:
    """The task of that name.

    Raises:
        ArgumentError: there is none.

    >>> get("classify").name
    'classify'
    """
    if name not in TASKS:
        raise ArgumentError(f"no task is called {name!r}", fix=f"one of {', '.join(TASKS)}")
    return importlib.import_module(TASKS[name]).TASK


@lru_cache(maxsize=4)
def _load_once(folder: Path, task: str, stamp: tuple[int, int]) -> Any:
    from tympan.models import load_model

    loaded = load_model(folder)
    if loaded.card.task != task:
        what = f"is a model for {loaded.card.task!r}, not for {task!r}"
        raise ModelError(what, file=folder, fix="`tympan models` lists what there is")
    return get(task).load(loaded)


def load(model: str | os.PathLike[str], task: str) -> Any:
    """Load a model by catalogue name or folder, ready to answer; the last few are kept.

    Raises:
        ModelError: it is missing, damaged, foreign or of another task.
    """
    from tympan.models import find_model

    if not isinstance(model, str | os.PathLike):
        what = f"a model is a name or a folder, not {type(model).__name__}"
        raise ArgumentError(what, fix="for instance model='sounds'")
    folder = find_model(model).resolve()
    try:
        found = (folder / "card.json").stat()
        stamp = (found.st_mtime_ns, found.st_size)
    except OSError:
        stamp = (0, 0)  # loading says what is wrong
    return _load_once(folder, task, stamp)


def classify(
    source: Any,
    *,
    model: str | os.PathLike[str] = "sounds",
    top: int = 5,
    every_s: float | None = None,
) -> Any:
    """What sound is it, and when?

    Args:
        source: path, bytes, file object or `Clip`; of any length, format and rate.
        model: catalogue name or folder of a model.
        top: number of labels to give.
        every_s: length of a step of the timeline; by default a fifth of the model's clip.

    Returns:
        A `Classification`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
    """
    return get("classify").predict(load(model, "classify"), source, top=top, every_s=every_s)


def evaluate(
    model: str | os.PathLike[str], folder: str | os.PathLike[str], *, split: str | None = None
) -> Any:
    """Score a model on a folder of labelled recordings.

    Recordings that the model was trained on (the same sound, whatever its name) are left out,
    unless nothing else is there.

    Args:
        model: catalogue name or folder of a model.
        folder: AudioFolder layout, see `tympan train`.
        split: score the rows of this `split` only, such as `"test"`.

    Raises:
        ModelError: the model cannot be used.
        DataError: the folder cannot be read, or has labels that the model does not know.
    """
    from tympan.data import WaveCache, read_folder
    from tympan.models import load_card
    from tympan.tasks.finish import KEY_DIGITS, trained_on

    card = load_card(model)
    task, ready = get(card.task), load(model, card.task)
    table = read_folder(folder)
    if not any(example.label for example in table):
        what = "names no labels to compare the answers with"
        fix = "one sub-folder for each label, or a metadata.csv with a column label"
        raise DataError(what, file=table.root, fix=fix)
    if split is not None:
        table = table.where("split", split)
    trained = trained_on(card)
    cache = WaveCache.open(table, ready.net.config.rate_hz, on_error="skip")
    table = cache.table
    fresh = [i for i in range(len(cache)) if cache.content_key(i)[:KEY_DIGITS] not in trained]
    seen = len(cache) - len(fresh)
    result = task.evaluate(ready, table.subset(fresh) if fresh else table)
    skipped = tuple(str(error) for error in cache.skipped)
    return replace(result, seen=seen, seen_left_out=bool(fresh), skipped=skipped)
