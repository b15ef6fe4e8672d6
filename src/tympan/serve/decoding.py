"""Decoding in processes of their own, which are killed where they are stuck."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tympan.serve.children import Child, GoneError
from tympan.serve.frames import Message
from tympan.serve.refusals import Refusal, refusal_from
from tympan.serve.settings import ServeSettings
from tympan.serve.spool import Spool, remove

MODULE = "tympan.serve.decoder"
_ENVIRONMENT = {"OMP_NUM_THREADS": "1"}
# A library that leaks cannot leak for ever.
MOST_FILES = 500


@dataclass(frozen=True)
class Decoded:
    """A recording that needs no decoder any more.

    Attributes:
        path: of the WAV file of float32 in the spool.
        offset: the byte at which its samples begin.
        rate_hz: of the samples.
        channels: how many.
        samples: of each channel.
    """

    path: Path
    offset: int
    rate_hz: int
    channels: int
    samples: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / self.rate_hz

    def order(self) -> Message:
        """As a worker is told of it."""
        return {**vars(self), "path": str(self.path)}


class _Member:
    """A process of the pool, and how many files it has decoded."""

    def __init__(self) -> None:
        self.child, self.count = Child(MODULE, environment=_ENVIRONMENT), 0


class Decoders:
    """A few processes that decode, begun when they are needed.

    Args:
        settings: the limits.
        spool: where the samples go.
        count: processes at most.

    Attributes:
        killed: how many were killed, or ended by themselves.
    """

    def __init__(self, settings: ServeSettings, spool: Spool, count: int = 2) -> None:
        self._settings, self._spool = settings, spool
        self._free: list[_Member] = []
        self._busy: set[_Member] = set()
        self._room = asyncio.Semaphore(count)
        self.killed = 0

    async def decode(self, source: Path, name: str, field: str = "file") -> Decoded:
        """Decode a file of the spool.

        Args:
            source: the file.
            name: how the client calls it, for messages.
            field: the one that it was sent as.

        Raises:
            Refusal: it is no sound, damaged, beyond a limit, or takes too long.
        """
        settings = self._settings
        target = self._spool.new(".wav")
        order = {
            "source": str(source),
            "target": str(target),
            "most_seconds": settings.most_seconds,
            "most_samples": settings.most_samples,
            "most_channels": settings.most_channels,
        }
        try:
            found = await self._ordered(order, name, field)
        except BaseException:
            remove(target)
            raise
        return Decoded(target, **found)

    async def _ordered(self, order: Message, name: str, field: str) -> dict[str, int]:
        async with self._room:
            member = self._free.pop() if self._free else _Member()
            self._busy.add(member)
            fine = False
            try:
                async with asyncio.timeout(self._settings.decode_s):
                    if not member.child.alive:
                        await member.child.start()
                    await member.child.send(order)
                    answer, _ = await member.child.read()
                fine = True
            except (TimeoutError, GoneError) as error:
                why = "takes too long" if isinstance(error, TimeoutError) else "broke the decoder"
                what = {"kind": "AudioFileError", "what": f"{why} to decode".replace(
                    "broke the decoder to decode", "broke the decoder"
                ), "fix": "convert it to WAV or FLAC"}  # fmt: skip
                raise refusal_from(what, name=name, param=field) from error
            finally:
                self._busy.discard(member)
                member.count += 1
                if not fine:
                    self.killed += 1
                if fine and member.count < MOST_FILES:
                    self._free.append(member)
                else:  # cancelled, stuck or gone: whatever it was doing, it does no more
                    await asyncio.shield(member.child.kill())
        if "error" in answer:
            raise refusal_from(answer["error"], name=name, param=field)
        return {
            key: int(answer["done"][key]) for key in ("offset", "rate_hz", "channels", "samples")
        }

    async def close(self) -> None:
        """End all processes."""
        for member in [*self._free, *self._busy]:
            await member.child.kill()


class StreamDecoder:
    """A process that decodes one live stream.

    Args:
        settings: the limits.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._child = Child(MODULE, environment=_ENVIRONMENT)

    async def start(self) -> None:
        """Begin it."""
        await self._child.start()
        most = self._settings.most_channels
        await self._child.send({"do": "stream", "most_channels": most})

    async def push(self, data: bytes) -> None:
        """Give the next bytes; none: the stream ends.

        Raises:
            Refusal: it cannot be decoded.
        """
        try:
            await self._child.send({"data": len(data)}, data)
        except GoneError as error:
            text = "The stream broke the decoder: send WebM with Opus, Ogg or bare samples."
            raise Refusal(400, text, "unreadable_audio") from error

    async def sound(self) -> AsyncIterator[tuple[dict[str, Any], bytes]]:
        """What was decoded, until the stream ends.

        Raises:
            Refusal: it cannot be decoded.
        """
        while True:
            try:
                message, payload = await self._child.read()
            except GoneError as error:
                text = "The stream broke the decoder: send WebM with Opus, Ogg or bare samples."
                raise Refusal(400, text, "unreadable_audio") from error
            if "error" in message:
                raise refusal_from(message["error"], name="the stream")
            if "sound" not in message:
                return
            yield message["sound"], payload

    async def close(self) -> None:
        """End it."""
        with contextlib.suppress(Exception):
            await self._child.kill()
