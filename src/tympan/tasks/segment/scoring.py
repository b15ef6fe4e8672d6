"""Score segmenters on decoded recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tympan.data.table import Example, Supervision
from tympan.errors import DataError
from tympan.models import Score
from tympan.tasks.segment.decode import SegmentRules, Values, segments_of
from tympan.tasks.segment.evaluation import SegmentEvaluation, limits_of, scores_of
from tympan.tasks.segment.examples import labels_of, roll_of
from tympan.tasks.segment.metrics import (
    Event,
    ScoreHistogram,
    event_counts,
    psds,
    segment_counts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tympan.data import AudioStore, Table
    from tympan.tasks.segment.answer import SegmentModel

CHUNK_S = 30.0
LEAST_SCENES, MOST_SCENES = 40, 200
PSDS_THRESHOLDS = tuple(np.round(np.linspace(0.02, 0.98, 25), 3).tolist())


@dataclass(frozen=True)
class ScoredRecording:
    """A recording with what a model gives for its frames.

    Attributes:
        probabilities: `(k, n)`.
        truth: the events.
    """

    probabilities: Values
    truth: tuple[Event, ...]


def events_of(example: Example, labels: Sequence[str]) -> tuple[Event, ...]:
    """The labelled parts of a recording as events; those of one label that overlap are one."""
    found: list[Event] = []
    for label in labels:
        parts = sorted(
            (part.start_s, part.end_s) for part in example.supervisions if label in labels_of(part)
        )
        merged: list[list[float]] = []
        for start_s, end_s in parts:
            if merged and start_s < merged[-1][1]:
                merged[-1][1] = max(merged[-1][1], end_s)
            else:
                merged.append([start_s, end_s])
        found += [(start_s, end_s, label) for start_s, end_s in merged if end_s > start_s]
    return tuple(sorted(found))


def chunks_of(store: AudioStore, path: Path) -> Iterator[Values]:
    """A decoded recording in blocks `(1, t)`."""
    assert store.rate_hz is not None
    step, length = round(CHUNK_S * store.rate_hz), store.length(path)
    for start in range(0, length, step):
        yield store.mono(path, start, min(step, length - start))[None]


def scored(
    model: SegmentModel, table: Table, store: AudioStore
) -> Iterator[tuple[str, ScoredRecording]]:
    """Each recording of a table, or scenes mixed of them, with its probabilities.

    What learned from scenes is scored on scenes: recordings of one event each say nothing of when.
    """
    if model.config.learn_from != "scenes" or any(one.supervisions for one in table):
        for example in table:
            probabilities = model.probabilities(chunks_of(store, example.path))
            yield (
                table.relative(example.path),
                ScoredRecording(probabilities, events_of(example, model.labels)),
            )
        return
    from tympan.tasks.segment.net import Geometry
    from tympan.tasks.segment.scenes import SceneExamples

    config = model.config
    count = min(MOST_SCENES, max(LEAST_SCENES, len(table)))
    scenes = SceneExamples(table, store, config, model.labels, Geometry(0, 0, 0, 0), count)
    end_s = scenes.core / config.rate_hz
    for row in range(count):
        wave, parts = scenes.scene(np.random.default_rng([2, row]))
        parts = [replace(p, start_s=max(0.0, p.start_s), end_s=min(end_s, p.end_s)) for p in parts]
        whole = Example({}, {}, tuple(p for p in parts if p.end_s > p.start_s))
        probabilities = model.probabilities([wave.astype(np.float32)[None]])
        yield f"scene {row + 1}", ScoredRecording(probabilities, events_of(whole, model.labels))


def found_by(
    one: ScoredRecording, rules: Sequence[SegmentRules], frame_s: float, labels: Sequence[str]
) -> list[Event]:
    """The events that rules give."""
    segments = segments_of(one.probabilities, rules, frame_s, labels)
    return [(s.start_s, s.end_s, s.label) for s in segments]


def evaluate(parts: Sequence[tuple[SegmentModel, Table]], store: AudioStore) -> SegmentEvaluation:
    """See `tympan.tasks.contract.Task.evaluate`.

    Raises:
        DataError: a table has a label that the model does not know, or no rows.
    """
    labels = tuple(dict.fromkeys(label for model, _ in parts for label in model.labels))
    if not any(has_times(model, table) for model, table in parts):
        return evaluate_clips(parts, store, labels)
    histogram = ScoreHistogram(len(labels))
    events: list[np.ndarray] = []
    seconds, files, truths = [], [], []
    points: list[list[list[Event]]] = [[] for _ in PSDS_THRESHOLDS]
    folds, duration_s = [], 0.0
    for model, table in parts:
        check_known(table, model.labels)
        first, frame_s, rules = len(events), model.config.frame_s, model.rules()
        for name, one in scored(model, table, store):
            mine = found_by(one, rules, frame_s, model.labels)
            truths.append(one.truth)
            events.append(event_counts(one.truth, mine, labels))
            seconds.append(segment_counts(one.truth, mine, labels))
            columns = [labels.index(label) for label in model.labels]
            roll = rolled(one, model.labels, frame_s)
            whole = np.zeros((len(labels), roll.shape[1]), np.float32)
            shown = whole.copy()
            whole[columns], shown[columns] = roll, one.probabilities
            histogram.add(shown, whole)
            for point, threshold in zip(points, PSDS_THRESHOLDS, strict=True):
                same = [replace(own, onset=threshold, offset=threshold) for own in rules]
                point.append(found_by(one, same, frame_s, model.labels))
            duration_s += one.probabilities.shape[1] * frame_s
            files.append(name)
        folds.append(slice(first, len(events)))
    frames = histogram.scores()
    others = {
        "psds": psds(truths, points, labels, duration_s),
        "frame_map": frames["map"],
        "frame_auc": frames["auc"],
    }
    ap, auc = histogram.per_label()
    counts, spans = np.stack(events), np.stack(seconds)
    found = SegmentEvaluation(
        scores=scores_of(counts, spans, others, folds), count=len(files), labels=labels,
        files=tuple(files), events=counts, seconds=spans, ap=ap, auc=auc, hours=duration_s / 3600,
    )  # fmt: skip
    return replace(found, limits=limits_of(found))


def rolled(one: ScoredRecording, labels: Sequence[str], frame_s: float) -> Values:
    """The truth of each frame `(k, n)`."""
    parts = [Supervision(*event) for event in one.truth]
    number = {label: i for i, label in enumerate(labels)}
    return roll_of(parts, number, one.probabilities.shape[1], frame_s)


def check_known(table: Table, labels: Sequence[str]) -> None:
    """Refuse a table that cannot be scored with these labels.

    Raises:
        DataError: it has a label that is not among them, or no rows.
    """
    if not len(table):
        raise DataError("has no recordings to score", file=table.root)
    named = {label for one in table for part in one.supervisions for label in labels_of(part)}
    unknown = sorted(named - set(labels))
    if unknown:
        what = f"has the label {unknown[0]!r}, which the model does not know"
        fix = f"the model knows {', '.join(labels[:8])}{' …' * (len(labels) > 8)}"
        raise DataError(what, file=table.root, fix=fix)


def has_times(model: SegmentModel, table: Table) -> bool:
    """Whether times are known that a model can be scored on."""
    return model.config.learn_from == "scenes" or any(one.supervisions for one in table)


def evaluate_clips(
    parts: Sequence[tuple[SegmentModel, Table]], store: AudioStore, labels: tuple[str, ...]
) -> SegmentEvaluation:
    """Which labels are in recordings whose times are not known: mAP and AUROC."""
    from tympan.tasks.tag.metrics import auroc, average_precision, intervals

    truths, pooled, files = [], [], []
    for model, table in parts:
        check_known(table, model.labels)
        rows, truth = clip_scores(model, table, store)
        columns = [labels.index(label) for label in model.labels]
        wide = np.zeros((2, len(rows), len(labels)))
        wide[0][:, columns], wide[1][:, columns] = rows, truth
        pooled.append(wide[0])
        truths.append(wide[1].astype(int))
        files += [table.relative(example.path) for example in table]
    scores, truth = np.concatenate(pooled), np.concatenate(truths)
    each, area = average_precision(truth, scores), auroc(truth, scores)
    ends = intervals(truth, scores, (scores > 0.5).astype(int))
    none = np.zeros((len(files), len(labels), 3), int)
    values = {"map": float(np.nanmean(each)), "auroc": float(np.nanmean(area))}
    found = SegmentEvaluation(
        scores=tuple(Score(n, round(v, 4), ends.get(n)) for n, v in values.items()),
        count=len(files), labels=labels, files=tuple(files), events=none, seconds=none,
        ap=each, auc=area,
    )  # fmt: skip
    limits = (
        "Nothing is known of when: it learned from the labels of whole recordings, and is scored "
        "by them. Its times were not tested.",
    )
    return replace(found, limits=limits)


def clip_scores(
    model: SegmentModel, table: Table, store: AudioStore
) -> tuple[np.ndarray, np.ndarray]:
    """The pooled probability of each label in each recording `(m, k)`, and which there are."""
    rows, truth = [], np.zeros((len(table), len(model.labels)), int)
    for own, example in zip(truth, table, strict=True):
        p = model.probabilities(chunks_of(store, example.path)).astype(np.float64)
        rows.append(np.square(p).sum(1) / np.maximum(p.sum(1), 1e-6))  # linear softmax
        own[[model.labels.index(tag) for tag in example.tags if tag in model.labels]] = 1
    return np.array(rows).reshape(len(table), len(model.labels)), truth
