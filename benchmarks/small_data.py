"""Few recordings: accuracy with 5, 10 and 20 clips for each label, on sets `sounds` never heard.

Each row trains on the same drawn clips and is scored on the same test clips: `tympan train` with
its defaults from the shipped `sounds` and from scratch, and MFCC + random forest. Each seed draws
other training clips; the test clips stay. What keeps them apart:

- **motor**: five conditions of a motor, unexplained. The clips were recorded one after another in a
  few sessions, so each condition is cut into blocks of six neighbours, and every second block is
  test only. Both sides hold blocks of the same session: of a new one nothing is said (`machines`).
- **philharmonia**: twelve instruments. Every third semitone is test only, so no pitch is on both
  sides. But there is one instrument and one player of each kind, on both: it says how well *these*
  twelve are told apart.
- **wake_words**: six key words. The set does not say who speaks; a speaker may be on both sides.
- **dcase2016_task2**: eleven office sounds. Training on clean single events, test on parts cut from
  the mixed scenes of the development set (background and overlaps, −6 to 6 dB). Of each label there
  are 20 clean events, so with 20 all seeds train on the same.

Defaults were tuned on other draws of philharmonia and on other sets (spoken digits, sex of a
speaker); wake_words and dcase2016_task2 were not looked at before. That a few steps of training
spoil an encoder was first seen here (motor and philharmonia, seed 0), then confirmed on another
draw, and is why only the head is fitted to so few. The split of motor was changed once: with the
last 18 recordings of each condition as the test, of other sessions, nothing worked (forest 30, 29
and 37 %, an earlier tympan 23 % with five clips; chance is 20 %).
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.baselines import DATA, RUNS, forest_accuracy, statistics_of
from benchmarks.common import arguments, main

if TYPE_CHECKING:
    from tympan.data import Example, Table

SIZES, SEEDS, TEST_PER_LABEL, RATE_HZ = (5, 10, 20), (0, 1, 2), 18, 16000
METHODS = {
    "forest": "MFCC + random forest",
    "sounds": "tympan, from `sounds`",
    "scratch": "tympan, from scratch",
}
# Results of another edition are measured again: raise it when the defaults of training change.
EDITION = 2
# A run starts no more trainings after so many seconds; the next one goes on.
STOP_AT = time.monotonic() + float(os.environ.get("TYMPAN_BENCHMARK_S", "1800"))
BLOCK = 6
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def motor() -> Table:
    """Of blocks of six neighbours in number every second is test only."""
    table = _read("motor")
    table = table.subset(i for i, e in enumerate(table) if e.label)
    by_label: dict[str, list[Example]] = defaultdict(list)
    for example in sorted(table, key=lambda e: e.columns["clip"]):
        by_label[example.label].append(example)
    odd = {e.path for rows in by_label.values() for i, e in enumerate(rows) if i // BLOCK % 2}
    return _sides(table, lambda e: e.path in odd)


def philharmonia() -> Table:
    """Every third semitone is test only."""
    return _sides(_read("philharmonia"), lambda e: semitone(e.columns["note"]) % 3 == 0)


def wake_words() -> Table:
    """Every third recording of the list is test only."""
    table = _read("wake_words")
    third = {e.path for e in table.examples[::3]}
    return _sides(table, lambda e: e.path in third)


def dcase2016_task2() -> Table:
    """Clean events to learn from, parts of scenes as the test."""
    from dataclasses import replace

    table = _read("dcase2016_task2")
    # The two parts of the set call dropped keys by two names.
    one_name = [
        replace(e, columns=e.columns | {"label": "keys" if e.label == "keysDrop" else e.label})
        for e in table
    ]
    table = replace(table, examples=tuple(one_name))
    return _sides(table, lambda e: e.columns["split"] != "events")


SETS: dict[str, Callable[[], Table]] = {
    f.__name__: f for f in (motor, philharmonia, wake_words, dcase2016_task2)
}


def semitone(note: str) -> int:
    """Number of a note's key.

    >>> semitone("C4"), semitone("F#5")
    (48, 66)
    """
    return 12 * int(note[-1]) + SEMITONES[note[0]] + ("#" in note)


def _read(name: str) -> Table:
    from tympan.data import read_folder

    return read_folder(DATA / name)


def _sides(table: Table, is_test: Callable[[Example], bool]) -> Table:
    """Only `label` and `split`, which is `train` or `test`."""
    from dataclasses import replace

    rows = [
        replace(e, columns={"label": e.label, "split": "test" if is_test(e) else "train"})
        for e in table
    ]
    return replace(table, examples=tuple(rows))


def draw(table: Table, size: int, seed: int) -> Table:
    """`size` training clips of each label, drawn by `seed`; the test clips are always the same."""
    chosen = [
        *_drawn(table.where("split", "train"), size, seed),
        *_drawn(table.where("split", "test"), TEST_PER_LABEL, 0),
    ]
    paths = {e.path for e in chosen}
    return table.subset(i for i, e in enumerate(table) if e.path in paths)


def _drawn(rows: Iterable[Example], size: int, seed: int) -> list[Example]:
    import numpy as np

    by_label: dict[str, list[Example]] = defaultdict(list)
    for example in rows:
        by_label[example.label].append(example)
    rng = np.random.default_rng(seed)
    return [
        by_label[label][i]
        for label in sorted(by_label)
        for i in sorted(rng.permutation(len(by_label[label]))[:size])
    ]


def trial(name: str, size: int, seed: int, method: str) -> float | None:
    """Accuracy of one training; kept in `.runs`, so that a stopped benchmark goes on.

    None: it is not there, and the time is over.
    """
    work = RUNS / "small_data" / f"{name}-{size}-{seed}-{method}"
    kept = work.with_suffix(".json")
    if kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found["edition"] == EDITION or method == "forest":
            return float(found["accuracy"])
    if time.monotonic() > STOP_AT:
        return None
    table = draw(SETS[name](), size, seed)
    accuracy = forest(table, seed) if method == "forest" else tuned(table, seed, method, work)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"edition": EDITION, "accuracy": accuracy}), encoding="utf-8")
    print(
        f"{name}, {size} clips, seed {seed}, {method}: {accuracy:.1%}", file=sys.stderr, flush=True
    )
    return accuracy


def forest(table: Table, seed: int) -> float:
    """Accuracy of the random forest."""
    train, test = table.where("split", "train"), table.where("split", "test")
    return forest_accuracy(
        statistics_of(train, RATE_HZ),
        train.column("label"),
        statistics_of(test, RATE_HZ),
        test.column("label"),
        seed,
    )


def tuned(table: Table, seed: int, start: str, work: Path) -> float:
    """Accuracy of `tympan train` with its defaults."""
    from tympan.tasks import train

    shutil.rmtree(work, ignore_errors=True)
    result = train(table, task="classify", from_=start, out=work, seed=seed, progress=False)
    shutil.rmtree(work)
    return float(result.metrics["accuracy"])


def measure(
    sets: Iterable[str], sizes: Iterable[int], seeds: Iterable[int]
) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The table and the figures."""
    sets, sizes, seeds = list(sets), list(sizes), list(seeds)
    cells = list(itertools.product(sets, sizes))
    # All cells once before any twice, so that a stopped run says something of each.
    found = {
        (seed, method, *cell): trial(*cell, seed, method)
        for seed in seeds
        for method in METHODS
        for cell in cells
    }
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for name, size in cells:
        row: dict[str, object] = {"set": name, "clips a label": size}
        for method, title in METHODS.items():
            values = [found[seed, method, name, size] for seed in seeds]
            known = [value for value in values if value is not None]
            row[title] = spread_of(known)
            if known:
                figures[f"{name}_{size}_{method}"] = statistics.mean(known)
        rows.append(row)
    return rows, figures


def spread_of(values: list[float]) -> str:
    """Mean and standard deviation over the seeds.

    >>> spread_of([0.5, 0.6, 0.7])
    '60.0 ± 10.0 %'
    """
    if len(values) < 2:
        return f"{100 * values[0]:.1f} % (one seed)" if values else "not measured yet"
    spread = f"{100 * statistics.mean(values):.1f} ± {100 * statistics.stdev(values):.1f} %"
    return spread if len(values) == len(SEEDS) else f"{spread} ({len(values)} seeds)"


if __name__ == "__main__":
    options = arguments("small_data")
    if not DATA.is_dir():
        raise SystemExit(f"small_data: the recordings are not at {DATA}")
    found = measure(["motor"], [5], [0]) if options.quick else measure(SETS, SIZES, SEEDS)
    main(
        "small_data",
        *found,
        title="Few recordings",
        about=(__doc__ or "").strip() + f"\n\nMean ± standard deviation over {len(SEEDS)} seeds, "
        f"up to {TEST_PER_LABEL} test clips for each label.",
    )
