"""What `explain` wrote: a page, its pictures, and what was explained."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tympan._files import open_in_browser
from tympan.report import page
from tympan.tasks.results.base import plain


@dataclass(frozen=True)
class Picture:
    """A panel on the page: what it is called, what it shows, and its sound."""

    title: str
    alt: str
    image: str
    sound: str = ""


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline: its picture on disk, and its panels on the page."""

    number: int
    title: str
    text: str
    path: Path
    pictures: tuple[Picture, ...]
    small: bool


@dataclass(frozen=True)
class Explained:
    """What `explain` wrote.

    Attributes:
        path: the page with all stages.
        pictures: one PNG per stage, in order.
        label: the answer that was explained.
        score: its probability in the excerpt.
        file: name of the recording.
        start_s: where the excerpt begins.
        end_s: where it ends.
    """

    path: Path
    pictures: tuple[Path, ...]
    label: str
    score: float
    file: str = ""
    start_s: float = 0.0
    end_s: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """What was explained, as plain values; `page` is a path."""
        return {
            "file": self.file,
            "label": self.label,
            "score": plain(self.score),
            "start_s": plain(self.start_s),
            "end_s": plain(self.end_s),
            "page": str(self.path),
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it: `.json`, or a copy of the page as `.html`.

        Raises:
            ArgumentError: another ending.
        """
        return page.save(self, path)

    def open(self) -> None:
        """Open the page in the browser."""
        open_in_browser(self.path)
