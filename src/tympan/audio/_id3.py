"""Tags of MP3: ID3v2.4, after M. Nilsson, *ID3 tag version 2.4.0 – Main Structure* (2000).

libsndfile writes ID3v2.3 itself, but takes UTF-8 for Latin-1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

_FRAMES = {
    "title": b"TIT2",
    "artist": b"TPE1",
    "album": b"TALB",
    "date": b"TDRC",
    "genre": b"TCON",
    "tracknumber": b"TRCK",
    "copyright": b"TCOP",
    "software": b"TSSE",
}
_UTF_8 = b"\x03"


def id3_tag(tags: Mapping[str, str]) -> bytes:
    """The tag that stands before the sound.

    >>> id3_tag({"title": "Rain"})[:20]
    b'ID3\\x04\\x00\\x00\\x00\\x00\\x00\\x0fTIT2\\x00\\x00\\x00\\x05\\x00\\x00'
    """
    frames = b""
    for name, value in tags.items():
        text = value.encode("utf-8", "replace")
        if name == "comment":
            frames += _frame(b"COMM", _UTF_8 + b"eng" + b"\0" + text)
        elif name in _FRAMES:
            frames += _frame(_FRAMES[name], _UTF_8 + text)
        else:  # a name of one's own
            frames += _frame(b"TXXX", _UTF_8 + name.encode() + b"\0" + text)
    return b"ID3\x04\x00\x00" + _synchsafe(len(frames)) + frames


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _synchsafe(len(body)) + b"\0\0" + body


def _synchsafe(value: int) -> bytes:
    """Four bytes of seven bits, none of which looks like the start of a frame of sound."""
    return bytes(value >> shift & 127 for shift in (21, 14, 7, 0))


class Behind:
    """The part of a file behind its first bytes, for a library that begins at 0."""

    def __init__(self, file: Any, start: int) -> None:
        self._file, self._start = file, start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset."""
        if whence == os.SEEK_SET:
            offset += self._start
        return int(self._file.seek(offset, whence)) - self._start

    def tell(self) -> int:
        """The position."""
        return int(self._file.tell()) - self._start

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
