"""Trainings whose results are kept in `.runs`, so that a stopped benchmark goes on.

A result is kept with a digest of all that it came from: rows and split of the table, settings,
defaults of training, and the weights that it started from. One of another digest is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.baselines import SETTINGS
from benchmarks.common import DATA

if TYPE_CHECKING:
    from tympan.data import Example, Table
    from tympan.tasks import TrainingResult

RUNS = Path(__file__).resolve().parents[1] / ".runs"
FOREST, SCRATCH = "forest", "scratch"
METHODS = {
    FOREST: "MFCC + random forest",
    "sounds": "tympan, from `sounds`",
    SCRATCH: "tympan, from scratch",
}
# Raise it when the way of training changes and no setting does.
EDITION = 6
# Seconds after which a run starts no more trainings; the next one goes on. No limit by default.
LIMIT = "TYMPAN_BENCHMARK_S"
# Neighbours in number of the motor's recordings, which were made one after another.
BLOCK = 6
NOT_MEASURED = "not measured yet"


def digest_of(table: Table, method: str, settings: Mapping[str, Any]) -> str:
    """A hash of all that a result depends on.

    Args:
        table: the recordings, with their split as a column.
        method: one of `METHODS`.
        settings: what else decides: seed, settings of `tympan.train`, rates.
    """
    facts: dict[str, Any] = {"table": table.digest, "method": method, "settings": dict(settings)}
    if method == FOREST:
        facts["forest"] = SETTINGS
    else:
        facts |= {"edition": EDITION, "defaults": _defaults(), "weights": _weights(method)}
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _defaults() -> dict[str, Any]:
    from tympan.tasks.classify import ClassifyConfig
    from tympan.tasks.recipes import SMALL
    from tympan.training import TrainingConfig

    return {"small": SMALL, **asdict(ClassifyConfig()), "training": asdict(TrainingConfig())}


def _weights(method: str) -> str:
    """A hash of the shipped encoder that a training starts from; empty: it starts from none."""
    from tympan.models import list_models, load_model
    from tympan.tasks.classify.ensemble import first_of

    if all(card.name != method for card in list_models()):
        return ""
    found = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(first_of(load_model(method).state).items()):
        if name.startswith("encoder."):
            found.update(name.encode() + tensor.numpy().tobytes())
    return found.hexdigest()


def _limit_s() -> float | None:
    text = os.environ.get(LIMIT, "")
    return float(text) if text else None


@dataclass
class Trials:
    """The results of one benchmark.

    Attributes:
        name: of the benchmark, and of its folder in `.runs`.
        total: how many there will be, for the lines about progress.
        limit_s: seconds after which nothing more is begun; None: go on to the end.
        missing: names of the results that are not there because the time was over.
    """

    name: str
    total: int = 0
    limit_s: float | None = field(default_factory=_limit_s)
    missing: list[str] = field(default_factory=list)
    _count: int = 0
    _began: float = field(default_factory=time.monotonic)

    @property
    def folder(self) -> Path:
        """Where results are kept."""
        return RUNS / self.name

    def get(
        self, name: str, digest: str, make: Callable[[Path], Mapping[str, Any]]
    ) -> dict[str, Any] | None:
        """A result: the kept one if its digest is this, else a new one; None if time is over.

        Args:
            name: of the result's file.
            digest: of all that it depends on, see `digest_of`.
            make: called with a folder for the training, which is removed after it; returns what
                to keep: plain values, and under `"summary"` how it went.
        """
        self._count += 1
        kept, work = self.folder / f"{name}.json", self.folder / name
        if kept.exists():
            found = json.loads(kept.read_text(encoding="utf-8"))
            if isinstance(found, dict) and found.get("digest") == digest:
                return found
        passed_s = time.monotonic() - self._began
        if self.limit_s is not None and passed_s > self.limit_s:
            self.missing.append(name)
            return None
        at = f"{self._count} of {self.total}"
        print(f"[{at}, after {passed_s:.0f} s] {name} ...", file=sys.stderr, flush=True)
        shutil.rmtree(work, ignore_errors=True)
        result = dict(make(work))
        shutil.rmtree(work, ignore_errors=True)
        seconds = time.monotonic() - self._began - passed_s
        result |= {"digest": digest, "seconds": round(seconds, 1)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Beside, then renamed: what is stopped in between leaves no half a result.
        part = kept.with_suffix(".part")
        part.write_text(json.dumps(result), encoding="utf-8")
        part.replace(kept)
        summary = result.get("summary", "done")
        print(f"[{at}] {name}: {summary}, {seconds:.0f} s", file=sys.stderr, flush=True)
        return result

    def end(self) -> int:
        """The exit code: 1 if anything is unmeasured, with a line about it."""
        if self.missing:
            print(
                f"{self.name}: {len(self.missing)} of {self.total} results are not measured, as "
                f"{LIMIT}={self.limit_s:g} s were over; run it again to go on",
                file=sys.stderr,
            )
        return 1 if self.missing else 0


def trained(
    table: Table, start: str, work: Path, seed: int, settings: Mapping[str, Any] | None = None
) -> TrainingResult:
    """`tympan.train` with its defaults but for `settings`, from a model or from scratch."""
    from tympan.tasks import train

    return train(
        table,
        task="classify",
        from_=start,
        out=work,
        seed=seed,
        settings=dict(settings or {}),
        progress=False,
    )


def motor() -> Table:
    """The recordings of a motor whose condition is known."""
    from tympan.data import read_folder

    table = read_folder(DATA / "motor")
    return table.subset(i for i, e in enumerate(table) if e.label)


def motor_in_order(table: Table) -> list[list[Example]]:
    """Each condition's recordings, in the order in which they were made."""
    return [
        sorted((e for e in table if e.label == label), key=lambda e: e.columns["clip"])
        for label in table.labels
    ]


def motor_blocks(table: Table) -> dict[Path, tuple[int, int]]:
    """For each recording the number of its block, and its place in it.

    Each condition's recordings, in the order of their numbers, are cut into blocks of `BLOCK`.
    """
    return {e.path: divmod(i, BLOCK) for rows in motor_in_order(table) for i, e in enumerate(rows)}
