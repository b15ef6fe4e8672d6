"""Score transcribers of notes on decoded recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import DataError
from tympan.tasks.notes.evaluation import NotesEvaluation, counts_of, evaluation_of
from tympan.tasks.notes.fitting import chunks_of, true_notes

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.notes.answer import NotesModel


def evaluate(parts: Sequence[tuple[NotesModel, Table]], store: AudioStore) -> NotesEvaluation:
    """See `tympan.tasks.contract.Task.evaluate`.

    Raises:
        DataError: a table has no rows, or a row without a score.
    """
    files, kinds, counts = [], [], []
    for model, table in parts:
        for example in table:
            truth = true_notes(example, model.config)
            session = model.session()
            for block in chunks_of(store, example.path):
                session.push(block)
            counts.append(counts_of(truth, session.result().notes))
            files.append(table.relative(example.path))
            kinds.append(example.columns.get("kind", ""))
    if not files:
        raise DataError("has no recordings to score", file=parts[0][1].root if parts else None)
    return evaluation_of(files, kinds, np.stack(counts))
