"""The queue before the models: bounded, fair, and safe from a worker that dies.

Every request that is taken has a place. A worker process is given a few at once; one that dies is
begun anew, and what it had not answered is given out again: answering twice harms nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tympan.serve.children import Child, GoneError
from tympan.serve.frames import Message
from tympan.serve.refusals import Refusal, deadline, refusal_from
from tympan.serve.settings import ServeSettings

MODULE = "tympan.serve.worker"
# So many requests are a worker's at once; the others wait where they outlive it.
MOST_OPEN = 32
# A request that two workers died of is not tried a third time.
MOST_TRIES = 2
# Between two beginnings of a worker that dies at once.
LONGEST_PAUSE_S = 30.0
# A stream's sound that its worker has not taken yet.
MOST_AHEAD = 64


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
        changed: called when it has room, or has died.

    Attributes:
        open: what it works on.
        deaths: how often it has died.
        models: place and verb of those in its memory.
        accepts: question → tasks whose models answer it.
        resident_mb: its memory.
    """

    def __init__(self, settings: ServeSettings, changed: Callable[[], None]) -> None:
        self._settings, self._changed = settings, changed
        threads = max(1, (os.cpu_count() or 1) // settings.workers)
        environment = {} if "OMP_NUM_THREADS" in os.environ else {"OMP_NUM_THREADS": f"{threads}"}
        # Threads that wait must not hold a core that others need.
        environment |= {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}
        arguments = ("--device", settings.device, "--idle", f"{settings.unload_after_s:g}")
        self._child = Child(MODULE, arguments, environment)
        self.open: dict[int, Pending] = {}
        self.ready = False
        self.deaths = self.resident_mb = 0
        self.models: list[list[str]] = []
        self.accepts: dict[str, list[str]] = {}
        self._turn = 0
        self._heard_s = 0.0

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._child.pid

    @property
    def room(self) -> int:
        """How many requests it can be given."""
        return max(0, MOST_OPEN - len(self.open)) if self.ready else 0

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
            if "turn" in message:
                self._turn = message["id"]
            if "turn" in message or "alive" in message:
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
        turn, self._turn = self._turn, 0
        for one in lost:
            one.worker = None
            guilty = one.number == turn and one.tries >= MOST_TRIES
            if guilty or one.begun or one.tries > 2 * MOST_TRIES:
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


class Desk:
    """Takes requests and has them answered.

    Args:
        settings: of the server.

    Attributes:
        workers: the processes.
        places: requests that have a place now.
        seconds_each: how long one occupies a worker lately, on average.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._free = asyncio.Event()
        self.workers = [WorkerProcess(settings, self._free.set) for _ in range(settings.workers)]
        self._waiting: deque[Pending] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._count = 0
        self.places = 0
        self.seconds_each = 0.5
        self._last_done_s = 0.0

    async def start(self) -> None:
        """Begin the workers, and the giving out."""
        self._tasks = [asyncio.create_task(one.live()) for one in self.workers]
        self._tasks.append(asyncio.create_task(self._give_out()))

    async def ready(self, seconds: float) -> bool:
        """Wait until a worker can answer; whether one can."""
        until = asyncio.get_running_loop().time() + seconds
        while not any(one.ready for one in self.workers):
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(0.05)
        return True

    async def close(self) -> None:
        """End the workers; what is open has been waited for before."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- places ----------------------------------------------------------------------------------

    def check_room(self) -> None:
        """Refuse at once what would find no place.

        Raises:
            Refusal: the queue is full; it says when to come again.
        """
        if self.places >= self._settings.queue:
            wait_s = self.places * self.seconds_each / max(1, len(self.workers))
            after = str(max(1, min(120, round(wait_s))))
            text = f"{self.places} requests wait already: try again in {after} s."
            raise Refusal(429, text, "queue_full", headers={"Retry-After": after})

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place in the queue.

        Raises:
            Refusal: it is full.
        """
        self.check_room()
        self.places += 1
        began_s = time.monotonic()
        try:
            yield
        finally:
            # While others wait, this is how often one is done.
            now = time.monotonic()
            each = now - max(began_s, self._last_done_s)
            self._last_done_s = now
            self.seconds_each += 0.1 * (min(each, 60.0) - self.seconds_each)
            self.places -= 1

    # -- requests --------------------------------------------------------------------------------

    def begin(self, order: Message) -> Pending:
        """Put a request in the queue."""
        self._count += 1
        pending = Pending(self._count, order)
        self._waiting.append(pending)
        self._free.set()
        return pending

    async def cancel(self, pending: Pending) -> None:
        """Nobody waits for it any more."""
        with contextlib.suppress(ValueError):
            self._waiting.remove(pending)
        worker = pending.worker
        if worker is not None and pending.number in worker.open:
            worker.leave(pending)
            await worker.send({"do": "cancel", "id": pending.number})

    async def news(
        self, pending: Pending, seconds: float | None = None
    ) -> AsyncIterator[tuple[Message, bytes]]:
        """What comes of a request, the answer last.

        Args:
            pending: it.
            seconds: how long it may take; None: as the settings say.

        Raises:
            Refusal: it cannot be answered, or took too long.
        """
        limit_s = self._settings.deadline_s if seconds is None else seconds
        until = asyncio.get_running_loop().time() + limit_s
        try:
            while True:
                try:
                    async with asyncio.timeout_at(until):
                        message, payload = await pending.news.get()
                except TimeoutError as error:
                    raise deadline(limit_s) from error
                if "again" in message:
                    self._waiting.appendleft(pending)
                    self._free.set()
                    continue
                if "refusal" in message:
                    raise message["refusal"]
                if "error" in message:
                    name = str(pending.order.get("name", ""))
                    raise refusal_from(message["error"], name=name)
                yield message, payload
                if "answer" in message:
                    return
        finally:
            await asyncio.shield(self.cancel(pending))

    async def answer(self, order: Message) -> Any:
        """The answer to a request, when it is there.

        Raises:
            Refusal: it cannot be answered, or took too long.
        """
        found: Any = None
        async for message, _ in self.news(self.begin(order)):
            found = message.get("answer", found)
        return found

    async def _give_out(self) -> None:
        while True:
            await self._free.wait()
            self._free.clear()
            while self._waiting:
                with_room = [one for one in self.workers if one.room]
                if not with_room:
                    break
                pending = self._waiting.popleft()
                await self._best(with_room, pending).give(pending)

    def _best(self, workers: list[WorkerProcess], pending: Pending) -> WorkerProcess:
        """The one with the least to do; of equal ones, one that has the model."""
        key = [str(pending.order.get("model")), str(pending.order.get("verb"))]
        return min(workers, key=lambda one: (len(one.open), key not in one.models))
