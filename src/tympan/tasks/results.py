"""Answers are values: they print well, and know how to become JSON, a file or a figure."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tympan._files import atomic_write
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Label:
    """One label with its score, a probability in 0 … 1.

    >>> print(Label("dog", 0.934))
    dog 93 %
    """

    label: str
    score: float

    def __str__(self) -> str:
        return f"{self.label} {self.score:.0%}".replace("%", " %")


@dataclass(frozen=True)
class Segment:
    """A label from `start_s` to `end_s` with its score.

    >>> print(Segment(0.0, 2.5, "rain", 0.8))
       0.00 –    2.50 s  rain 80 %
    """

    start_s: float
    end_s: float
    label: str
    score: float

    def __str__(self) -> str:
        return f"{self.start_s:7.2f} – {self.end_s:7.2f} s  {Label(self.label, self.score)}"


@dataclass(frozen=True)
class Classification:
    """What sound a recording is, and when.

    Attributes:
        file: the name of the recording.
        labels: the best labels of the whole recording, best first.
        timeline: what is heard when; neighbouring steps of the same label are one segment.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: why the answer may mean nothing: the recording is silent, or far too short.

    >>> answer = Classification("a.wav", (Label("dog", 0.9),), (Segment(0, 1, "dog", 0.9),), 1.0)
    >>> answer.to_json()["labels"]
    [{'label': 'dog', 'score': 0.9}]
    >>> print(answer)
    a.wav: dog 90 %
    """

    file: str
    labels: tuple[Label, ...]
    timeline: tuple[Segment, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def best(self) -> Label:
        """The label with the highest score."""
        return self.labels[0]

    def __str__(self) -> str:
        if self.warnings:  # labels that mean nothing would be read all the same
            return f"{self.file}: {'; '.join(self.warnings)}"
        lines = [f"{self.file}: {', '.join(map(str, self.labels))}"]
        if len(self.timeline) > 1:
            lines += [f"  {segment}" for segment in self.timeline]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """`file`, `labels`, `timeline` and `warnings` as plain values, scores to 6 digits."""
        return {
            "file": self.file,
            "labels": [_rounded(asdict(label)) for label in self.labels],
            "timeline": [_rounded(asdict(segment)) for segment in self.timeline],
            "warnings": list(self.warnings),
        }

    def save(self, path: str | Path) -> Path:
        """Write the answer: `.json`, `.csv` (the timeline) or `.txt` (labels for Audacity).

        Raises:
            ArgumentError: another extension.

        >>> import tempfile
        >>> answer = Classification("a.wav", (Label("dog", 0.9),), (Segment(0, 1, "dog", 0.9),))
        >>> answer.save(Path(tempfile.mkdtemp()) / "a.txt").read_text()
        '0.000000\\t1.000000\\tdog\\n'
        """
        path = Path(path)
        writers: dict[str, Callable[[IO[str]], None]] = {
            ".json": self._write_json,
            ".csv": self._write_csv,
            ".txt": self._write_audacity,
        }
        if path.suffix.lower() not in writers:
            raise ArgumentError(
                f"cannot write a classification as {path.suffix or 'a file without extension'}",
                file=path,
                fix=f"use one of {', '.join(writers)}",
            )
        with atomic_write(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            writers[path.suffix.lower()](file)
        return path

    def _write_json(self, file: IO[str]) -> None:
        json.dump(self.to_json(), file, indent=2, ensure_ascii=False)
        file.write("\n")

    def _write_csv(self, file: IO[str]) -> None:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["start_s", "end_s", "label", "score"])
        rows.writerows([s.start_s, s.end_s, s.label, round(s.score, 6)] for s in self.timeline)

    def _write_audacity(self, file: IO[str]) -> None:
        for s in self.timeline:
            file.write(f"{s.start_s:.6f}\t{s.end_s:.6f}\t{s.label}\n")

    def plot(self) -> Figure:
        """A bar for each segment, one row a label."""
        from matplotlib.figure import Figure

        names = list(dict.fromkeys(s.label for s in self.timeline))
        figure = Figure(figsize=(9, 0.8 + 0.35 * len(names)), layout="constrained")
        ax = figure.add_subplot()
        for s in self.timeline:
            ax.barh(names.index(s.label), s.end_s - s.start_s, left=s.start_s, height=0.7)
        ax.set_yticks(range(len(names)), names)
        ax.invert_yaxis()
        ax.set_xlim(0, max((s.end_s for s in self.timeline), default=1.0))
        ax.set_xlabel("time (s)")
        ax.set_title(self.file)
        return figure


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in values.items()}
