"""How good a model is, as a value that prints: scores, where it is wrong, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tympan._words import agrees, few, plural
from tympan.models.scores import Score


@dataclass(frozen=True)
class Evaluation:
    """How good a model is on data that it was not trained on; a task adds what else it knows.

    Attributes:
        scores: the first one is the headline.
        count: how many recordings (pieces, trials …) were scored.
        counted: what was counted, in the plural.
        limits: sentences for the card on where the model is wrong and what was not tested.
        calibration: fields of the configuration that fit these scores, where nothing had been held
            out to calibrate on.
        seen: recordings of the folder that the model was trained on.
        seen_left_out: whether they were left out; not if nothing else was there.
        untested: labels that the model knows and of which nothing was scored: the scores are silent
            about them.
        skipped: what could not be read, a line each.
        warnings: what is probably wrong with the recordings, a line each.
    """

    scores: tuple[Score, ...]
    count: int
    counted: str = "recordings"
    limits: tuple[str, ...] = ()
    calibration: Mapping[str, Any] = field(default_factory=dict)
    seen: int = 0
    seen_left_out: bool = True
    untested: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def metrics(self) -> dict[str, float]:
        """The value of each score by its name."""
        return {one.name: one.value for one in self.scores}

    @property
    def counted_text(self) -> str:
        """How many of what were scored, in words."""
        return plural(self.count, self.counted.removesuffix("s"))

    def score_lines(self) -> list[str]:
        """Each score in a line, with its interval, in columns; and what no score is about."""
        width = max((len(one.title) for one in self.scores), default=0)
        widest = max((len(one.text) for one in self.scores), default=0)
        return [
            f"{one.title:{width}}  {one.text:>{max(8, widest)}}"
            + (f"   95 % interval {one.interval_text}" if one.interval else "")
            for one in self.scores
        ] + ([f"not tested, for want of recordings: {few(self.untested)}"] if self.untested else [])

    @property
    def remark(self) -> str:
        """A sentence about recordings that the model was trained on; empty if there are none."""
        if not self.seen:
            return ""
        if self.seen_left_out:
            return f"{self.seen} that the model was trained on {agrees(self.seen)} left out"
        return "the model was trained on all of them, so the scores say little"

    def details(self) -> dict[str, Any]:
        """What the card holds beside the scores, as plain values: scores of each label …"""
        return {}

    def table(self) -> list[dict[str, str]]:
        """Rows for people beside the scores, column name → cell; empty: none."""
        return []

    def to_json(self) -> dict[str, Any]:
        """Everything as one plain object; the scores by name, and in full under `scores`."""
        return {
            **{one.name: one.to_json()["value"] for one in self.scores},
            "count": self.count,
            "counted": self.counted,
            "scores": [one.to_json() for one in self.scores],
            **self.details(),
            "limits": list(self.limits),
            "untested": list(self.untested),
            "seen_in_training": self.seen,
            "seen_left_out": bool(self.seen) and self.seen_left_out,
            "skipped": list(self.skipped),
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        lines = [self.counted_text + (f" ({self.remark})" if self.remark else "")]
        lines += self.score_lines()
        rows = self.table()
        if rows:
            columns = {name: [name, *(row[name] for row in rows)] for name in rows[0]}
            first = next(iter(columns))
            widths = {name: max(map(len, cells)) for name, cells in columns.items()}
            for i in range(len(rows) + 1):
                cells = (
                    columns[n][i].ljust(widths[n]) if n == first else columns[n][i].rjust(widths[n])
                    for n in columns
                )
                lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)
