"""Sound from a source on its way to the models, read in a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from tympan.errors import AudioFileError
from tympan.live.actions.base import Say
from tympan.live.sources.base import Chunk, Source

# Sound of a live source that was not answered in time is dropped beyond this.
MOST_BEHIND_S = 30.0


class Intake:
    """Reads a source in a thread of its own, so that a slow answer loses no sound at once.

    Args:
        source: to read.
        stop: ends it.
        say: for what is lost.

    Attributes:
        dropped_s: sound that was dropped because it was not taken in time.
    """

    def __init__(self, source: Source, stop: threading.Event, say: Say) -> None:
        self._source, self._stop, self._say = source, stop, say
        # A source that can wait is asked to; a live one is not.
        self._queue: queue.Queue[tuple[Chunk, float] | None] = queue.Queue(0 if source.live else 4)
        self._waiting_s, self._lock = 0.0, threading.Lock()
        self._error: BaseException | None = None
        self._gap = False
        self.dropped_s = 0.0
        self._thread = threading.Thread(target=self._read, name="source", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for chunk in self._source.chunks(self._stop, self._say):
                if not self._put(chunk):
                    return
        except BrokenPipeError as error:  # of the reader of what is said
            self._error = error
        except OSError as error:
            # A device that is gone, a file that may no longer be read.
            what = f"can no longer be read: {error.strerror or error}"
            fix = "see that it is there, and begin again"
            self._error = AudioFileError(what, file=self._source.name, fix=fix)
        except BaseException as error:  # raised again where it is seen
            self._error = error
        finally:
            self._offer(None)

    def _put(self, chunk: Chunk) -> bool:
        if self._source.live:
            with self._lock:
                behind_s = self._waiting_s
            if behind_s > MOST_BEHIND_S:
                self.dropped_s += chunk.duration_s
                self._gap = True
                self._say("the models are too slow: some sound is dropped")
                return not self._stop.is_set()
            if self._gap:
                chunk, self._gap = replace(chunk, begins=True), False
            if chunk.time_s is None:
                chunk = replace(chunk, time_s=time.time() - chunk.duration_s)
        with self._lock:
            self._waiting_s += chunk.duration_s
        return self._offer((chunk, time.monotonic()))

    def _offer(self, one: tuple[Chunk, float] | None) -> bool:
        while True:
            try:
                self._queue.put(one, timeout=0.2)
                return True
            except queue.Full:
                if self._stop.is_set() and one is not None:
                    return False

    def __iter__(self) -> Iterator[tuple[Chunk, float]]:
        while not self._stop.is_set():
            try:
                one = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            if one is None:
                return
            with self._lock:
                self._waiting_s -= one[0].duration_s
            yield one

    def check(self) -> None:
        """Raise what ended the source, if anything did."""
        if self._error is not None:
            raise self._error
