"""The sound of events: what came before them is kept for a while, and what comes is added."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tympan.live.actions.base import Repeated, Say
from tympan.live.event import Event
from tympan.live.sources.base import Chunk, Wave

# So much sound is kept beyond what a clip needs: an answer comes after its sound.
DELAY_S = 20.0
# While an event goes on, its clip is written up to so long ago: where it ends is known late.
HOLD_S = 10.0
PARTIAL = ".partial"


@dataclass
class _Open:
    """A clip that is being written."""

    path: Path
    file: Any
    next_at: int  # the first sample that it does not have yet
    end_at: float  # the sample at which it is over; infinite while its event goes on
    longest_at: int
    keys: set[str] = field(default_factory=set)


class ClipRecorder:
    """Writes the sound of events into a folder, as FLAC.

    Args:
        folder: for the clips.
        say: called with what goes wrong.
        pre_s: so much sound before the event.
        post_s: so much after it.
        longest_s: a clip is no longer than this.
        quota_mb: when the clips take more, the oldest are removed.
        removed: called with the path of each that was.
    """

    def __init__(
        self,
        folder: Path,
        say: Say,
        *,
        pre_s: float = 5.0,
        post_s: float = 5.0,
        longest_s: float = 120.0,
        quota_mb: float = 1000.0,
        removed: Callable[[str], None] | None = None,
    ) -> None:
        self.folder, self._say = folder, Repeated(say)
        self._pre_s, self._post_s, self._longest_s = pre_s, post_s, longest_s
        self._quota = int(quota_mb * 1e6)
        self._removed = removed
        self._held: deque[tuple[int, Wave]] = deque()
        self._at, self._rate_hz = 0, 1
        self._open: dict[str, _Open] = {}
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f"*{PARTIAL}"):  # of a process that was killed
            left.unlink(missing_ok=True)

    def push(self, chunk: Chunk) -> None:
        """Take the next sound."""
        if chunk.begins:
            self.finish()
            self._at, self._rate_hz = 0, chunk.rate_hz
        self._held.append((self._at, chunk.samples))
        self._at += chunk.samples.shape[1]
        keep = self._at - int((self._pre_s + DELAY_S) * self._rate_hz)
        while self._held and self._held[0][0] + self._held[0][1].shape[1] <= keep:
            self._held.popleft()
        self._write()

    def path_of(self, event: Event) -> Path:
        """The file that will hold the sound of an event."""
        stamp = event.start.strftime("%Y%m%dT%H%M%S%z").replace("+", "p").replace("-", "m")
        name = "".join(one if one.isalnum() else "-" for one in event.rule)[:40]
        return self.folder / f"{stamp}_{name}_{event.key[:8]}.flac"

    def begin(self, event: Event) -> str:
        """Begin the clip of an event; its path, or an empty text if there can be none."""
        path = self.path_of(event)
        rate = self._rate_hz
        start = max(0, int((event.start_s - self._pre_s) * rate))
        if self._held:
            start = max(start, self._held[0][0])
        channels = self._held[-1][1].shape[0] if self._held else 1
        try:
            import soundfile

            self._make_room()
            file = soundfile.SoundFile(
                f"{path}{PARTIAL}", "w", rate, min(channels, 8), "PCM_16", format="FLAC"
            )
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            self._say(f"{path}: cannot be written: {error}")
            return ""
        longest = start + int(self._longest_s * rate)
        self._open[event.key] = _Open(path, file, start, float("inf"), longest)
        self._write()
        return str(path)

    def end(self, event: Event) -> None:
        """The event is over: its clip ends a little later."""
        one = self._open.get(event.key)
        if one is not None and event.end_s is not None:
            one.end_at = (event.end_s + self._post_s) * self._rate_hz
            self._write()

    def _write(self, *, all_of_it: bool = False) -> None:
        """Write what is sure to belong to the clips that are open, and complete those it can.

        Args:
            all_of_it: nothing more comes.
        """
        sure = self._at if all_of_it else self._at - int(HOLD_S * self._rate_hz)
        for key, one in list(self._open.items()):
            last = min(one.end_at, one.longest_at)
            until = min(last, self._at if one.end_at < float("inf") else sure)
            try:
                for at, wave in self._held:
                    first, stop = max(0, one.next_at - at), int(min(wave.shape[1], until - at))
                    if first < stop:
                        one.file.write(np.clip(wave[:8, first:stop], -1.0, 1.0).T)
                        one.next_at = at + stop
                if all_of_it or one.next_at >= int(last):
                    self._complete(key)
            except (OSError, RuntimeError) as error:
                self._say(f"{one.path}: cannot be written: {error}")
                self._drop(key)

    def _complete(self, key: str) -> None:
        one = self._open.pop(key)
        one.file.close()
        os.replace(f"{one.path}{PARTIAL}", one.path)

    def _drop(self, key: str) -> None:
        one = self._open.pop(key)
        with contextlib.suppress(OSError, RuntimeError):
            one.file.close()
        Path(f"{one.path}{PARTIAL}").unlink(missing_ok=True)

    def finish(self) -> None:
        """The stretch of sound ends: complete all clips with what there is."""
        self._write(all_of_it=True)
        self._held.clear()

    def _make_room(self) -> None:
        """Remove the oldest clips while they take more than the quota."""
        clips = []
        for path in self.folder.glob("*.flac"):
            try:
                stat = path.stat()
            except OSError:
                continue
            clips.append((stat.st_mtime, stat.st_size, path))
        total = sum(size for _, size, _ in clips)
        for _, size, path in sorted(clips):
            if total <= self._quota:
                return
            path.unlink(missing_ok=True)
            total -= size
            if self._removed is not None:
                self._removed(str(path))
