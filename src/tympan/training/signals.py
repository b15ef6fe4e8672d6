"""Ctrl-C and SIGTERM make the loop save and stop; a second one stops at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from tympan.errors import TympanError


class TrainingInterrupted(TympanError):
    """The training was stopped; all is saved. The same command resumes it."""

    exit_code = 130


class StopSignal:
    """`with StopSignal() as stop`: `stop.received` says whether a signal came.

    In threads other than the main one, where signals cannot be handled, it stays False.
    """

    def __init__(self) -> None:
        self.received, self._received_at = False, 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignal:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._receive)
        return self

    def _receive(self, number: int, frame: FrameType | None) -> None:
        # One Ctrl-C can come twice: from the terminal and from the parent process.
        if self.received and time.monotonic() - self._received_at > 1.0:
            self._restore()
            os.kill(os.getpid(), number)
        elif not self.received:
            self.received, self._received_at = True, time.monotonic()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before = {}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()
