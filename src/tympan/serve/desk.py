"""The queue before the models: bounded, fair, and safe from a worker that dies.

Every request that is taken has a place. A worker process is given some at once; one that dies is
begun anew, and what it had not answered is given out again: answering twice harms nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tympan.serve.frames import Message
from tympan.serve.refusals import Refusal, deadline, refusal_from
from tympan.serve.settings import ServeSettings
from tympan.serve.workers import Pending, WorkerProcess


class Desk:
    """Takes requests and has them answered.

    Args:
        settings: of the server.
        folder: for what the workers write while they answer.

    Attributes:
        workers: the processes.
        places: requests that have a place now.
        seconds_each: how long one occupies a worker lately, on average.
    """

    def __init__(self, settings: ServeSettings, folder: Path) -> None:
        self._settings = settings
        self._free = asyncio.Event()
        self.workers = [
            WorkerProcess(settings, folder, self._free.set) for _ in range(settings.workers)
        ]
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
    ) -> AsyncGenerator[tuple[Message, bytes]]:
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

    async def answer(self, order: Message) -> Message:
        """What the worker says at last of a request: `answer`, and `made`, its files.

        Raises:
            Refusal: it cannot be answered, or took too long.
        """
        last: Message = {}
        async with contextlib.aclosing(self.news(self.begin(order))) as news:
            async for message, _ in news:
                last = message
        return last

    async def _give_out(self) -> None:
        while True:
            await self._free.wait()
            self._free.clear()
            while self._waiting:
                pending = self._waiting[0]
                free = [one for one in self.workers if one.takes(pending)]
                if not free:
                    break
                self._waiting.popleft()
                await self._best(free, pending).give(pending)

    def _best(self, workers: list[WorkerProcess], pending: Pending) -> WorkerProcess:
        """The one with the least to do; of equal ones, one that has the model."""
        key = [str(pending.order.get("model")), str(pending.order.get("verb"))]
        return min(workers, key=lambda one: (len(one.open), key not in one.models))
