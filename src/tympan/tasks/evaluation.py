"""Score a model on a folder of recordings that it was not trained on."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import DataError
from tympan.tasks import registry
from tympan.tasks.answering import load

if TYPE_CHECKING:
    from tympan.tasks.contract import Evaluation


def evaluate(
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    split: str | None = None,
    device: str = "auto",
) -> Evaluation:
    """Score a model on a folder of labelled recordings.

    Recordings that the model was trained on (the same sound, whatever its name) are left out,
    unless nothing else is there.

    Args:
        model: catalogue name or folder of a model.
        folder: AudioFolder layout, see `tympan train`.
        split: score the rows of this `split` only, such as `"test"`.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Returns:
        The scores with their intervals, and what the task knows beside them.

    Raises:
        ModelError: the model cannot be used.
        DataError: the folder cannot be read, or has labels that the model does not know.
    """
    from tympan.data import WaveCache, read_folder
    from tympan.models import load_card
    from tympan.tasks.finish import KEY_DIGITS, trained_on

    card = load_card(model)
    task: Any = registry.get(card.task)
    ready: Any = load(model, card.task, device)
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
    result: Evaluation = task.evaluate(ready, table.subset(fresh) if fresh else table)
    skipped = tuple(str(error) for error in cache.skipped)
    return replace(result, seen=seen, seen_left_out=bool(fresh), skipped=skipped)
