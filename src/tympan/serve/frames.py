"""How the processes of the server talk: frames of JSON and bytes, on pipes.

A frame is two lengths (4 bytes each, big-endian), a JSON object, and bytes. Nothing is pickled, so
what comes out of a decoder that a hostile file has taken over is data and no code.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any, Protocol

_HEAD = struct.Struct(">II")
# A frame that says it is longer comes from something that has gone wrong.
MOST_JSON, MOST_BYTES = 1 << 28, 1 << 28

Message = dict[str, Any]


class BrokenFrameError(Exception):
    """What came is no frame."""


class AsyncReader(Protocol):
    """The part of `asyncio.StreamReader` that is used."""

    async def readexactly(self, n: int) -> bytes:
        """Exactly so many bytes."""
        ...


def pack(message: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """A frame as bytes.

    >>> pack({"a": 1}, b"xy")
    b'\\x00\\x00\\x00\\x07\\x00\\x00\\x00\\x02{"a":1}xy'
    """
    text = json.dumps(message, separators=(",", ":")).encode("ascii")
    return _HEAD.pack(len(text), len(payload)) + text + payload


def read_frame(file: IO[bytes]) -> tuple[Message, bytes] | None:
    """The next frame of a pipe; None: it has ended.

    Raises:
        BrokenFrameError: what comes is none.

    >>> import io
    >>> read_frame(io.BytesIO(pack({"a": 1}, b"xy")))
    ({'a': 1}, b'xy')
    """
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    size, extra = _sizes(head)
    text, payload = file.read(size), file.read(extra)
    if len(text) < size or len(payload) < extra:
        return None
    return _message(text), payload


async def read_frame_async(reader: AsyncReader) -> tuple[Message, bytes]:
    """The next frame of a pipe.

    Raises:
        asyncio.IncompleteReadError: it has ended.
        BrokenFrameError: what comes is none.
    """
    size, extra = _sizes(await reader.readexactly(_HEAD.size))
    text = await reader.readexactly(size)
    return _message(text), await reader.readexactly(extra) if extra else b""


def _sizes(head: bytes) -> tuple[int, int]:
    size, extra = _HEAD.unpack(head)
    if size > MOST_JSON or extra > MOST_BYTES:
        raise BrokenFrameError(f"a frame of {size} + {extra} bytes")
    return size, extra


def _message(text: bytes) -> Message:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BrokenFrameError(str(error)) from error
    if not isinstance(found, dict):
        raise BrokenFrameError("is no object")
    return found


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Plain values with some texts replaced.

    >>> renamed({"a": ["x", 1]}, {"x": "y"})
    {'a': ['y', 1]}
    """
    if isinstance(value, Mapping):
        return {key: renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


class Channel:
    """The two pipes of a process that the server has begun, as the process sees them.

    What a library prints must not come between the frames: it goes to standard error.
    """

    def __init__(self) -> None:
        self._in = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        self._lock = threading.Lock()

    def read(self) -> tuple[Message, bytes] | None:
        """The next frame; None: the server is gone."""
        return read_frame(self._in)

    def write(self, message: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send a frame; the process ends where the server is gone."""
        data = memoryview(pack(message, payload))
        try:
            with self._lock:
                while data:
                    data = data[self._out.write(data) :]
        except OSError:
            os._exit(0)
