"""FLAC: how many samples there are by the last frame, whatever the header says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from tympan.audio._containers.parts import Part
from tympan.audio._source import Opened

_INFO = 8  # offset of STREAMINFO's content
# What files hold near their beginnings, how far from it, and what may follow.
_MARK = ((b"fLaC", 0, (b"\x00\x00\x00\x22", b"\x80\x00\x00\x22")),)
_OTHER_MARKS = (
    (b"OggS\x00\x02", 0, (b"",)),
    (b"WAVEfmt ", 8, (b"",)),
    (b"AIFFCOMM", 8, (b"",)),
)
_PIECE = 4 << 20
# Searched for files joined to the first; in a longer file that would take too long.
_SCANNED = 256 << 20
_QUICK = 4 << 20  # files that are always searched
_PROBES = 16  # places in longer ones where a frame is read
_LEAST_TAIL = 1 << 16
_MOST_FRAMES = 4  # examined from the end
_BLOCK_SIZES = {1: 192, **{n: 576 << n - 2 for n in range(2, 6)}}
_BLOCK_SIZES |= {n: 256 << n - 8 for n in range(8, 16)}
_TOTAL = (1 << 36) - 1
_Marks = tuple[tuple[bytes, int, tuple[bytes, ...]], ...]


def walk(opened: Opened, size: int) -> Part:
    """Find the end of the first FLAC file, and correct its number of samples."""
    info = opened.read_at(_INFO, 34)
    word = int.from_bytes(info[10:18], "big")
    said = word & _TOTAL
    if len(info) < 34 or info.count(0) == 34:
        return Part(0, _next_file(opened, size, _MARK))
    end = size
    if size < _QUICK or _counted(opened, size, info, said) != said or not _ascends(opened, info):
        end = _next_file(opened, size, _MARK)
    found = _counted(opened, end, info, said)
    if found is None:  # no frame at the end: is there something else behind?
        end = _next_file(opened, end, _OTHER_MARKS)
        found = _counted(opened, end, info, said) or said
    if found == said:
        return Part(0, end)
    mended = (word & ~_TOTAL | found).to_bytes(8, "big")
    note = f"its header says {said} samples, but it holds {found}: all were read" if said else ""
    return Part(0, end, ((_INFO + 10, mended),), note)


def _next_file(opened: Opened, size: int, marks: _Marks) -> int:
    """Where another file begins behind the first, or the end."""
    at = 4
    while at < min(size, _SCANNED):
        piece = opened.read_at(at, _PIECE)
        for mark, before, behind in marks:
            found = piece.find(mark)
            follows = piece[found + len(mark) : found + len(mark) + 4]
            if found >= before and follows.startswith(behind):
                return at + found - before
        if len(piece) < _PIECE:
            break
        at += _PIECE - 16
    return size


def _ascends(opened: Opened, info: bytes) -> bool:
    """Whether the numbers of the frames grow all the way: they begin anew in a joined file."""
    size, sizes, last = opened.size(), _sizes(info), -1
    for part in range(_PROBES):
        piece = opened.read_at(size * part // _PROBES, _LEAST_TAIL)
        ends = [end for _, end in _frames(piece, sizes)]
        # Samples may resemble a header, but not two that follow each other.
        first = next((end for end, after in pairwise(ends) if 0 < after - end <= max(sizes)), None)
        if first is not None and first <= last:
            return False
        last = last if first is None else first
    return True


def _sizes(info: bytes) -> tuple[int, int]:
    """The least and the largest number of samples in a frame."""
    return int.from_bytes(info[:2], "big"), int.from_bytes(info[2:4], "big")


def _frames(piece: bytes, sizes: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield where a frame seems to begin, and the number of the sample behind it."""
    for sync in re.finditer(rb"\xff[\xf8\xf9]", piece):
        end = _frame_end(piece[sync.start() : sync.start() + 17], sizes)
        if end:
            yield sync.start(), end


def _counted(opened: Opened, end: int, info: bytes, said: int) -> int | None:
    """Samples up to the end of the last frame, None where that is not found or not whole."""
    length = max(2 * int.from_bytes(info[7:10], "big"), _LEAST_TAIL)
    tail = opened.read_at(max(_INFO, end - length), min(length, end - _INFO))
    if tail[-128:-125] == b"TAG":
        tail = tail[:-128]
    for at, found in [*_frames(tail, _sizes(info))][-_MOST_FRAMES:][::-1]:
        # Samples may resemble a header; only a frame that is whole counts.
        if found == said or _crc16(tail[at:]) == 0:
            return found
    return None


def _frame_end(head: bytes, sizes: tuple[int, int]) -> int:
    """The number of the sample behind a frame, from its header; 0 if it is none."""
    if len(head) < 6 or head[2] >> 4 == 0 or head[2] & 15 == 15 or head[3] >> 4 > 10 or head[3] & 1:
        return 0
    extra = 0 if head[4] < 0x80 else 7 - (head[4] ^ 0xFF).bit_length()
    if extra < 0 or head[4] & 0xC0 == 0x80 or extra > 6:
        return 0
    number = head[4] if head[4] < 0x80 else head[4] & ((1 << max(0, 6 - extra)) - 1)
    for value in head[5 : 5 + extra]:
        number = number << 6 | value & 63
    at = 5 + extra
    code, count = head[2] >> 4, 0
    if code in (6, 7):
        count = int.from_bytes(head[at : at + code - 5], "big") + 1
        at += code - 5
    at += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    if at >= len(head) or _crc8(head[: at + 1]) != 0:
        return 0
    count = count or _BLOCK_SIZES[code]
    by_sample = head[1] & 1 or sizes[0] != sizes[1]
    if not by_sample and count > sizes[1]:
        return 0
    return (number if by_sample else number * sizes[1]) + count


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ _CRC16[value >> 8 ^ byte]
    return value


def _table16() -> list[int]:
    table = []
    for start in range(256):
        value = start << 8
        for _ in range(8):
            value = (value << 1 ^ 0x8005 if value & 0x8000 else value << 1) & 0xFFFF
        table.append(value)
    return table


_CRC16 = _table16()
