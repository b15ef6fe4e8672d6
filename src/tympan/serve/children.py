"""Processes that the server begins, talks to in frames, and may kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from tympan.serve.frames import BrokenFrameError, Message, pack, read_frame_async


class GoneError(Exception):
    """The process has ended, or talks no sense."""


class Child:
    """A process that runs a module of tympan.

    Args:
        module: its name.
        arguments: of its command line.
        environment: beside that of the server.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._module, self._arguments = module, tuple(arguments)
        self._environment = {**os.environ, **(environment or {})}
        self._process: asyncio.subprocess.Process | None = None
        self._writing = asyncio.Lock()

    async def start(self) -> None:
        """Begin it."""
        # -P: the folder that the server was begun in may hold files of any name.
        command = [sys.executable, "-P", "-m", self._module, *self._arguments]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
            limit=1 << 20,
        )

    @property
    def pid(self) -> int:
        """Its number; 0 if there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as is known."""
        return self._process is not None and self._process.returncode is None

    async def send(self, message: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send a frame.

        Raises:
            GoneError: it has ended.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise GoneError
        try:
            async with self._writing:
                process.stdin.write(pack(message, payload))
                await process.stdin.drain()
        except (OSError, RuntimeError) as error:
            raise GoneError from error

    async def read(self) -> tuple[Message, bytes]:
        """The next frame.

        Raises:
            GoneError: it has ended, or sent no frame.
        """
        process = self._process
        if process is None or process.stdout is None:
            raise GoneError
        try:
            return await read_frame_async(process.stdout)
        except (asyncio.IncompleteReadError, BrokenFrameError, OSError) as error:
            raise GoneError from error

    async def kill(self) -> None:
        """End it at once."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        await process.wait()
