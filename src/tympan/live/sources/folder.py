"""A folder into which recordings are dropped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

from tympan.errors import TympanError
from tympan.live.sources.base import Chunk, Say, Source

POLL_S = 1.0
SETTLE_S = 2.0


class Folder(Source):
    """Each recording of a folder, once it has stopped growing; those that come later too.

    Args:
        path: the folder; its sub-folders count.
        seen: whether a recording was done in an earlier run.
        done: called when one has been read.
        once: end when nothing is left, without waiting for more.
    """

    live = False
    recorded = True

    def __init__(
        self,
        path: str,
        *,
        seen: Callable[[str, int, float], bool] | None = None,
        done: Callable[[str, int, float], None] | None = None,
        once: bool = False,
    ) -> None:
        self.name, self._seen, self._done, self._once = path, seen, done, once
        self._known: dict[str, tuple[int, float]] = {}

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Until `stop`; a file that cannot be read costs only itself."""
        while not stop.is_set():
            found = list(self._waiting())
            for path, size, time_s in found:
                if stop.is_set():
                    return
                self._known[path] = (size, time_s)
                yield from self._recording(path, size, time_s, stop, say)
            if self._once and not found:
                return
            if not found:
                stop.wait(POLL_S)

    def _waiting(self) -> list[tuple[str, int, float]]:
        """Recordings that are complete and not done, the oldest first."""
        from tympan._walk import walk
        from tympan.data._formats import AUDIO_SUFFIXES

        found = []
        now = time.time()
        # A folder that is taken away meanwhile must not end the listening.
        for each in walk(self.name, AUDIO_SUFFIXES, on_error=lambda error: None):
            path = str(each)
            try:
                stat = os.stat(path)
            except OSError:
                continue
            # A clock that runs apart from that of the file's computer must not hide a file.
            settled = self._once or abs(now - stat.st_mtime) > SETTLE_S
            entry = (stat.st_size, stat.st_mtime)
            if not settled or not stat.st_size or self._known.get(path) == entry:
                continue
            if self._seen is None or not self._seen(path, *entry):
                found.append((path, *entry))
            else:
                self._known[path] = entry
        return sorted(found, key=lambda one: one[2])

    def _recording(
        self, path: str, size: int, time_s: float, stop: threading.Event, say: Say
    ) -> Iterator[Chunk]:
        from tympan.audio import blocks, probe

        begins, total_s = True, 0.0
        try:
            length_s = probe(path).duration_s or 0.0
            for block in blocks(path, block_s=5.0):
                start = time_s - length_s + total_s  # a recorder closes its file at the end
                clip = block.clip
                total_s += clip.duration_s
                yield Chunk(clip.samples, clip.rate_hz, begins, path, start)
                begins = False
                if stop.is_set():
                    return
        except TympanError as error:
            say(str(error))
        if self._done is not None:
            try:
                self._done(path, size, time_s)
            except OSError as error:  # the disk is full: it is listened to again after a restart
                say(f"{path}: done, which could not be written down: {error}")
