"""Choose the rules that make notes of scores, on validation recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tympan.notation import Note
from tympan.tasks.notes.decode import NoteDecoder, NoteRules, Values
from tympan.tasks.notes.metrics import f1_of, note_counts
from tympan.tasks.notes.truth import notes_of

if TYPE_CHECKING:
    from pathlib import Path

    from tympan.data import AudioStore, Example, Table
    from tympan.tasks.notes.answer import NotesModel
    from tympan.tasks.notes.config import NotesConfig

CHUNK_S = 30.0
MOST_VALIDATED_S = 400.0  # more of it costs time and changes no rule
ONSETS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)
FRAMES = (0.15, 0.25, 0.35, 0.5)
OFFSETS = (0.3, 0.5, 1.0)
GHOSTS = (0.65, 0.8)
CLEAN_PRECISION = 0.95  # the share of notes of the strict preset that are right
CLEANER = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)


def chunks_of(store: AudioStore, path: Path) -> Iterator[Values]:
    """A decoded recording in blocks `(1, t)`."""
    assert store.rate_hz is not None
    step, length = round(CHUNK_S * store.rate_hz), store.length(path)
    for start in range(0, length, step):
        yield store.mono(path, start, min(step, length - start))[None]


def true_notes(example: Example, config: NotesConfig) -> list[Note]:
    """The notes beside a recording that the net can find."""
    return [
        Note(float(s), float(e), int(p), int(v))
        for s, e, p, v in notes_of(example)
        if config.lowest <= p <= config.highest
    ]


def rules_of(config: NotesConfig) -> NoteRules:
    """The rules that a configuration has."""
    return NoteRules(config.onset, config.frame, config.offset, config.ghost, config.shortest_s)


def decoded(scores: Values, rules: NoteRules, config: NotesConfig) -> list[Note]:
    """The notes of the scores of a whole recording."""
    decoder = NoteDecoder(rules, config.frame_s, config.lowest)
    return decoder.push(scores) + decoder.finish()


def fitted(model: NotesModel, table: Table, store: AudioStore) -> NotesConfig:
    """The configuration with the rules that fit validation recordings."""
    config, pairs = model.config, []
    lengths_s = store.lengths(table.paths) / model.rate_hz
    # Evenly over the table, whose rows may be sorted.
    step = max(1, int(np.ceil(lengths_s.sum() / MOST_VALIDATED_S)))
    for example in list(table)[::step]:
        scores = model.scores(chunks_of(store, example.path))
        pairs.append((true_notes(example, config), scores))
    return chosen(pairs, config)


def chosen(pairs: Sequence[tuple[list[Note], Values]], config: NotesConfig) -> NotesConfig:
    """The configuration with the rules that fit best, one after another."""
    if not any(truth for truth, _ in pairs):
        return config
    best = replace(config, ghost=2.0)
    best = _best(pairs, [replace(best, onset=one) for one in ONSETS], offsets=False)
    best = _best(pairs, [replace(best, frame=one) for one in FRAMES], offsets=True)
    best = _best(pairs, [replace(best, offset=one) for one in OFFSETS], offsets=True)
    best = _best(pairs, [best, *(replace(best, ghost=one) for one in GHOSTS)], offsets=False)
    for more in CLEANER:
        clean = min(0.95, round(best.onset + more, 4))
        counts = _counts(pairs, replace(best, onset=clean, ghost=2.0), offsets=False)
        precision = round(float(counts[0] / max(1, counts[2])), 4)
        best = replace(best, clean_onset=clean, clean_precision=precision)
        if precision >= CLEAN_PRECISION:
            break
    return best


def _best(
    pairs: Sequence[tuple[list[Note], Values]], tried: Sequence[NotesConfig], *, offsets: bool
) -> NotesConfig:
    """The first of the best; F1 of beginnings and, with `offsets`, of both together."""
    values = [
        float(np.nan_to_num(f1_of(_counts(pairs, one, offsets=False))))
        + (float(np.nan_to_num(f1_of(_counts(pairs, one, offsets=True)))) if offsets else 0.0)
        for one in tried
    ]
    return tried[int(np.argmax(values))]


def _counts(
    pairs: Sequence[tuple[list[Note], Values]], config: NotesConfig, *, offsets: bool
) -> np.ndarray:
    rules = rules_of(config)
    total = np.zeros(3, np.int64)
    for truth, scores in pairs:
        total += note_counts(truth, decoded(scores, rules, config), offsets=offsets)
    return total
