"""A recording as if it were heard now, only as fast as it can be answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

from tympan.live.sources.base import CHUNK_S, Chunk, Say, Source


class Replay(Source):
    """The sound of a file, with times by the clock from a chosen begin on.

    Args:
        path: the recording.
        start: when it began; None: so that it ended when the file was last written.
    """

    live = False
    recorded = True

    def __init__(self, path: str, start: datetime | None = None) -> None:
        self.name, self._start = path, start

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """To the end of the file."""
        from pathlib import Path

        from tympan.audio import blocks, probe

        if self._start is not None:
            time_s = self._start.timestamp()
        else:
            written = Path(self.name).stat().st_mtime if Path(self.name).is_file() else 0.0
            time_s = written - (probe(self.name).duration_s or 0.0)
        begins = True
        for block in blocks(self.name, block_s=20 * CHUNK_S):
            clip = block.clip
            yield Chunk(clip.samples, clip.rate_hz, begins, self.name, time_s)
            time_s, begins = time_s + clip.duration_s, False
            if stop.is_set():
                return
