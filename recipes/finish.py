"""Do last epochs of whole clips, not mixed, help where a user trains from scratch?

    python -m recipes.finish ../shared/data --out .runs/finish.csv

The shipped `sounds` ends with four such epochs. Here the same is tried on the sets of the
benchmarks `small_data` and `machines`, from random weights: each training is scored as it is, and
again after the finish (`finish_epochs=4`), which goes on from the very same weights. So the
difference of each pair is that of the finish alone. Rows that are in the file already are not
trained again.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks import _trials, common, machines, small_data

if TYPE_CHECKING:
    from tympan.data import Table
    from tympan.tasks.classify import ClassifyEvaluation

EPOCHS, SEEDS = 4, (0, 1, 2)
COLUMNS = ("set", "case", "epochs", "test", "before", "after", "loss_before", "loss_after", "kept")


@dataclass(frozen=True)
class Case:
    """One training: its recordings with a column `split`, and what is set beside the defaults."""

    set: str
    name: str
    table: Table
    settings: Mapping[str, Any]
    seed: int = 0


def cases() -> Iterator[Case]:
    """All trainings, the quickest sets first."""
    for part in machines.motor_neighbours():
        yield Case("motor, neighbours", part.name, part.table, part.settings)
    for seed in SEEDS:
        for part in machines.cwru_load():
            yield Case("cwru, loads", f"seed {seed}", part.table, part.settings, seed)
    for part in machines.cwru_size():
        yield Case("cwru, sizes", part.name, part.table, part.settings)
    # With 10 a label only a head is fitted by default; 40 epochs are what a user might ask for.
    for name, size, sets in (
        ("wake_words", 30, ({},)),
        ("wake_words", 10, ({}, {"epochs": 40})),
        ("dcase2016_task2", 20, ({}, {"epochs": 40})),
    ):
        for seed in SEEDS:
            for settings in sets:
                table = small_data.draw(small_data.SETS[name](), size, seed)
                yield Case(f"{name}, {size} a label", f"seed {seed}", table, settings, seed)


def loss_of(found: ClassifyEvaluation) -> float:
    """The cross entropy of an evaluation: finer than right or wrong."""
    right = found.probabilities[np.arange(len(found.truth)), found.truth]
    return float(-np.log(np.clip(right, 1e-12, 1)).mean())


def tried(case: Case, work: Path) -> dict[str, Any]:
    """Train as usual, then go on with the finish; a row of the file."""
    before = _trials.trained(case.table, _trials.SCRATCH, work, case.seed, case.settings)
    settings = {**case.settings, "finish_epochs": EPOCHS}
    after = _trials.trained(case.table, _trials.SCRATCH, work, case.seed, settings)
    return {
        "set": case.set,
        "case": case.name,
        "epochs": len(before.history.epochs),
        "test": before.evaluation.count,
        "before": before.metrics["accuracy"],
        "after": after.metrics["accuracy"],
        "loss_before": round(loss_of(before.evaluation), 4),
        "loss_after": round(loss_of(after.evaluation), 4),
        # Where validation chose the weights from before the finish, it changed nothing.
        "kept": "before" if after.metrics == before.metrics else "after",
    }


def rows_in(path: Path) -> list[dict[str, str]]:
    """What has been measured by now."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table_of(rows: list[dict[str, str]]) -> str:
    """Accuracy and loss of each set, before and after, and the difference with its spread."""
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault((row["set"], row["epochs"]), []).append(row)
    found = []
    for (name, epochs), group in groups.items():
        gains = [100 * (float(r["after"]) - float(r["before"])) for r in group]
        losses = [float(r["loss_after"]) - float(r["loss_before"]) for r in group]
        found.append(
            {
                "set": name,
                "epochs": epochs,
                "trainings": str(len(group)),
                "without": _percent(group, "before"),
                "with": _percent(group, "after"),
                "difference, points": _spread(gains, 1),
                "of cross entropy": _spread(losses, 3),
            }
        )
    return common.markdown_table(found)


def _percent(group: list[dict[str, str]], key: str) -> str:
    return f"{100 * mean(float(row[key]) for row in group):.1f} %"


def _spread(values: list[float], digits: int) -> str:
    """Mean and standard deviation, with a sign.

    >>> _spread([1.0, 2.0, 3.0], 1)
    '+2.0 ± 1.0'
    """
    spread = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):+.{digits}f}{spread}"


def main() -> None:
    """Measure what is missing in the file, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with cwru, motor, wake_words …")
    parser.add_argument("--out", type=Path, default=Path(".runs/finish.csv"))
    parser.add_argument("--sets", nargs="*", help="only those whose name begins so")
    options = parser.parse_args()
    machines.DATA = small_data.DATA = _trials.DATA = options.data
    options.out.with_suffix("").mkdir(parents=True, exist_ok=True)
    for case in cases():
        if options.sets and not case.set.startswith(tuple(options.sets)):
            continue
        epochs = str(case.settings.get("epochs", ""))
        key = (case.set, f"{case.name} {epochs}".strip())
        if key in {(row["set"], row["case"]) for row in rows_in(options.out)}:
            continue
        # What is stopped goes on when it is started again.
        work = options.out.with_suffix("") / common.key_of(" ".join(key))
        row = {**tried(case, work), "case": key[1]}
        shutil.rmtree(work)
        new = not options.out.exists()
        with options.out.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            if new:
                writer.writeheader()
            writer.writerow(row)
            os.fsync(file.fileno())
        print(*row.values(), flush=True)
    print(table_of(rows_in(options.out)))


if __name__ == "__main__":
    main()
