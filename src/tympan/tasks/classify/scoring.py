"""Score classifiers on decoded recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tympan._words import listed
from tympan.errors import DataError
from tympan.tasks.calibration import (
    calibrated_by_others,
    fit_temperature,
    minimize_temperature,
    shrink_temperature,
)
from tympan.tasks.classify.evaluation import ClassifyEvaluation, evaluation_of
from tympan.tasks.classify.recordings import check_labelled, chunks_of
from tympan.tasks.unknown import Apart, unknown_scores, with_unknown

if TYPE_CHECKING:
    from tympan.data import AudioStore, Examples, Table
    from tympan.tasks.classify.answer import ClassifyModel, MeanSession
    from tympan.tasks.classify.learner import ClassifyLearner


def evaluate(
    parts: Sequence[tuple[ClassifyModel, Table]], store: AudioStore, *, calibrate: bool = False
) -> ClassifyEvaluation:
    """See `tympan.tasks.contract.Task.evaluate`.

    Raises:
        DataError: a table has a label that the model does not know, or no rows.
    """
    labels = joined_labels([model.labels for model, _ in parts])
    truths, probabilities, files, distances = [], [], [], []
    familiarity: list[float | None] = []
    for model, table in parts:
        check_known(table, model.labels)
        truths.append(np.array([labels.index(example.label) for example in table]))
        found = np.zeros((len(table), len(labels)))
        columns, apart = [labels.index(label) for label in model.labels], Apart(len(labels))
        for row, session in zip(found, sessions_of(model, table, store), strict=True):
            row[columns] = session.mean()
            familiarity.append(session.familiarity())
            apart.add(session.distances(), columns)
        distances.append(apart.rows)
        probabilities.append(found)
        files += [table.relative(example.path) for example in table]
    calibration: dict[str, float] = {}
    if calibrate and _answered_whole(parts, store):
        temperature = fit_temperature(np.concatenate(truths), np.concatenate(probabilities))
        count = sum(map(len, truths))
        calibration = {"temperature": shrink_temperature(temperature, count)}
        probabilities = [
            calibrated_by_others(truths, probabilities, i, shrink=True) for i in range(len(parts))
        ]
    found_evaluation = evaluation_of(labels, files, truths, probabilities, calibration)
    unknown = unknown_scores(familiarity, np.concatenate(truths), distances, labels)
    return with_unknown(found_evaluation, unknown)


def joined_labels(several: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The labels of all models: in a fold all recordings of a label may be for the test.

    >>> joined_labels([("cat", "dog"), ("cat", "cow")]), joined_labels([("dog", "cat")] * 2)
    (('cat', 'cow', 'dog'), ('dog', 'cat'))
    """
    every = {label for labels in several for label in labels}
    return several[0] if len(every) == len(several[0]) else tuple(sorted(every))


def predict(model: ClassifyModel, table: Table, store: AudioStore) -> np.ndarray:
    """Probabilities `(m, k)` of the recordings of a table."""
    return np.stack([session.mean() for session in sessions_of(model, table, store)])


def sessions_of(model: ClassifyModel, table: Table, store: AudioStore) -> Iterator[MeanSession]:
    """The answered session of each recording of a table."""
    from tympan.tasks.classify.answer import recording_sessions

    for example in table:
        yield from recording_sessions(model, [chunks_of(store, example.path)])


def check_known(table: Table, labels: Sequence[str]) -> None:
    """Refuse a table that cannot be scored with these labels.

    Raises:
        DataError: it has a label that is not among them, or no rows.
    """
    if not len(table):
        raise DataError("has no recordings to score", file=table.place)
    check_labelled(table)
    unknown = sorted(set(table.labels) - set(labels))
    if unknown:
        few = "the label" if len(unknown) == 1 else "the labels"
        what = f"has {few} {listed(unknown)}, which the model does not know"
        fix = f"the model knows {', '.join(labels[:8])}{' …' * (len(labels) > 8)}"
        raise DataError(what, file=table.place, fix=fix)


def _answered_whole(parts: Sequence[tuple[ClassifyModel, Table]], store: AudioStore) -> bool:
    """Whether each recording is one window: of several the mean is known, and no temperature."""
    from tympan.tasks.classify.geometry import WHOLE_CLIPS

    return all(
        max(store.lengths(table.paths)) <= WHOLE_CLIPS * model.net.config.clip_s * model.rate_hz
        for model, table in parts
    )


def validated_temperature(learner: ClassifyLearner, validation: Examples) -> float:
    """The temperature that fits validation recordings, as far as so many justify it."""
    import torch
    from torch.nn.functional import nll_loss

    from tympan.data import Batches
    from tympan.tasks.classify.examples import (
        apply_to_windows,
        mean_log_probabilities,
        windows_in,
    )

    net = learner.net.eval()
    found, owners, targets = [], [], []
    with torch.inference_mode():
        for batch in Batches(validation, batch_size=32, training=False):
            scores, rows = apply_to_windows(lambda waves: net(net.front(waves)), windows_in(batch))
            found.append(scores)
            owners.append(batch["row"][rows])
            targets.append(batch["label"])
        scores, rows, truth = torch.cat(found), torch.cat(owners), torch.cat(targets)

        def loss(temperature: float) -> float:
            mean = mean_log_probabilities(scores / temperature, rows, range(len(truth)))
            return float(nll_loss(mean, truth))

        return shrink_temperature(minimize_temperature(loss), len(truth))
