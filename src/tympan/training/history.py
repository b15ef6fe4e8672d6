"""What happened in each epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tympan._files import atomic_write


@dataclass
class History:
    """What happened in a training.

    Args:
        monitor: the metric that picks the weights.
        epochs: a row for each epoch: `epoch` (from 1), `lr`, `train_loss`, the metrics of
            validation (its `loss` as `val_loss`), `seconds`, `clips_per_s`, `data_wait` (the part
            of the time spent waiting for data).
        best_epoch: the epoch whose weights are kept; 0 if these are the weights from which the
            training started, or if there is no validation.
        best: the monitored metric there.
        stopped: `"finished"`, `"early"` (patience), or `"running"`.
        start: the metrics of validation before the first step, where the net answers already (its
            head was fitted); they compete with those of the epochs.

    >>> History("accuracy", [{"epoch": 1, "train_loss": 0.5, "accuracy": 0.9}]).column("accuracy")
    [0.9]
    """

    monitor: str
    epochs: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best: float | None = None
    stopped: str = "running"
    start: dict[str, float] = field(default_factory=dict)

    def column(self, name: str) -> list[float]:
        """One value for each epoch that has it."""
        return [row[name] for row in self.epochs if name in row]

    @property
    def best_row(self) -> dict[str, float]:
        """The row of the best epoch, or of the start (the last row without validation)."""
        if self.kept_start:
            return self.start
        return self.epochs[self.best_epoch - 1] if self.epochs else {}

    @property
    def kept_start(self) -> bool:
        """Whether no epoch was better than the weights from which the training started."""
        return self.best is not None and self.best_epoch == 0

    @property
    def seconds(self) -> float:
        """Time spent in all epochs."""
        return sum(self.column("seconds"))

    def to_json(self) -> dict[str, Any]:
        """As a JSON-able mapping."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> History:
        """From what `to_json` gave."""
        return cls(**data)

    @classmethod
    def load(cls, path: Path) -> History:
        """From a `history.json`."""
        return cls.from_json(json.loads(path.read_text("utf-8")))

    def save(self, path: Path) -> None:
        """Write `history.json`."""
        with atomic_write(path) as beside:
            beside.write_text(json.dumps(self.to_json(), indent=1) + "\n", "utf-8")
