"""Ask and score: the tasks by name, loaded models, and the verbs that need no training."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from tympan.errors import ArgumentError, ModelError
from tympan.tasks.registry import get


@lru_cache(maxsize=4)
def _load_once(folder: Path, task: str, stamp: tuple[int, int]) -> Any:
    from tympan.models import load_model

    loaded = load_model(folder)
    if loaded.card.task != task:
        what = f"is a model for {loaded.card.task!r}, not for {task!r}"
        raise ModelError(what, file=folder, fix="`tympan models` lists what there is")
    return get(task).load(loaded, "cpu")


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
    from tympan.tasks.classify.answer import answer

    return answer(load(model, "classify"), source, top=top, every_s=every_s)
