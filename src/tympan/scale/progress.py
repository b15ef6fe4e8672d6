"""How far a run is, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tympan._words import plural


@dataclass(frozen=True)
class BatchSummary:
    """What a run did.

    Attributes:
        files: of all, those done now and before.
        failed: of these, files with an error.
        done_before: files that an earlier run had done.
        audio_s: seconds of sound that were answered about now.
        elapsed_s: that it took.
        folder: of the results.

    >>> print(BatchSummary(1000, 3, 0, 5000.0, 100.0, "results"))
    1000 files (3 with errors) in results: 10.0 files/s, 50 hours of sound an hour
    >>> print(BatchSummary(1, 0, 1, 0.0, 0.1, "results"))
    1 file in results, all done before
    """

    files: int
    failed: int
    done_before: int
    audio_s: float
    elapsed_s: float
    folder: str

    @property
    def files_per_s(self) -> float:
        """Files a second, of those done now."""
        return (self.files - self.done_before) / max(self.elapsed_s, 1e-9)

    def __str__(self) -> str:
        errors = f" ({self.failed} with errors)" if self.failed else ""
        before = f", {self.done_before} of them before" if self.done_before else ""
        count = plural(self.files, "file")
        if self.files == self.done_before:
            return f"{count}{errors} in {self.folder}, all done before"
        speed = self.audio_s / max(self.elapsed_s, 1e-9)
        return (
            f"{count}{errors}{before} in {self.folder}: {self.files_per_s:.1f} files/s, "
            f"{speed:.0f} hours of sound an hour"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "files": self.files, "failed": self.failed, "done_before": self.done_before,
            "audio_s": round(self.audio_s, 3), "elapsed_s": round(self.elapsed_s, 3),
            "files_per_s": round(self.files_per_s, 3), "folder": self.folder,
        }  # fmt: skip


@dataclass
class BatchProgress:
    """How far a run is.

    Attributes:
        total: files.
        before: files that an earlier run had done.
        done: files done now.
        failed: files with an error, done now or before.
        audio_s: seconds of sound.
    """

    total: int
    before: int = 0
    done: int = 0
    failed: int = 0
    audio_s: float = 0.0
    _begin: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._begin

    @property
    def left_s(self) -> float | None:
        """Time that is left, as far as can be told."""
        if not self.done:
            return None
        return (self.total - self.before - self.done) * self.elapsed_s / self.done

    def __str__(self) -> str:
        rate = self.done / max(self.elapsed_s, 1e-9)
        hours = self.audio_s / max(self.elapsed_s, 1e-9)
        parts = [f"{self.before + self.done} of {plural(self.total, 'file')}"]
        if self.failed:
            parts.append(f"{self.failed} with errors")
        parts += [f"{rate:.1f} files/s", f"{hours:.0f} h of sound an hour"]
        if self.left_s is not None:
            parts.append(f"{duration_text(self.left_s)} left")
        return ", ".join(parts)


def duration_text(seconds: float) -> str:
    """A time as people say it.

    >>> duration_text(50), duration_text(3_000), duration_text(100_000)
    ('50 s', '50 min', '28 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
