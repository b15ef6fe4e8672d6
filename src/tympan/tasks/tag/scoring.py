"""Score taggers on decoded recordings, and choose their thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan._words import listed
from tympan.errors import DataError
from tympan.tasks.classify.answer import recording_sessions
from tympan.tasks.classify.recordings import chunks_of
from tympan.tasks.classify.scoring import joined_labels
from tympan.tasks.tag.evaluation import TagEvaluation, evaluation_of
from tympan.tasks.tag.metrics import best_thresholds
from tympan.tasks.unknown import Apart, unknown_scores, with_unknown

if TYPE_CHECKING:
    from tympan.data import AudioStore, Examples, Table
    from tympan.tasks.tag.answer import TagModel
    from tympan.tasks.tag.learner import TagLearner

# So many recordings of a label pull its threshold half way from 0.5 to what fits them.
_PRIOR = 10


def evaluate(
    parts: Sequence[tuple[TagModel, Table]], store: AudioStore, *, calibrate: bool = False
) -> TagEvaluation:
    """See `tympan.tasks.contract.Task.evaluate`.

    Raises:
        DataError: a table has a label that the model does not know, or no rows.
    """
    labels = joined_labels([model.labels for model, _ in parts])
    truths, scores, files, thresholds, distances = [], [], [], [], []
    familiarity: list[float | None] = []
    for model, table in parts:
        check_known(table, model.labels)
        truths.append(truth_of(table, labels))
        chunks = (chunks_of(store, example.path) for example in table)
        columns = [labels.index(label) for label in model.labels]
        found, limits = np.zeros((len(table), len(labels))), np.full(len(labels), 0.5)
        apart = Apart(len(labels))
        for row, session in zip(found, recording_sessions(model, chunks), strict=True):
            row[columns] = session.mean()
            familiarity.append(session.familiarity())
            apart.add(session.distances(), columns)
        limits[columns] = model.thresholds
        scores.append(found)
        distances.append(apart.rows)
        thresholds.append(limits)
        files += [table.relative(example.path) for example in table]
    calibration: dict[str, Any] = {}
    if calibrate:
        whole = shrunk_thresholds(np.concatenate(truths), np.concatenate(scores))
        calibration = {"thresholds": tuple(map(float, whole.round(4)))}
        # Those of each part are chosen on the others.
        thresholds = [
            shrunk_thresholds(
                np.concatenate([t for j, t in enumerate(truths) if j != i]),
                np.concatenate([s for j, s in enumerate(scores) if j != i]),
            )
            for i in range(len(parts))
        ]
    evaluation = evaluation_of(labels, files, truths, scores, thresholds, calibration)
    unknown = unknown_scores(familiarity, np.concatenate(truths), distances, labels)
    return with_unknown(evaluation, unknown)


def check_known(table: Table, labels: Sequence[str]) -> None:
    """Refuse a table that cannot be scored with these labels.

    Raises:
        DataError: it has a label that is not among them, or no rows.
    """
    if not len(table):
        raise DataError("has no recordings to score", file=table.place)
    unknown = sorted(set(table.tags) - set(labels))
    if unknown:
        few = "the label" if len(unknown) == 1 else "the labels"
        what = f"has {few} {listed(unknown)}, which the model does not know"
        fix = f"the model knows {', '.join(labels[:8])}{' …' * (len(labels) > 8)}"
        raise DataError(what, file=table.place, fix=fix)


def truth_of(table: Table, labels: Sequence[str]) -> np.ndarray:
    """Which labels apply to each row, `(m, k)`."""
    truth = np.zeros((len(table), len(labels)), int)
    for row, example in zip(truth, table, strict=True):
        row[[labels.index(tag) for tag in example.tags]] = 1
    return truth


def shrunk_thresholds(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The best threshold of each label, as far as its recordings justify it.

    >>> shrunk_thresholds(np.array([[1], [0]]), np.array([[0.4], [0.2]])).round(2)
    array([0.48])
    """
    count = truth.sum(0)
    weight = count / (count + _PRIOR)
    found: np.ndarray = weight * best_thresholds(truth, scores) + (1 - weight) * 0.5
    return found


def validated_thresholds(learner: TagLearner, validation: Examples) -> tuple[float, ...]:
    """The thresholds that fit validation recordings."""
    import torch

    from tympan.data import Batches

    net = learner.net.eval()
    with torch.inference_mode():
        pairs = [
            (learner.predict(net, batch), batch["label"])
            for batch in Batches(validation, batch_size=32, training=False)
        ]
    scores = torch.cat([one for one, _ in pairs]).numpy()
    truth = torch.cat([one for _, one in pairs]).numpy()
    return tuple(map(float, shrunk_thresholds(truth, scores).round(4)))
