"""What was heard of a long recording, kept on the disk in case the work is interrupted."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write

if TYPE_CHECKING:
    from tympan.tasks.transcribe.session import TranscribeSession

# What lies between is heard again after an interruption.
EVERY_S = 10.0


class Journal:
    """A file beside the answer-to-be, which holds what a session has found so far.

    Args:
        path: the file.
        key: of recording, model and options, see `tympan.audio.job_key`; a file with another key
            is of something else.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self._key = path, key
        self._saved_s = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """What an interrupted run had found; None: there is nothing, or of something else."""
        try:
            found = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(found, dict) or found.get("key") != self._key:
            return None
        state = found.get("state")
        return state if isinstance(state, dict) else None

    def note(self, session: TranscribeSession) -> None:
        """A window has been heard: write it down, if that was long ago.

        Raises:
            TympanError: the file cannot be written.
        """
        if time.monotonic() - self._saved_s < EVERY_S:
            return
        with atomic_write(self.path) as beside:
            beside.write_text(json.dumps({"key": self._key, "state": session.state()}), "utf-8")
        self._saved_s = time.monotonic()
