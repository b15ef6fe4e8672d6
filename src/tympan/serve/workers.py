"""Worker processes as the server sees them: given requests, listened to, begun anew."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tympan.serve.children import Child, GoneError
from tympan.serve.frames import Message
from tympan.serve.refusals import Refusal
from tympan.serve.settings import ServeSettings

MODULE = "tympan.serve.worker"
# A request that so many workers died of is not tried again. All but the first try are alone, so
# that the others of a batch do not pay for it.
MOST_TRIES = 3
# Between two beginnings of a worker that dies at once.
LONGEST_PAUSE_S = 30.0


@dataclass(eq=False)
class Pending:
    """A request on its way.

    Attributes:
        number: in the frames.
        order: what the worker is told.
        news: what has come from the worker, in its order: a message and bytes; None: it was lost.
        tries: workers that were given it.
        begun: whether anything of the answer has been given on, so that it cannot begin anew.
    """

    number: int
    order: Message
    news: asyncio.Queue[tuple[Message, bytes]] = field(default_factory=asyncio.Queue)
    tries: int = 0
    begun: bool = False
    worker: WorkerProcess | None = None

    def fail(self, refusal: Refusal) -> None:
        """End it with a refusal."""
        self.news.put_nowait(({"refusal": refusal}, b""))


class WorkerProcess:
    """One worker, begun anew whenever it dies.

    Args:
        settings: of the server.
        folder: for what it writes while it answers; it goes with the server.
        changed: called when it has room, or has died.

    Attributes:
        open: what it works on.
        deaths: how often it has died.
        models: place and verb of those in its memory.
        accepts: question → tasks whose models answer it.
        resident_mb: its memory.
    """

    def __init__(self, settings: ServeSettings, folder: Path, changed: Callable[[], None]) -> None:
        self._settings, self._changed = settings, changed
        threads = max(1, (os.cpu_count() or 1) // settings.workers)
        environment = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": f"{threads}"}
        # Threads that wait must not hold a core that others need.
        environment |= {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}
        environment |= {"TMPDIR": str(folder)}
        arguments = ("--device", settings.device, "--idle", f"{settings.unload_after_s:g}")
        self._child = Child(MODULE, arguments, environment)
        self.open: dict[int, Pending] = {}
        self.ready = False
        self.deaths = self.resident_mb = 0
        self.models: list[list[str]] = []
        self.accepts: dict[str, list[str]] = {}
        self._heard_s = 0.0

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._child.pid

    def takes(self, pending: Pending) -> bool:
        """Whether it can be given a request; one that was lost before comes alone."""
        alone = pending.tries > 0 or any(one.tries > 1 for one in self.open.values())
        return self.room > 0 and not (alone and self.open)

    @property
    def room(self) -> int:
        """How many more requests it could work on."""
        return max(0, self._settings.batch - len(self.open)) if self.ready else 0

    async def live(self) -> None:
        """Keep it alive until cancelled."""
        pause_s = 0.0
        while True:
            await asyncio.sleep(pause_s)
            began_s = time.monotonic()
            try:
                await self._child.start()
                watching = asyncio.create_task(self._watch())
                try:
                    await self._listen()
                finally:
                    watching.cancel()
            except (GoneError, OSError):
                pass
            finally:
                await asyncio.shield(self._child.kill())
            self.deaths += 1
            self._died()
            short = time.monotonic() - began_s < 5
            pause_s = min(LONGEST_PAUSE_S, max(0.5, 2 * pause_s)) if short else 0.0

    async def _listen(self) -> None:
        while True:
            message, payload = await self._child.read()
            self._heard_s = time.monotonic()
            if "accepts" in message:
                self.accepts = message["accepts"]
                continue
            if "state" in message:
                self.models = message["state"]["models"]
                self.resident_mb = message["state"]["resident_mb"]
                if not self.ready:
                    self.ready = True
                    self._changed()
                continue
            if "alive" in message:
                continue
            pending = self.open.get(message.get("id", 0))
            if pending is None:
                continue  # cancelled meanwhile
            pending.begun = True
            if "answer" in message or "error" in message:
                self.leave(pending)
            pending.news.put_nowait((message, payload))

    async def _watch(self) -> None:
        """Kill it where it says nothing for longer than any request may take."""
        limit_s = self._settings.deadline_s + 10
        while True:
            await asyncio.sleep(1.0)
            if self.open and time.monotonic() - self._heard_s > limit_s:
                await self._child.kill()
                return

    def _died(self) -> None:
        """Give back what it had: once more, but for what it died of."""
        self.ready, self.models, self.resident_mb = False, [], 0
        lost, self.open = list(self.open.values()), {}
        for one in lost:
            one.worker = None
            if one.begun or one.tries >= MOST_TRIES:
                text = "The process that worked on it ended: try again."
                one.fail(Refusal(500, text, "worker_lost"))
            else:
                one.news.put_nowait(({"again": True}, b""))
        self._changed()

    async def give(self, pending: Pending) -> None:
        """Let it work on a request."""
        pending.tries += 1
        pending.worker = self
        if not self.open:
            self._heard_s = time.monotonic()
        self.open[pending.number] = pending
        with contextlib.suppress(GoneError):  # what it had is given out again when that is seen
            await self._child.send({**pending.order, "id": pending.number})

    async def send(self, message: Message, payload: bytes = b"") -> None:
        """Send it more about what it works on."""
        with contextlib.suppress(GoneError):
            await self._child.send(message, payload)

    def leave(self, pending: Pending) -> None:
        """A request is no longer its affair."""
        self.open.pop(pending.number, None)
        self._changed()
