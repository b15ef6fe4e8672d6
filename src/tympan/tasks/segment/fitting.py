"""Choose the rules that make segments of probabilities, on validation recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tympan.tasks.segment.decode import SegmentRules
from tympan.tasks.segment.metrics import event_counts, f1_of, segment_counts
from tympan.tasks.segment.scoring import ScoredRecording, clip_scores, found_by, has_times, scored

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.segment.answer import SegmentModel
    from tympan.tasks.segment.config import SegmentConfig

# More of it costs time and changes no rule.
MOST_VALIDATED_S = 3 * 3600.0
# The rules that are tried.
ONSETS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9)
OFFSET_SHARES = (1.0, 0.75, 0.5, 0.3)
GAPS_S = (0.0, 0.1, 0.2, 0.4, 0.8)
SHORTEST_S = (0.0, 0.06, 0.12, 0.25, 0.5)
PADS_S = (0.0, 0.04, 0.1)
# So many events of a label pull its thresholds half way from the middle to what fits them.
PRIOR = 10


def fitted(model: SegmentModel, table: Table, store: AudioStore) -> SegmentConfig:
    """The configuration with the rules that fit validation recordings."""
    config = model.config
    if not has_times(model, table):
        from tympan.tasks.tag.scoring import shrunk_thresholds

        pooled, truth = clip_scores(model, table, store)
        onset = shrunk_thresholds(truth, pooled).round(4)
        return replace(config, onset=tuple(map(float, onset)))
    recordings, total_s = [], 0.0
    for _, one in scored(model, table, store):
        recordings.append(one)
        total_s += one.probabilities.shape[1] * config.frame_s
        if total_s > MOST_VALIDATED_S:
            break
    return chosen_rules(recordings, model.labels, config)


def chosen_rules(
    recordings: Sequence[ScoredRecording], labels: Sequence[str], config: SegmentConfig
) -> SegmentConfig:
    """The configuration with the rules that fit recordings that were not trained on.

    Thresholds of each label, then what all share (pause, shortest, padding), then the thresholds
    again. What counts is the mean of event F1 and segment F1: the first alone is too strict where
    annotators placed ends roughly.

    Args:
        recordings: with their truth; without any event the configuration stays as it is.
        labels: the labels.
        config: the configuration.
    """
    if not any(one.truth for one in recordings):
        return config
    times: Mapping[str, float] = {"gap_s": 0.0, "shortest_s": 0.0, "pad_s": 0.0}
    rules = [SegmentRules(**times) for _ in labels]
    for last in (False, True):
        rules = [
            _best_thresholds(recordings, i, label, rules[i], config.frame_s)
            for i, label in enumerate(labels)
        ]
        if not last:
            rules = _best_times(recordings, labels, rules, config.frame_s)
    counts = [
        sum(label == name for one in recordings for *_, name in one.truth) for label in labels
    ]
    onsets, offsets = [], []
    for own, count in zip(rules, counts, strict=True):
        share = count / (count + PRIOR)
        onset = share * own.onset + (1 - share) * 0.5
        onsets.append(round(onset, 4))
        offsets.append(round(onset * own.offset / own.onset, 4))
    return replace(
        config, onset=tuple(onsets), offset=tuple(offsets), gap_s=rules[0].gap_s,
        shortest_s=rules[0].shortest_s, pad_s=rules[0].pad_s,
    )  # fmt: skip


def _best_thresholds(
    recordings: Sequence[ScoredRecording], i: int, label: str, rules: SegmentRules, frame_s: float
) -> SegmentRules:
    tried = [
        replace(rules, onset=onset, offset=round(onset * share, 4))
        for onset in ONSETS
        for share in OFFSET_SHARES
    ]
    values = [_agreement(recordings, [i], [label], [one], frame_s) for one in tried]
    # Among equals the ones in the middle: they are the farthest from what is wrong.
    best = [one for one, value in zip(tried, values, strict=True) if value >= max(values) - 1e-9]
    return sorted(best, key=lambda one: (one.onset, one.offset))[len(best) // 2]


def _best_times(
    recordings: Sequence[ScoredRecording],
    labels: Sequence[str],
    rules: Sequence[SegmentRules],
    frame_s: float,
) -> list[SegmentRules]:
    found = list(rules)
    best = _agreement(recordings, range(len(labels)), labels, found, frame_s)
    for name, values in (("gap_s", GAPS_S), ("shortest_s", SHORTEST_S), ("pad_s", PADS_S)):
        for value in values[1:]:
            tried = [replace(own, **{name: value}) for own in found]
            agreement = _agreement(recordings, range(len(labels)), labels, tried, frame_s)
            if agreement > best + 1e-3:
                best, found = agreement, tried
    return found


def _agreement(
    recordings: Sequence[ScoredRecording],
    rows: Sequence[int],
    labels: Sequence[str],
    rules: Sequence[SegmentRules],
    frame_s: float,
) -> float:
    """Mean of event F1 and segment F1 over the labels that are there or were found."""
    events = np.zeros((len(labels), 3), np.int64)
    seconds = np.zeros((len(labels), 3), np.int64)
    for one in recordings:
        own = ScoredRecording(one.probabilities[list(rows)], one.truth)
        mine = found_by(own, rules, frame_s, labels)
        truth = [event for event in one.truth if event[2] in labels]
        events += event_counts(truth, mine, labels)
        seconds += segment_counts(truth, mine, labels)
    return float(np.nanmean([np.nan_to_num(f1_of(events)), np.nan_to_num(f1_of(seconds))]))
