"""The models that a worker process holds: loaded once, let go of when nobody asks."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tympan.models.catalogue import WEIGHTS_FILE
from tympan.tasks import answering


@dataclass
class Held:
    """A model in memory.

    Attributes:
        model: ready to answer.
        batcher: takes the windows of all recordings through it; None: each goes alone.
        used_s: when it was last used, by a clock that does not jump.
        open: recordings that it is working on.
        stamp: of its weights, which may be replaced by a training.
    """

    model: Any
    batcher: Any = None
    used_s: float = 0.0
    open: int = 0
    stamp: int = 0

    def renew(self) -> None:
        """Take a new batcher, without what waits in the old one."""
        make = getattr(self.model, "batcher", None)
        self.batcher = make() if callable(make) else None


@dataclass
class HeldModels:
    """One copy of each model that was asked for.

    Args:
        device: where they compute.
        idle_s: so long without use, and a model is let go of; 0: never.
        load: loads a model: place, verb, device.
        clock: seconds.
    """

    device: str = "cpu"
    idle_s: float = 0.0
    load: Callable[[str | None, str, str], Any] = answering.load
    clock: Callable[[], float] = time.monotonic
    _held: dict[tuple[str, str], Held] = field(default_factory=dict)

    def get(self, place: str, verb: str) -> Held:
        """The model at a place, loaded if it is not there.

        Raises:
            TympanError: it cannot be loaded.
        """
        key, stamp = (place, verb), weights_stamp(place)
        held = self._held.get(key)
        if held is not None and held.stamp != stamp:
            del self._held[key]  # what it is working on keeps it until then
            answering.forget_models()
        if key not in self._held:
            one = Held(self.load(place, verb, self.device), stamp=stamp)
            one.renew()
            self._held[key] = one
        self._held[key].used_s = self.clock()
        return self._held[key]

    @property
    def names(self) -> list[tuple[str, str]]:
        """Place and verb of each model in memory."""
        return sorted(self._held)

    def sweep(self) -> bool:
        """Let go of what was not used for long; whether anything was."""
        now = self.clock()
        idle = [
            key
            for key, one in self._held.items()
            if self.idle_s and not one.open and now - one.used_s >= self.idle_s
        ]
        for key in idle:
            del self._held[key]
        if idle:
            answering.forget_models()
            gc.collect()
            give_back_memory()
        return bool(idle)


def weights_stamp(place: str) -> int:
    """When the weights of a model's folder were written, in nanoseconds; 0: it is no folder.

    >>> weights_stamp("sounds")
    0
    """
    try:
        return os.stat(os.path.join(place, WEIGHTS_FILE)).st_mtime_ns
    except OSError:
        return 0


def give_back_memory() -> None:
    """Give freed memory back to the system, where the C library would keep it."""
    import contextlib
    import ctypes

    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def resident_bytes(pid: int | None = None) -> int:
    """Memory that a process occupies; 0 where the system does not say."""
    try:
        with open(f"/proc/{pid or os.getpid()}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
