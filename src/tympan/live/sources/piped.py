"""Standard input, a FIFO, and a file that still grows."""

from __future__ import annotations

import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from tympan.errors import ArgumentError, AudioFileError
from tympan.live.sources.base import Chunk, Say, Source, Wave
from tympan.live.sources.coded import decoded
from tympan.live.sources.raw import Layout, raw_samples, wav_header

POLL_S = 0.1
# FFmpeg would read some seconds ahead to be sure of a format.
_PROMPT = {"probesize": "65536", "analyzeduration": "500000"}


class ByteSource(Source):
    """A source of bytes: bare samples, WAV, or any format that FFmpeg knows.

    Args:
        name: as the user gave it.
        layout: of bare samples; None: a header tells.
    """

    def __init__(self, name: str, layout: Layout | None = None) -> None:
        self.name, self._layout = name, layout

    def _chunks(self, file: Any, stop: threading.Event) -> Iterator[Chunk]:
        """The sound of one file object with `read`."""
        begins = True
        for rate_hz, samples, anew in self._samples(file, stop):
            yield Chunk(samples, rate_hz, begins or anew, self.name)
            begins = False
            if stop.is_set():
                return

    def _samples(self, file: Any, stop: threading.Event) -> Iterator[tuple[int, Wave, bool]]:
        if self._layout is not None:
            for wave in raw_samples(file.read, self._layout):
                yield self._layout.rate_hz, wave, False
            return
        head = b""
        while len(head) < 12:
            data = file.read(12 - len(head))
            if not data:
                break
            head += data
        if not head:
            raise AudioFileError("is empty", file=self.name)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            layout, start = wav_header(file.read, head, self.name)
            for wave in raw_samples(file.read, layout, start):
                yield layout.rate_hz, wave, False
            return
        yield from decoded(_Refilled(head, file), self.name, stop, options=_PROMPT)


class _Refilled:
    """A file whose first bytes were read and are put back."""

    def __init__(self, head: bytes, file: Any) -> None:
        self._head, self._file, self.name = head, file, file.name

    def read(self, size: int = -1) -> bytes:
        if self._head:
            found, self._head = self._head[:size], self._head[size:]
            return found
        data: bytes = self._file.read(size)
        return data


class _Descriptor:
    """Reads what is there from a pipe, without waiting for more than one byte."""

    def __init__(self, handle: int, name: str, stop: threading.Event) -> None:
        self._handle, self._stop, self.name = handle, stop, name

    def read(self, size: int = -1) -> bytes:
        while not self._stop.is_set():
            if select.select([self._handle], [], [], POLL_S)[0]:
                return os.read(self._handle, size if size > 0 else 1 << 16)
        return b""


class StandardInput(ByteSource):
    """What another program writes into this one."""

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Until the other program ends."""
        if sys.stdin is None or sys.stdin.isatty():
            fix = "arecord -f S16_LE -r 16000 | tympan watch - …"
            raise ArgumentError("standard input is a keyboard, not a sound", fix=fix)
        yield from self._chunks(_Descriptor(sys.stdin.fileno(), "<stdin>", stop), stop)


class Fifo(ByteSource):
    """A named pipe; when its writer goes, the next one is waited for."""

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Until `stop`."""
        while not stop.is_set():
            try:
                handle = os.open(self.name, os.O_RDONLY | os.O_NONBLOCK)
            except FileNotFoundError:
                say(f"{self.name}: no such pipe; waiting for it")
                _wait_for(self.name, stop)
                continue
            try:
                if self._await_writer(handle, stop):
                    yield from self._chunks(_Descriptor(handle, self.name, stop), stop)
            except AudioFileError as error:
                say(f"{error}; waiting for the next writer")
            finally:
                os.close(handle)

    def _await_writer(self, handle: int, stop: threading.Event) -> bool:
        """Wait until somebody has written; a pipe without a writer hangs up at once on Linux."""
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        while not stop.is_set():
            found = dict(poller.poll(POLL_S * 1000)).get(handle, 0)
            if found & select.POLLIN:
                return True
            if found:
                time.sleep(POLL_S)
            if not os.path.exists(self.name):
                return False  # nobody can open what was deleted; another may come in its place
        return False


def _wait_for(path: str, stop: threading.Event) -> None:
    """Wait until there is such a file, or until `stop`."""
    while not stop.wait(POLL_S) and not os.path.exists(path):
        pass


class GrowingFile(ByteSource):
    """A file that another program still writes: followed as `tail -F` does.

    Args:
        name: its path.
        layout: of bare samples; None: a header tells.
        from_start: what it holds already counts too.
        idle_s: so long without growth, and it is taken as ended; None: never.
    """

    def __init__(
        self,
        name: str,
        layout: Layout | None = None,
        *,
        from_start: bool = True,
        idle_s: float | None = None,
    ) -> None:
        super().__init__(name, layout)
        self._from_start, self._idle_s = from_start, idle_s

    # What is in the file waits there.
    live = False

    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Until `stop`, or until it has not grown for `idle_s`."""
        while not stop.is_set():
            try:
                with open(self.name, "rb", buffering=0) as file:
                    tail = _Tail(file, self.name, stop, self._idle_s)
                    yield from self._chunks(tail, stop)
            except FileNotFoundError:
                say(f"{self.name}: no such file; waiting for it")
                _wait_for(self.name, stop)
                continue
            except AudioFileError as error:
                if not tail.replaced:
                    raise
                say(f"{error}; another file is in its place")
            if not tail.replaced:
                return
            say(f"{self.name}: another file is in its place, which is followed now")


class _Tail:
    """A file that is waited for at its end.

    Attributes:
        replaced: it was cut or another file was put in its place, so reading ends here.
    """

    def __init__(self, file: Any, name: str, stop: threading.Event, idle_s: float | None) -> None:
        self._file, self._stop, self._idle_s, self.name = file, stop, idle_s, name
        self.replaced = False

    def read(self, size: int = -1) -> bytes:
        since = time.monotonic()
        while True:
            data: bytes = self._file.read(size if size > 0 else 1 << 16) or b""
            if data:
                return data
            if self._stop.wait(POLL_S):
                return b""
            if self._gone():
                self.replaced = True
                return b""
            if self._idle_s is not None and time.monotonic() - since > self._idle_s:
                return b""

    def _gone(self) -> bool:
        own = os.fstat(self._file.fileno())
        try:
            there = os.stat(self.name)
        except FileNotFoundError:
            return False  # being rotated: the next one comes
        moved = (there.st_ino, there.st_dev) != (own.st_ino, own.st_dev)
        return moved or own.st_size < self._file.tell()
