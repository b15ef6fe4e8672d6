"""Training from the studio: `tympan train` as a process, and what it says and writes.

The process is the command that a user would give, so whatever can be trained can be trained here,
and what it leaves is what the command leaves. It writes `history.json` after each epoch, which is
read for the curves. It is stopped by a signal, after which the same command goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from tympan.errors import ArgumentError
from tympan.tasks.cross import FITS
from tympan.tasks.trial import FOLDER as TRIAL

# Lines of what the training says that are kept.
MOST_LINES = 500
LONGEST_LINE = 500
# Between two looks at what it has written.
LOOK_S = 0.3
# How long a stopped training may save before it is killed.
SAVE_S = 30.0
# What an interrupted training exits with, see `tympan.training.signals`.
INTERRUPTED = 130
REPORT = "report.html"


class Training:
    """The training of one folder: none, the one that runs, or the last.

    Args:
        root: the folder of the recordings.
        out: where models go, one folder for each question.
        made: called with the folder of a model that is trained.
    """

    def __init__(
        self, root: Path, out: Path, made: Callable[[Path], None] = lambda folder: None
    ) -> None:
        self._root, self._out, self._made = root, out, made
        self._process: asyncio.subprocess.Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self.state, self.task, self.error = "none", "", ""
        self.epochs: int | None = None
        self._since_s = 0.0
        self._seen: dict[str, dict[str, Any]] = {}

    @property
    def running(self) -> bool:
        """Whether one runs."""
        return self.state in ("running", "stopping")

    @property
    def folder(self) -> Path:
        """Where the model of the question is, or will be."""
        return self.folder_of(self.task)

    def folder_of(self, task: str) -> Path:
        """Where the model of a question goes; of none: of the one that is guessed."""
        return self._out / f"{self._root.name}-{task or 'model'}"

    def unfinished(self, task: str) -> bool:
        """Whether a training of a question was stopped and can go on."""
        told = histories(self.folder_of(task)).values()
        return not self.running and any(one.get("stopped") == "running" for one in told)

    async def begin(self, task: str, epochs: int | None, *, again: bool) -> None:
        """Begin a training.

        Args:
            task: the question; empty: guessed from the labels.
            epochs: passes over the recordings; None: as `tympan train` chooses.
            again: go on from what is saved; else start over.

        Raises:
            ArgumentError: one runs.
        """
        if self.running:
            raise ArgumentError("a training runs", fix="stop it, or wait for its end")
        self.task, self.epochs, self.state, self.error = task, epochs, "running", ""
        self._lines.clear()
        self._seen = {}
        self._since_s = 0.0 if again else time.time() - 1.0
        self._out.mkdir(parents=True, exist_ok=True)
        # -P: the folder that the server was begun in may hold files of any name.
        command = [sys.executable, "-P", "-m", "tympan", "train", str(self._root)]
        command += ["--out", str(self.folder)]
        command += ["--task", task] if task else []
        command += [] if epochs is None else ["--epochs", str(epochs)]
        command += [] if again else ["--restart"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "100"}
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=environment, start_new_session=True, limit=1 << 20,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        except OSError as error:
            self.state, self.error = "failed", str(error.strerror)
            return
        self._following = asyncio.create_task(self._follow(self._process))

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Read what it says until it ends."""
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # a line without end
                continue
            if not line:
                break
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._lines.append(text[:LONGEST_LINE])
                self._curves()
        code = await process.wait()
        if code == 0:
            self.state = "finished"
            self._made(self.folder)
        elif code == INTERRUPTED or self.state == "stopping":
            self.state = "stopped"
        else:
            self.state = "failed"
            self.error = self._lines[-1] if self._lines else f"the training ended with {code}"

    async def stop(self) -> None:
        """Tell it to save and stop; does not wait for it."""
        if self.state == "running" and self._process is not None:
            self.state = "stopping"
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    async def close(self) -> None:
        """Have it save and stop, and wait; what does not stop is killed."""
        if not self.running or self._process is None or self._following is None:
            return
        await self.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._following), SAVE_S)
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._following

    def told(self) -> dict[str, Any]:
        """What a page is told of it."""
        report = self.folder / REPORT
        return {
            "state": self.state,
            "task": self.task,
            "epochs": self.epochs,
            "error": self.error,
            "lines": list(self._lines),
            "curves": self._curves(),
            "folder": self.folder.name,
            "unfinished": self.unfinished(self.task),
            "report": report.is_file() and not self.running,
        }

    def _curves(self) -> dict[str, dict[str, Any]]:
        """The histories of this training, without those of one before it.

        A trial is removed when it has decided; what was seen of it stays.
        """
        if self.state != "none":
            self._seen |= histories(self.folder, self._since_s)
        return self._seen

    async def news(self, ending: Callable[[], bool]) -> AsyncIterator[dict[str, Any]]:
        """What is told of it, whenever that changes, until it runs no more.

        Args:
            ending: whether the server ends.
        """
        before = ""
        while True:
            running = self.running
            now = self.told()
            text = json.dumps(now)
            if text != before:
                before = text
                yield now
            if not running or ending():
                return
            await asyncio.sleep(LOOK_S)


def histories(folder: Path, since_s: float = 0.0) -> dict[str, dict[str, Any]]:
    """What a training has written of its epochs: the part of the training → its history.

    The parts are `""`, or those of a trial, phases and folds: `"phases/2"`.

    Args:
        folder: of the model.
        since_s: only what was written after this time, in seconds since 1970.

    >>> histories(Path("no/such/folder"))
    {}
    """
    found: dict[str, dict[str, Any]] = {}
    own, *parts = FITS
    for pattern in (own, f"{TRIAL}/", *parts):
        for path in sorted(folder.glob(f"{pattern}history.json")):
            with contextlib.suppress(OSError, ValueError):
                if path.stat().st_mtime < since_s:
                    continue
                told = json.loads(path.read_text("utf-8"))
                if isinstance(told, dict):
                    found[path.parent.relative_to(folder).as_posix()] = told
    return {key if key != "." else "": value for key, value in found.items()}
