"""Ogg: where one logical stream ends and the next begins, and whether pages are missing."""

from __future__ import annotations

from tympan.audio._containers.parts import Part
from tympan.audio._source import Opened

_HEAD = 27
_FIRST = 2  # the flag of a stream's first page
_PIECE = 1 << 18


def walk(opened: Opened, size: int) -> Part:
    """Find the end of the first link of a chain; page by page, by their headers alone."""
    at, sounding, holes = 0, False, False
    expected: dict[bytes, int] = {}
    while at < size:
        head = opened.read_at(at, _HEAD + 255)
        if head[:4] != b"OggS":
            following = _next_page(opened, at, size)
            if following < 0:
                break
            holes, at = True, following
            continue
        if len(head) < _HEAD or len(head) < _HEAD + head[26]:
            return Part(0, size, problem="its last page is cut", holes=holes)
        if head[5] & _FIRST:
            if sounding:
                return Part(0, at, holes=holes)
        else:
            sounding = True
        serial, number = head[14:18], int.from_bytes(head[18:22], "little")
        holes = holes or expected.get(serial, number) != number
        expected[serial] = number + 1
        at += _HEAD + head[26] + sum(head[_HEAD : _HEAD + head[26]])
    problem = "its last page is cut" if at > size else ""
    return Part(0, size, problem=problem, holes=holes)


def _next_page(opened: Opened, at: int, size: int) -> int:
    """Where the next page begins behind something that is none; -1 if there is no more."""
    at += 1
    while at < size:
        piece = opened.read_at(at, _PIECE)
        found = piece.find(b"OggS\0")
        if found >= 0:
            return at + found
        if len(piece) < _PIECE:
            return -1
        at += _PIECE - 4
    return -1
