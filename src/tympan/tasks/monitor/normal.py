"""What a monitor knows of the normal machine: fitted detectors, their fusion, its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tympan.errors import DataError
from tympan.tasks.monitor.detectors import DETECTORS, KINDS, Detector
from tympan.tasks.monitor.surprise import TAIL, Surprise, alarm_interval, independent

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

FOLDS = 5
FEWEST = 8
# Windows that follow one another in a long recording, taken together as a recording would be.
PIECE = 10
# Errors of reconstructions are lower on what was trained on; validation says by how much.
TRAINED_ON = ("error", "frames")
# What is found no better than that, by chance or little more, has no part in the fusion.
LEAST_AUC = 0.55
# What `nearest` and `local` have in common.
SHARED = ("center", "spread", "bank")


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of windows.

    Attributes:
        rows: name → `(m, d)`, see `tympan.tasks.monitor.net.MonitorNet.measure`.
        owners: the recording of each window `(m,)`.
        held_out: whether the autoencoder was not trained on it `(m,)`.
        places: where each window begins in its recording, in samples `(m,)`.
    """

    rows: Mapping[str, Array]
    owners: Array
    held_out: Array
    places: Array

    def __len__(self) -> int:
        return len(self.owners)


@dataclass(frozen=True, eq=False)
class NormalSounds:
    """Detectors that were fitted to normal windows, and how rare their scores are among those.

    Args:
        detectors: name → detector.
        surprises: name → how rare its scores are.
        weights: name → its share in the fusion.
        fused: how rare the weighted mean of these is.
        mean_db: mean level of each mel band `(f,)`.
        spread_db: its standard deviation from frame to frame and window to window `(f,)`.
        sounds: a few normal windows as sound `(s, t)`.
        sound_rows: their spectra `(s, d)`.
    """

    detectors: Mapping[str, Detector]
    surprises: Mapping[str, Surprise]
    weights: Mapping[str, float]
    fused: Surprise
    mean_db: Array
    spread_db: Array
    sounds: Array = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    sound_rows: Array = field(default_factory=lambda: np.zeros((0, 1), np.float32))

    def raw(self, rows: Mapping[str, Array]) -> dict[str, Array]:
        """Each detector's scores `(b,)` of what was measured of windows."""
        return {name: one.scores(rows[DETECTORS[name][0]]) for name, one in self.detectors.items()}

    def scores(self, raw: Mapping[str, Array]) -> Array:
        """How rare windows are among normal ones `(b,)`, from the detectors' scores."""
        return self.fused(mean_surprise(self.surprises, raw, self.weights))

    def nearest_sound(self, spectrum: Array) -> int:
        """Which of the sounds kept has the spectrum `(d,)` that is nearest; -1: there are none."""
        if not len(self.sounds):
            return -1
        return int(((self.sound_rows - spectrum) ** 2).sum(1).argmin())

    def state(self) -> dict[str, Array]:
        """All arrays by name."""
        found: dict[str, Array] = {
            "fused": self.fused.to_array(), "mean_db": self.mean_db, "spread_db": self.spread_db,
        }  # fmt: skip
        found["weights"] = np.array(list(self.weights.values()))
        for name, one in self.detectors.items():
            found[f"{name}.surprise"] = self.surprises[name].to_array()
            shared = SHARED if sibling(name) in self.detectors else ()
            for part, values in one.state().items():
                if part not in shared:
                    found[f"{name}.{part}"] = values
        if len(self.sounds):
            found["sounds"], found["sound_rows"] = self.sounds, self.sound_rows
        return found

    @classmethod
    def from_state(cls, state: Mapping[str, Array], names: Sequence[str]) -> Self:
        """Rebuild it from what `state` gave.

        Raises:
            KeyError: an array is missing.
        """
        detectors = {}
        for name in names:
            own: dict[str, Array] = {}
            for source in (sibling(name), name):
                own |= {
                    k[len(source) + 1 :]: v for k, v in state.items() if k.startswith(f"{source}.")
                }
            detectors[name] = KINDS[DETECTORS[name][1]].from_state(own)
        surprises = {name: Surprise.from_array(state[f"{name}.surprise"]) for name in names}
        kept = [state[n] for n in ("sounds", "sound_rows")] if "sounds" in state else []
        fused = Surprise.from_array(state["fused"])
        weights = dict(zip(names, map(float, state["weights"]), strict=True))
        return cls(
            detectors, surprises, weights, fused, state["mean_db"], state["spread_db"], *kept
        )


def sibling(name: str) -> str:
    """The detector whose bank a detector shares: `local` and `nearest` keep the same windows.

    >>> sibling("lines-local"), sibling("lines")
    ('lines-nearest', 'no other')
    """
    return name.replace("-local", "-nearest") if name.endswith("-local") else "no other"


def mean_surprise(
    surprises: Mapping[str, Surprise], raw: Mapping[str, Array], weights: Mapping[str, float]
) -> Array:
    """The weighted mean of the detectors' surprises `(b,)`."""
    total = sum(weights.values())
    parts = [weights[name] / total * surprises[name](raw[name]) for name in weights]
    found: Array = np.sum(parts, axis=0)
    return found


@dataclass(frozen=True, eq=False)
class Crossed:
    """Scores of normal windows by detectors that were not fitted to their recordings.

    Attributes:
        raw: name → `(m,)`.
        folds: the fold of each window `(m,)`.
        fitted: for each fold the detectors of the others.
        raised: by how much the error of an autoencoder was raised that was trained on the window,
            name → `(m,)`.
    """

    raw: dict[str, Array]
    folds: Array
    fitted: list[dict[str, Detector]]
    raised: dict[str, Array]


