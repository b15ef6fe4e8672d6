"""Score a model on a folder of labelled recordings, or of scores."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from tympan.tasks.cleaned import named_in
from tympan.tasks.contract import ReadsRows
from tympan.tasks.job import file_keys, opened, trained_on
from tympan.tasks.registry import get

if TYPE_CHECKING:
    from tympan.data import Table
    from tympan.tasks.contract import Evaluation


def evaluate(
    model: str | os.PathLike[str],
    folder: str | os.PathLike[str] | Table | None = None,
    *,
    split: str | None = None,
    device: str = "auto",
    metadata: str | os.PathLike[str] | None = None,
    file_column: str | None = None,
    label_column: str | None = None,
) -> Evaluation:
    """Score a model on a folder of labelled recordings.

    Recordings that the model was trained on (the same sound, whatever its name) are left out,
    unless nothing else is there.

    Args:
        model: catalogue name or folder of a model.
        folder: AudioFolder layout, see `tympan train`; or its table. None: that of `metadata`.
        split: score the rows of this `split` only, such as `"test"`.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        metadata: the table of the recordings, wherever it lies.
        file_column: its column of files.
        label_column: its column of labels.

    Raises:
        ModelError: the model cannot be used.
        DataError: the folder cannot be read, or has labels that the model does not know.
    """
    from tympan.data import Table, cut_parts, read_folder
    from tympan.models import find_model, load_model
    from tympan.training.device import choose_device

    find_model(model)  # a wrong name is found before anything takes time
    table = (
        folder
        if isinstance(folder, Table)
        else read_folder(
            folder, metadata=metadata, file_column=file_column, label_column=label_column
        )
    )
    if split is not None:
        table.column("split")
    loaded = load_model(model)
    task = get(loaded.card.task)
    ready = task.load(loaded, choose_device(device))
    if getattr(task, "cuts_parts", False):
        table = cut_parts(table)
    if isinstance(task, ReadsRows):
        table = task.rows_of(table)
    if split is not None:
        table = table.where("split", split)
    # A composer takes no sound: its scores are compared by their bytes, and nothing is decoded.
    store, keys = opened(table, getattr(ready, "rate_hz", None), named_in(loaded.card))
    found, table, known = table, store.table, trained_on(loaded.card)
    fresh = [i for i, key in enumerate(keys) if not file_keys(key) & known]
    result = task.evaluate([(ready, table.subset(fresh) if fresh else table)], store)
    return replace(
        result,
        seen=len(keys) - len(fresh),
        seen_left_out=bool(fresh),
        skipped=tuple(str(error) for error in store.skipped),
        warnings=found.warnings,
    )
