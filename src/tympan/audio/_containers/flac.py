"""FLAC: how many samples there are by the last frame, whatever the header says."""

from __future__ import annotations

from tympan.audio._containers.parts import Part
from tympan.audio._source import Opened

_INFO = 8  # offset of STREAMINFO's content
# What other files hold near their beginnings, and how far from it.
_MARKS = (
    (b"fLaC\x00\x00\x00\x22", 0),
    (b"fLaC\x80\x00\x00\x22", 0),
    (b"OggS\x00\x02", 0),
    (b"WAVEfmt ", 8),
    (b"AIFFCOMM", 8),
)
_PIECE = 4 << 20
# Looked through for files joined to the first; in a longer file that would take too long.
_SCANNED = 256 << 20
_LEAST_TAIL = 1 << 16
_MOST_FRAMES = 4  # looked at from the end
_BLOCK_SIZES = {1: 192, **{n: 576 << n - 2 for n in range(2, 6)}}
_BLOCK_SIZES |= {n: 256 << n - 8 for n in range(8, 16)}
_TOTAL = (1 << 36) - 1


def walk(opened: Opened, size: int) -> Part:
    """Find the end of the first FLAC file, and correct its number of samples."""
    end = _next_file(opened, size)
    info = opened.read_at(_INFO, 34)
    if len(info) < 34 or info.count(0) == 34:
        return Part(0, end)
    word = int.from_bytes(info[10:18], "big")
    said = word & _TOTAL
    found = _counted(opened, end, info, said)
    if found == said:
        return Part(0, end)
    mended = (word & ~_TOTAL | found).to_bytes(8, "big")
    note = f"its header says {said} samples, but it holds {found}: all were read" if said else ""
    return Part(0, end, ((_INFO + 10, mended),), note)


def _next_file(opened: Opened, size: int) -> int:
    """Where another file begins behind the first, or the end."""
    at = 4
    while at < min(size, _SCANNED):
        piece = opened.read_at(at, _PIECE)
        hits = [found - before for mark, before in _MARKS if (found := piece.find(mark)) >= before]
        if hits:
            return at + min(hits)
        if len(piece) < _PIECE:
            break
        at += _PIECE - 16
    return size


def _counted(opened: Opened, end: int, info: bytes, said: int) -> int:
    """Samples up to the end of the last frame if that one is whole, else what the header says."""
    length = max(2 * int.from_bytes(info[7:10], "big"), _LEAST_TAIL)
    tail = opened.read_at(max(_INFO, end - length), min(length, end - _INFO))
    if tail[-128:-125] == b"TAG":
        tail = tail[:-128]
    sizes = int.from_bytes(info[:2], "big"), int.from_bytes(info[2:4], "big")
    at, tried = len(tail), 0
    while tried < _MOST_FRAMES:
        at = max(tail.rfind(b"\xff\xf8", 0, at), tail.rfind(b"\xff\xf9", 0, at))
        if at < 0:
            break
        found = _frame_end(tail[at : at + 17], sizes)
        # Samples may look like a header; only a frame that is whole counts.
        if found and (found == said or _crc16(tail[at:]) == 0):
            return found
        tried += found > 0
    return said


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