def cross_fit(measured: Measured, names: Sequence[str], bank: int, neighbours: int) -> Crossed:
    """Score all windows by detectors fitted to other recordings.

    Recordings that follow one another are in one fold, as neighbours sound alike.

    Raises:
        DataError: there are too few windows.
    """
    if len(measured) < FEWEST:
        what = f"there are {len(measured)} windows of the normal machine, too few to know it by"
        raise DataError(what, fix="record it for a minute or more")
    numbers = np.unique(measured.owners)
    if len(numbers) >= FOLDS:
        of_recording = {n: i * FOLDS // len(numbers) for i, n in enumerate(numbers)}
        folds = np.array([of_recording[n] for n in measured.owners])
    else:
        folds = np.arange(len(measured)) * FOLDS // len(measured)
    raw = {name: np.zeros(len(measured)) for name in names}
    fitted = []
    for fold in range(FOLDS):
        inside = folds == fold
        others = {n: rows[~inside] for n, rows in measured.rows.items()}
        detectors = fit_detectors(others, names, bank, neighbours)
        fitted.append(detectors)
        for name, one in detectors.items():
            raw[name][inside] = one.scores(measured.rows[DETECTORS[name][0]][inside])
    raised: dict[str, Array] = {}
    for name in names:
        if DETECTORS[name][0] in TRAINED_ON:
            gap = gap_of(raw[name], measured.held_out)
            raised[name] = np.where(measured.held_out, 0.0, gap)
            raw[name] += raised[name]
    return Crossed(raw, folds, fitted, raised)


def fit_detectors(
    rows: Mapping[str, Array], names: Sequence[str], bank: int, neighbours: int
) -> dict[str, Detector]:
    """Fit detectors to normal windows."""
    found: dict[str, Detector] = {}
    for name in names:
        space, kind = DETECTORS[name]
        found[name] = KINDS[kind].fit(rows[space], bank=bank, neighbours=neighbours)
    return found


def gap_of(scores: Array, held_out: Array) -> float:
    """How much lower the scores `(m,)` of windows are that were trained on; never below 0."""
    if held_out.all() or held_out.sum() < FEWEST:
        return 0.0
    return max(0.0, float(np.median(scores[held_out]) - np.median(scores[~held_out])))


def calibrate(
    crossed: Crossed, weights: Mapping[str, float]
) -> tuple[dict[str, Surprise], Surprise]:
    """How rare each detector's scores are, and how rare their weighted mean is."""
    surprises = {name: Surprise.fit(crossed.raw[name]) for name in weights}
    return surprises, Surprise.fit(mean_surprise(surprises, crossed.raw, weights))


def worth(measured: Measured, crossed: Crossed, weights: Mapping[str, float]) -> float:
    """How many independent windows the calibration rests on."""
    surprises, fused = calibrate(crossed, weights)
    scores = fused(mean_surprise(surprises, crossed.raw, weights))
    owners = measured.owners
    if len(np.unique(owners)) < 2 * FOLDS:  # long recordings: pieces of them
        owners = np.arange(len(owners)) // PIECE
    return independent(owners, scores > -np.log10(TAIL))


def weigh(
    crossed: Crossed, rows: Mapping[str, Array], sources: Array, names: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """How much each detector counts: of those that compare the same, only the best does.

    The best is the one that finds most of what was done to normal windows. One each of spectra,
    lines, embeddings and both reconstructions is fused, with the same weight, as how well they find
    real faults is not known. One near chance is left out, but for the autoencoders.

    Args:
        crossed: scores of the normal windows.
        rows: what was measured of changed windows, name → `(a, d)`.
        sources: which normal window each was made from `(a,)`.
        names: the detectors.

    Returns:
        The weights, and how often each detector, and all together, scored a changed window above a
        normal one.
    """
    from tympan.tasks.monitor.metrics import auc

    changed: dict[str, Array] = {}
    for name in names:
        space = rows[DETECTORS[name][0]]
        scores = np.zeros(len(space))
        for fold, detectors in enumerate(crossed.fitted):
            inside = crossed.folds[sources] == fold
            if inside.any():
                scores[inside] = detectors[name].scores(space[inside])
        changed[name] = scores + crossed.raised[name][sources] if name in crossed.raised else scores
    aucs = {name: auc(crossed.raw[name], changed[name]) for name in names}
    weights = dict.fromkeys(best_of_each(aucs), 1.0)
    surprises, _ = calibrate(crossed, weights)
    both = (mean_surprise(surprises, raw, weights) for raw in (crossed.raw, changed))
    return weights, {**aucs, "fused": auc(*both)}


def best_of_each(aucs: Mapping[str, float]) -> tuple[str, ...]:
    """Of the detectors that compare the same, the one of highest AUC, unless it is near chance.

    >>> best_of_each({"spectrum": 0.7, "spectrum-local": 0.8, "lines": 0.5, "autoencoder": 0.5})
    ('autoencoder', 'spectrum-local')
    """
    best: dict[str, str] = {}
    for name in sorted(aucs, key=lambda n: aucs[n]):
        best[DETECTORS[name][0]] = name
    usable = [n for s, n in best.items() if aucs[n] > LEAST_AUC or s in TRAINED_ON]
    return tuple(usable) if usable else tuple(best.values())


def threshold_of(false_alarms: float) -> float:
    """The surprise above which that share of normal windows lies.

    >>> threshold_of(0.01)
    2.0
    """
    return float(-np.log10(false_alarms))


def uncertain(false_alarms: float, count: float) -> tuple[float, float]:
    """95 % interval of the true share of false alarms, see `alarm_interval`."""
    return alarm_interval(false_alarms, count)


__all__ = ["Crossed", "Measured", "NormalSounds", "calibrate", "cross_fit", "weigh"]
