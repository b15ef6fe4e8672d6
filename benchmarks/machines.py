"""Machines by their sound: bearing faults (`cwru`) and the condition of a motor (`motor`).

**cwru**: Case Western's drive-end accelerometer, 12 kHz, windows of one second; classes ball, inner
race and outer race. *Load*: train on 0 – 2 hp, test on 3 hp (15 recordings); the damaged bearings
are the same, so it tests another speed, no more. *Size*: train on two fault sizes, test on the
third, all three turns of 7, 14 and 21 mils (other bearings; 28 mils exists for two classes only and
is left out). *Recording*: the mean score of a recording's windows. There is one healthy recording,
so "normal" cannot be tested on a recording that was not trained on; it is left out of these splits.

**The leak**: the usual split deals *windows* at random, so that those of one recording are on both
sides, "normal" too. It measures whether a recording is recognised, not whether a fault is.

**motor**: 212 recordings of six seconds, five conditions that nobody explains. Five folds dealt at
random, two seeds; and five folds of neighbours: each condition's recordings in the order of their
numbers, cut into five parts. They come from few sessions: the last 130 are numbered condition by
condition, and for two of the five the recording nearest in timbre is in seven cases of ten the next
or the one before (copies there are none). Random folds put such neighbours on both sides.

tympan is `tympan train` with its defaults, but for `clip_s=2` with the motor, which hums on; seed 0
where no other is named. The forest hears the same clips.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.baselines import DATA, RUNS, forest_scores, statistics_of
from benchmarks.common import arguments, main

if TYPE_CHECKING:
    from tympan.data import Example, Table

METHODS = {
    "forest": "MFCC + random forest",
    "sounds": "tympan, from `sounds`",
    "scratch": "tympan, from scratch",
}
EDITION = 2
# A run starts no more trainings after so many seconds; the next one goes on.
STOP_AT = time.monotonic() + float(os.environ.get("TYMPAN_BENCHMARK_S", "1800"))
# A motor hums on: two seconds of it are enough to hear at once, and train in half the time.
MOTOR = {"clip_s": 2.0}
# Windows at every third second: enough of a steady vibration, and an epoch stays short.
WINDOW_S, EVERY_S, SIZES, FOLDS = 1.0, 3.0, ("7", "14", "21"), 5


@dataclass(frozen=True)
class Part:
    """One training and its test: a table with a `split` column, and what a test row belongs to."""

    name: str
    table: Table
    seed: int
    group: Callable[[Example], str] = lambda e: e.path.name


@dataclass(frozen=True)
class Scores:
    """Answers about test rows: right or not, probabilities, truth, recording."""

    truth: list[str]
    scores: np.ndarray
    labels: list[str]
    groups: list[str]

    @property
    def right(self) -> np.ndarray:
        """Whether each row is right."""
        return np.array(self.labels)[self.scores.argmax(1)] == np.array(self.truth)

    @property
    def recordings_right(self) -> np.ndarray:
        """Whether each recording is right by the mean of its rows."""
        names = np.array(self.groups)
        found = []
        for name in sorted(set(self.groups)):
            rows = np.flatnonzero(names == name)
            best = self.labels[int(self.scores[rows].mean(0).argmax())]
            found.append(best == self.truth[rows[0]])
        return np.array(found)


def windows() -> Table:
    """The windows of all cwru recordings, cut once into `.runs`; name, label, size, load, part."""
    from tympan.audio import load
    from tympan.data import read_folder

    folder = RUNS / "machines" / "windows"
    source = read_folder(DATA / "cwru")
    if not (folder / "metadata.csv").exists():
        folder.mkdir(parents=True, exist_ok=True)
        lines = ["file_name,label,recording,mils,load"]
        for e in source:
            clip = load(e.path)
            # The one healthy recording gives as many windows as two others.
            starts = np.arange(0.0, clip.duration_s - WINDOW_S, EVERY_S)
            for i, start_s in enumerate(starts):
                name = f"{e.path.stem}-{i}.wav"
                clip.slice(start_s, start_s + WINDOW_S).save(folder / name)
                c = e.columns
                lines.append(f"{name},{e.label},{e.path.stem},{c['fault_mils']},{c['load_hp']}")
        (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_folder(folder)


def split(table: Table, side: Callable[[Example], str]) -> Table:
    """The table with a `split` column; rows whose side is empty are left out."""
    rows = [
        replace(e, columns={"label": e.label, "split": side(e), "source": recording(e)})
        for e in table
    ]
    return replace(table, examples=tuple(e for e in rows if e.columns["split"]))


def recording(example: Example) -> str:
    """The recording that a window was cut from."""
    return example.path.stem.rsplit("-", 1)[0]


def cwru_load() -> Iterator[Part]:
    """Train on 0 – 2 hp, test on 3 hp."""

    def side(e: Example) -> str:
        if e.label == "normal":
            return ""
        return "test" if e.columns["load"] == "3" else "train"

    yield Part("3 hp", split(windows(), side), 0, recording)


def cwru_size() -> Iterator[Part]:
    """Train on two sizes of fault, test on the third."""
    for size in SIZES:

        def side(e: Example, size: str = size) -> str:
            if e.label == "normal" or e.columns["mils"] not in SIZES:
                return ""
            return "test" if e.columns["mils"] == size else "train"

        yield Part(f"{size} mils", split(windows(), side), 0, recording)


def cwru_leak() -> Iterator[Part]:
    """A quarter of all windows, whatever recording they are of."""
    table = windows()
    order = np.random.default_rng(0).permutation(len(table))
    test = {table[int(i)].path for i in order[: len(table) // 4]}
    yield Part(
        "random", split(table, lambda e: "test" if e.path in test else "train"), 0, recording
    )


def motor_random() -> Iterator[Part]:
    """Five random folds, two seeds."""
    from tympan.data import folds

    table = _motor()
    for seed in (0, 1):
        for name, one in folds(table, column=None, k=FOLDS, seed=seed):
            test = {table[i].path for i in one.indices["test"]}
            side = split(table, lambda e, test=test: "test" if e.path in test else "train")
            yield Part(f"fold {name}, seed {seed}", side, seed)


def motor_neighbours() -> Iterator[Part]:
    """Five folds of neighbours in number."""
    table = _motor()
    place: dict[Path, int] = {}
    for label in table.labels:
        rows = sorted((e for e in table if e.label == label), key=lambda e: e.columns["clip"])
        place |= {e.path: FOLDS * i // len(rows) for i, e in enumerate(rows)}
    for fold in range(FOLDS):
        side = split(table, lambda e, fold=fold: "test" if place[e.path] == fold else "train")
        yield Part(f"part {fold + 1}", side, 0)


def _motor() -> Table:
    from tympan.data import read_folder

    table = read_folder(DATA / "motor")
    return table.subset(i for i, e in enumerate(table) if e.label)


TESTS: dict[str, tuple[str, Callable[[], Iterator[Part]]]] = {
    "cwru_load": ("cwru, across loads", cwru_load),
    "cwru_size": ("cwru, across fault sizes", cwru_size),
    "cwru_leak": ("cwru, random windows: **a leak**", cwru_leak),
    "motor_neighbours": ("motor, folds of neighbours", motor_neighbours),
    "motor_random": ("motor, random folds", motor_random),
}


def trial(test: str, part: Part, method: str) -> Scores | None:
    """The answers of one training about its test rows; kept in `.runs`.

    None: they are not there, and the time is over.
    """
    name = f"{test}-{part.name.replace(' ', '-').replace(',', '')}-{method}"
    kept = RUNS / "machines" / f"{name}.json"
    if kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found.pop("edition") == EDITION or method == "forest":
            return Scores(**{**found, "scores": np.array(found["scores"])})
    if time.monotonic() > STOP_AT:
        return None
    if method == "forest":
        scores, labels = _forest(part)
    else:
        scores, labels = _tympan(part, method, RUNS / "machines" / name)
    rows = part.table.where("split", "test")
    groups = [part.group(e) for e in rows]
    answer = Scores(rows.column("label"), scores, labels, groups)
    values: dict[str, Any] = {**vars(answer), "scores": scores.round(5).tolist()}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"edition": EDITION, **values}), encoding="utf-8")
    print(f"{name}: {answer.right.mean():.1%}", file=sys.stderr, flush=True)
    return answer


def _forest(part: Part) -> tuple[np.ndarray, list[str]]:
    train, test = part.table.where("split", "train"), part.table.where("split", "test")
    rate_hz = 12000 if part.group is recording else 16000
    x, y = statistics_of(train, rate_hz), train.column("label")
    return forest_scores(x, y, statistics_of(test, rate_hz), part.seed)


def _tympan(part: Part, start: str, work: Path) -> tuple[np.ndarray, list[str]]:
    from tympan.tasks import train

    shutil.rmtree(work, ignore_errors=True)
    result = train(
        part.table,
        task="classify",
        from_=start,
        out=work,
        seed=part.seed,
        settings={} if part.group is recording else MOTOR,
        progress=False,
    )
    shutil.rmtree(work)
    return result.evaluation.scores, list(result.evaluation.labels)


def measure(tests: list[str], most: int | None, methods: list[str]) -> tuple[list[Any], Any]:
    """The table and the figures."""
    parts = {test: list(TESTS[test][1]())[:most] for test in tests}
    # The methods in turn, so that a stopped run says something of each test.
    answers = {
        (test, method): [trial(test, part, method) for part in parts[test]]
        for method in methods
        for test in tests
    }
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for test in tests:
        for method in methods:
            found = [one for one in answers[test, method] if one is not None]
            row: dict[str, object] = {"test": TESTS[test][0], "method": METHODS[method]}
            rows.append(row)
            if not found:
                row["accuracy"] = "not measured yet"
                continue
            right = np.concatenate([one.right for one in found])
            row["accuracy"] = _with_interval(right, [one.groups for one in found])
            row["each"] = ", ".join(f"{one.right.mean():.0%}" for one in found)
            if len(found) < len(parts[test]):
                row["each"] += f" ({len(found)} of {len(parts[test])} measured)"
            figures[f"{test}_{method}"] = float(right.mean())
            # Where all recordings are on both sides, a vote of theirs says nothing.
            if test in ("cwru_load", "cwru_size"):
                votes = np.concatenate([one.recordings_right for one in found])
                row["recordings right"] = f"{votes.sum()} of {len(votes)}"
                figures[f"{test}_{method}_recordings"] = float(votes.mean())
    return rows, figures


def _with_interval(right: np.ndarray, groups: list[list[str]]) -> str:
    """Accuracy with a 95 % bootstrap interval over *recordings*, whose rows hang together."""
    names = np.array([name for one in groups for name in one])
    each = [right[names == name] for name in sorted(set(names))]
    sums, sizes = np.array([e.sum() for e in each]), np.array([len(e) for e in each])
    drawn = np.random.default_rng(0).integers(0, len(each), (2000, len(each)))
    shares = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.percentile(shares, [2.5, 97.5])
    if right.all() or not right.any():
        from tympan.tasks.metrics import wilson_interval

        low, high = wilson_interval(int(sum(e.all() for e in each)), len(each))
    return f"{100 * right.mean():.1f} ({100 * low:.1f}–{100 * high:.1f}) %"


if __name__ == "__main__":
    options = arguments("machines")
    if not DATA.is_dir():
        raise SystemExit(f"machines: the recordings are not at {DATA}")
    quick = (["cwru_load"], 1, ["forest"])
    found_rows, found_figures = measure(
        *(quick if options.quick else (list(TESTS), None, list(METHODS)))
    )
    main(
        "machines",
        found_rows,
        found_figures,
        title="Machines",
        about=(__doc__ or "").strip()
        + "\n\nIn brackets 95 % bootstrap intervals over recordings; Wilson's where all are right.",
    )
