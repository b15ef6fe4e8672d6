"""What all routes share: from fields to an order for a worker, and from its news to an answer."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import Request

from tympan.serve.asked import Fields, fields_of, own_switch
from tympan.serve.decoding import Decoded, Decoders
from tympan.serve.desk import Desk
from tympan.serve.frames import Message, renamed
from tympan.serve.metrics import Metrics
from tympan.serve.offers import Offer, Offers
from tympan.serve.options import in_folder, options_of
from tympan.serve.refusals import Refusal
from tympan.serve.settings import ServeSettings
from tympan.serve.spool import Spool, remove
from tympan.tasks.commands import Command
from tympan.tasks.verbs import Verb

T = TypeVar("T")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
# A recording that was sent once and may be asked about again is kept so long, and so many of them.
KEPT_S, MOST_KEPT = 900.0, 32
# A worker imports PyTorch, which takes seconds; longer than this means that it cannot.
START_S = 120.0


@dataclass
class KeptRecording:
    """A recording that questions can be asked about without sending it again."""

    decoded: Decoded
    name: str
    used_s: float
    asked: int = 0


class Service:
    """The parts of a server, begun and ended together.

    Args:
        settings: of the server.

    Raises:
        TympanError: a model that it is to offer is not there.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self.settings = settings
        self.offers = Offers(settings)
        self.spool = Spool()
        self.desk = Desk(settings, self.spool.folder)
        self.decoders = Decoders(settings, self.spool, max(2, min(4, os.cpu_count() or 1)))
        self.metrics = Metrics(self.desk, self.decoders, self.spool)
        self._kept: dict[str, KeptRecording] = {}
        self._made: dict[str, tuple[Path, float]] = {}
        # Set when the server is told to end: what would go on without end ends then.
        self.ending = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Begin everything; end it at last."""
        await self.desk.start()
        try:
            if await self.desk.ready(START_S):
                told = next((one.accepts for one in self.desk.workers if one.accepts), {})
                self.offers.learn(told)
                await self._warm()
            yield
        finally:
            await self.desk.close()
            await self.decoders.close()
            self.spool.close()

    async def _warm(self) -> None:
        """Load the models that the operator has named, so that nobody waits for them."""
        for name in self.settings.models:
            offer = self.offers.all[name]
            for verb in offer.verbs[:1]:
                order = {"do": "warm", "verb": verb, "model": offer.place}
                try:
                    await self.desk.answer(order)
                except Refusal as refusal:  # the others answer all the same
                    line = f"tympan: the model {name} cannot be loaded: {refusal.message}"
                    print(line, file=sys.stderr)

    # -- orders ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def order(
        self, verb: Verb | Command, found: Fields, offer: Offer | None
    ) -> AsyncIterator[Message]:
        """What a worker is told about a recording, which is decoded first.

        Args:
            verb: the question, or the command.
            found: the fields that remain: the recording, and the options.
            offer: the model that answers; None: there are none, or several.

        Raises:
            Refusal: there is no recording, or it cannot be decoded; an option cannot be used.
        """
        async with AsyncExitStack() as stack:
            has_model = isinstance(verb, Verb) or verb.models
            known, clean = ("file", "format", "stream", *(["model"] if has_model else [])), None
            if isinstance(verb, Verb) or verb.cleans:
                known, clean = (*known, "clean"), own_switch(found, "clean")
            source = await self._recording(found, stack)
            options, recordings = options_of(verb, found, self.settings, known=known)
            names = {one: found.shown(one) for one in recordings}
            for name in recordings:
                other = await self.decode(Path(options[name]), names[name], name)
                stack.callback(remove, other.path)
                options[name] = str(other.path)
            made = self.spool.new()
            stack.callback(self._tidy, made)
            yield {
                "do": "answer",
                "verb": verb.name,
                "model": "" if offer is None else offer.place,
                "options": options,
                **source.decoded.order(),
                "name": source.name,
                "names": names,
                "made": str(made),
                "clean": clean,
            }

    async def _recording(self, found: Fields, stack: AsyncExitStack) -> KeptRecording:
        """The recording of a request, decoded."""
        number = found.text("recording")
        if number is not None:
            kept = self.kept(number)
            kept.asked += 1
            stack.callback(_let_go, kept)
            return kept
        if "file" in found.files:
            path, name = found.files.pop("file")
            stack.callback(remove, path)
        elif "file" in found.values:
            path = in_folder(found.take("file"), "file", self.settings)
            name = path.name
        else:
            text = "There is no recording: send it as the field file of a form, or as the body."
            raise Refusal(400, text, "missing_file", param="file")
        decoded = await self.decode(path, name)
        stack.callback(remove, decoded.path)
        return KeptRecording(decoded, name or "recording", 0.0)

    async def decode(self, path: Path, name: str, field: str = "file") -> Decoded:
        """Decode a file that was sent as a field, and count it."""
        if not path.stat().st_size:
            raise Refusal(400, "The recording is empty.", "unreadable_audio", param=field)
        decoded = await self.decoders.decode(path, name or "the recording", field)
        self.metrics.sound_seconds.inc(decoded.seconds)
        return decoded

    # -- recordings that are kept ----------------------------------------------------------------

    async def keep(self, found: Fields) -> str:
        """Decode the recording of a request and keep it; the number to ask about it with.

        Raises:
            Refusal: it cannot be decoded, or too many are kept that are asked about now.
        """
        self._drop()
        if "file" not in found.files:
            text = "There is no recording: send it as the field file of a form, or as the body."
            raise Refusal(400, text, "missing_file", param="file")
        path, name = found.files["file"]
        decoded = await self.decode(path, name)
        if len(self._kept) >= MOST_KEPT:
            idle = [(one.used_s, key) for key, one in self._kept.items() if not one.asked]
            if not idle:
                remove(decoded.path)
                raise Refusal(429, "Too many recordings are kept.", "queue_full",
                              headers={"Retry-After": "10"})  # fmt: skip
            self.forget(min(idle)[1])
        number = secrets.token_urlsafe(12)
        self._kept[number] = KeptRecording(decoded, name or "recording", time.monotonic())
        return number

    def kept(self, number: str) -> KeptRecording:
        """A recording that was kept.

        Raises:
            Refusal: there is none, or no longer.
        """
        self._drop()
        found = self._kept.get(number)
        if found is None:
            text = "That recording is not kept, or no longer: send it again."
            raise Refusal(404, text, "recording_gone", param="recording")
        found.used_s = time.monotonic()
        return found

    def forget(self, number: str) -> None:
        """Remove a recording that was kept."""
        found = self._kept.pop(number, None)
        if found is not None:
            remove(found.decoded.path)

    def published(self, message: Message) -> Any:
        """An answer whose files have addresses, at which they lie for a while."""
        names = {}
        for place in message.get("made", ()):
            path = Path(place)
            number = f"{secrets.token_urlsafe(12)}{path.suffix}"
            self._made[number] = (path, time.monotonic())
            names[place] = f"/v1/made/{number}"
        return renamed(message["answer"], names)

    def _tidy(self, made: Path) -> None:
        """Remove the files of an answer that nobody was told of."""
        told = {path for path, _ in self._made.values()}
        remove(*(one for one in made.parent.glob(f"{made.name}.*") if one not in told))

    def made(self, number: str) -> Path:
        """A file that an answer has named.

        Raises:
            Refusal: there is none, or no longer.
        """
        self._drop()
        if number not in self._made:
            raise Refusal(404, "That file is not here, or no longer: ask again.", "recording_gone")
        return self._made[number][0]

    def _drop(self) -> None:
        now = time.monotonic()
        for number, (path, made_s) in list(self._made.items()):
            if now - made_s > KEPT_S:
                del self._made[number]
                remove(path)
        for key, one in list(self._kept.items()):
            if not one.asked and now - one.used_s > KEPT_S:
                self.forget(key)

    # -- requests --------------------------------------------------------------------------------

    @asynccontextmanager
    async def fields(self, request: Request) -> AsyncIterator[Fields]:
        """The fields of a request that has a place in the queue when it was read.

        Raises:
            Refusal: the queue is full, which is told before a byte is read; or the body is wrong.
        """
        self.desk.check_room()
        async with fields_of(request, self.spool) as found:
            with self.desk.place():
                yield found


def _let_go(kept: KeptRecording) -> None:
    kept.asked -= 1
    kept.used_s = time.monotonic()


async def while_there(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do something for a client, and stop where the client goes.

    Args:
        receive: gives what the client sends, all of which has come but its going.
        work: to be done.

    Raises:
        Refusal: it has gone, so that nobody reads it.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Refusal(499, "The client has gone.", "client_gone")
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
