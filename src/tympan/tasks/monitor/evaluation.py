"""How good a monitor is: what it finds of anomalies, and how often it calls for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import DataError
from tympan.models import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.monitor.answer import FALSE_ALARMS, MonitorModel
from tympan.tasks.monitor.metrics import P, auc, harmonic_mean, partial_auc
from tympan.tasks.monitor.rows import is_normal, normal_label
from tympan.tasks.results.parts import percent

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table

    Array = np.ndarray[Any, Any]

ROUNDS = 300


@dataclass(frozen=True)
class MonitorEvaluation(Evaluation):
    """The scores of a monitor, and what they are computed from.

    Attributes:
        files: name of each recording scored.
        truth: whether it is anomalous, `(m,)`.
        values: how unusual it sounds, `(m,)`.
        machines: the machine of each; empty where it is not said.
        kinds: the label of each.
        threshold: above which a recording is called anomalous.
        false_alarms: share of normal steps above the threshold.
        steps: normal steps.
        known: what the threshold was set on, and which detectors were chosen.
    """

    files: tuple[str, ...] = ()
    truth: np.ndarray = field(default_factory=lambda: np.zeros(0, bool), repr=False)
    values: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)
    machines: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    threshold: float = 0.0
    false_alarms: float = 0.0
    steps: int = 0
    known: dict[str, Any] = field(default_factory=dict)

    def groups(self) -> Iterator[tuple[str, Array]]:
        """Each machine with its rows; one nameless group where none is named."""
        names = np.array(self.machines)
        for name in sorted(set(self.machines)):
            yield name, np.flatnonzero(names == name)

    def per_machine(self) -> dict[str, dict[str, float | None]]:
        """AUC, pAUC, anomalies found and false alarms of each machine."""
        return {name: machine_scores(self, rows) for name, rows in self.groups()}

    def per_kind(self) -> dict[str, dict[str, float]]:
        """AUC against the normal recordings, and share found, of each kind of anomaly."""
        normal, kinds = self.values[~self.truth], np.array(self.kinds)
        found = {}
        for kind in sorted({k for k, wrong in zip(self.kinds, self.truth, strict=True) if wrong}):
            values = self.values[(kinds == kind) & self.truth]
            found[kind] = {
                "auc": round(auc(normal, values), 4),
                "found": round(float((values > self.threshold).mean()), 4),
                "count": float(len(values)),
            }
        return found

    def details(self) -> dict[str, Any]:
        """Scores of each machine and each kind of anomaly."""
        return {
            "per_machine": self.per_machine(),
            "per_kind": self.per_kind(),
            "threshold": round(self.threshold, 4),
            "normal_steps": self.steps,
            "normal_steps_above": round(self.false_alarms, 5),
            **self.known,
        }

    def table(self) -> list[dict[str, str]]:
        """A row for each machine, as people read them; for each kind where there is one machine."""

        def cell(value: float | None) -> str:
            return "–" if value is None or not np.isfinite(value) else f"{100 * value:.1f}%"

        if len(set(self.machines)) > 1:
            return [
                {
                    "machine": name, "AUC": cell(row["auc"]), "pAUC": cell(row["pauc"]),
                    "found": cell(row["found"]), "false alarms": cell(row["false_alarms"]),
                    "recordings": f"{row['count']:.0f}",
                }
                for name, row in self.per_machine().items()
            ]  # fmt: skip
        return [
            {
                "anomaly": kind, "AUC": cell(row["auc"]), "found": cell(row["found"]),
                "recordings": f"{row['count']:.0f}",
            }
            for kind, row in self.per_kind().items()
        ]  # fmt: skip


def machine_scores(found: MonitorEvaluation, rows: Array) -> dict[str, float | None]:
    """AUC, pAUC, share of anomalies found and of normal recordings called anomalous."""
    truth, values = found.truth[rows], found.values[rows]
    normal, wrong = values[~truth], values[truth]
    scores = {
        "auc": auc(normal, wrong),
        "pauc": partial_auc(normal, wrong),
        "found": float((wrong > found.threshold).mean()) if len(wrong) else float("nan"),
        "false_alarms": float((normal > found.threshold).mean()) if len(normal) else float("nan"),
        "count": float(len(rows)),
    }
    return {name: round(v, 4) if np.isfinite(v) else None for name, v in scores.items()}


def evaluate(parts: Sequence[tuple[MonitorModel, Table]], store: AudioStore) -> MonitorEvaluation:
    """Score a monitor on a table, or those of a cross-validation each on its fold.

    Raises:
        DataError: a table has no rows.
    """
    rows: list[tuple[str, bool, float, str, str]] = []
    per_fold: list[tuple[Array, Array]] = []
    normal_steps: list[Array] = []
    for model, table in parts:
        if not len(table):
            raise DataError("has no recordings to score", file=table.root)
        label = normal_label(table, model.config.normal) if model.config.normal else None
        label = normal_label(table, "") if label is None else label
        truth, values = [], []
        for example, (value, steps) in zip(table, scored(model, table, store), strict=True):
            wrong = not is_normal(example, label)
            machine = example.columns.get("machine", "")
            rows.append((table.relative(example.path), wrong, value, machine, example.label))
            truth.append(wrong)
            values.append(value)
            if not wrong:
                normal_steps.append(steps)
        per_fold.append((np.array(truth), np.array(values)))
    files, wrong_, values_, machines, kinds = zip(*rows, strict=True)
    model = parts[0][0]
    steps = np.concatenate(normal_steps) if normal_steps else np.zeros(0)
    threshold = -np.log10(FALSE_ALARMS)
    above = float((steps > threshold).mean()) if len(steps) else float("nan")
    base: dict[str, Any] = {
        "files": files, "truth": np.array(wrong_), "values": np.array(values_),
        "machines": machines, "kinds": kinds, "threshold": float(threshold),
        "false_alarms": above, "steps": len(steps), "known": known_of(model),
    }  # fmt: skip
    plain = MonitorEvaluation((), len(rows), **base)
    scores = scores_of(plain, per_fold if len(parts) > 1 else [], normal_steps)
    return MonitorEvaluation(scores, len(rows), limits=limits_of(plain, model), **base)


def scored(model: MonitorModel, table: Table, store: AudioStore) -> Iterator[tuple[float, Array]]:
    """The score of each recording, and those of its steps."""
    for example in table:
        session = model.session()
        length, size = store.length(example.path), 30 * model.rate_hz
        for start in range(0, max(1, length), size):
            session.push(store.mono(example.path, start, size)[None])
        answer = session.result()
        yield answer.score, np.array([step.score for step in answer.timeline])


def known_of(model: MonitorModel) -> dict[str, Any]:
    """Which detectors were chosen, on what, and how sure the threshold is."""
    config = model.config
    return {
        "detectors": list(config.detectors),
        "simulated_auc": config.simulated_auc or {},
        "threshold_set_on": {"steps": config.steps, "independent": config.independent},
    }


def scores_of(
    found: MonitorEvaluation, folds: Sequence[tuple[Array, Array]], normal_steps: list[Array]
) -> tuple[Score, ...]:
    """AUC, pAUC and false alarms, with their intervals; the AUC first where there are anomalies."""
    alarms = Score(
        "false_alarms", found.false_alarms, _alarm_interval(normal_steps, found.threshold),
        higher_is_better=False,
    )  # fmt: skip
    if not found.truth.any():
        simulated = found.known.get("simulated_auc", {}).get("fused")
        more = () if simulated is None else (Score("simulated_auc", float(simulated)),)
        return (alarms, *more)
    hits = Score("anomalies_found", float((found.values[found.truth] > found.threshold).mean()))
    if found.truth.all():
        return (hits,)
    values = _means(found, np.arange(len(found.truth)))
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(ROUNDS):
        rows = np.concatenate(
            [
                rng.choice(np.flatnonzero(found.truth == side), (found.truth == side).sum())
                for side in (False, True)
            ]
        )
        drawn.append(_means(found, rows))
    low, high = np.nanpercentile(np.array(drawn), [2.5, 97.5], axis=0)
    of_folds = [
        (auc(v[~t], v[t]), partial_auc(v[~t], v[t])) for t, v in folds if t.any() and not t.all()
    ]
    per_fold = list(zip(*of_folds, strict=True)) if len(of_folds) == len(folds) > 1 else [(), ()]
    names = ("auc", "pauc")
    # One recording of a side is drawn every time.
    several = min(found.truth.sum(), (~found.truth).sum()) > 1
    first = tuple(
        Score(
            name,
            values[i],
            (float(low[i]), float(high[i])) if several else None,
            folds=tuple(per_fold[i]),
        )
        for i, name in enumerate(names)
    )
    return (*first, hits, alarms)


def _means(found: MonitorEvaluation, rows: Array) -> tuple[float, float]:
    """Harmonic means over the machines of AUC and pAUC."""
    names = np.array(found.machines)[rows]
    truth, values = found.truth[rows], found.values[rows]
    pairs = []
    for name in np.unique(names):
        own = names == name
        normal, wrong = values[own & ~truth], values[own & truth]
        if len(normal) and len(wrong):
            pairs.append((auc(normal, wrong), partial_auc(normal, wrong)))
    columns = list(zip(*pairs, strict=True)) or [(), ()]
    return harmonic_mean(columns[0]), harmonic_mean(columns[1])


def _alarm_interval(steps: list[Array], threshold: float) -> tuple[float, float] | None:
    """Of the share of normal steps above the threshold, over resampled recordings."""
    if len(steps) < 2:
        return None
    rng = np.random.default_rng(0)
    counts = np.array([[(one > threshold).sum(), len(one)] for one in steps])
    drawn = [counts[rng.integers(0, len(counts), len(counts))].sum(0) for _ in range(ROUNDS)]
    shares = [hits / max(1, total) for hits, total in drawn]
    # None among n is still compatible with 3 / n.
    total = counts[:, 1].sum()
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(max(high, 3 / max(total, 3)))


def limits_of(found: MonitorEvaluation, model: MonitorModel) -> tuple[str, ...]:
    """What was not tested, and where it is weak."""
    config, limits = model.config, []
    if not found.truth.any():
        limits.append(
            "No anomaly was there to be tested with: what it finds is known from sounds only that "
            "were added to normal recordings by a computer."
        )
    elif found.truth.all():
        limits.append(
            "No normal recording was held out: how often it calls for nothing is unknown."
        )
    else:
        weak = [kind for kind, row in found.per_kind().items() if row["auc"] < 0.8]
        if weak:
            limits.append(f"Hardly told from normal: {', '.join(weak[:8])}.")
    if config.independent * FALSE_ALARMS < 3:
        limits.append(
            f"The threshold rests on {config.steps} windows worth {config.independent:.0f} "
            f"independent ones: a false-alarm rate of {percent(FALSE_ALARMS)} is a guess, "
            f"{3 / FALSE_ALARMS:.0f} would be needed."
        )
    if found.steps and found.false_alarms > 3 * FALSE_ALARMS:
        limits.append(
            f"{100 * found.false_alarms:.1f} % of held-out normal steps lie above a threshold that "
            f"was set for {percent(FALSE_ALARMS)}: the machine has states that were not trained on."
        )
    limits.append("Another microphone, place or load than in training may look like an anomaly.")
    return tuple(limits)


__all__ = ["MonitorEvaluation", "P", "evaluate"]
