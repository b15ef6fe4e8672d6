"""TTA, FLV, WavPack: where the first recording ends, frame by frame."""

from __future__ import annotations

from tympan.audio._containers.part import Part, behind_tags
from tympan.audio._source import Opened


def walk_tta(opened: Opened, size: int) -> Part:
    """Add up the table of frame sizes behind the header."""
    head = opened.read_at(0, 22)
    if len(head) < 22:
        return Part(0, size)
    rate_hz, samples = (int.from_bytes(head[at : at + 4], "little") for at in (10, 14))
    per_frame = rate_hz * 256 // 245
    count = -(-samples // per_frame) if per_frame else 0
    table = opened.read_at(22, 4 * min(count, size // 4))
    sizes = [int.from_bytes(table[at : at + 4], "little") for at in range(0, len(table), 4)]
    end = 22 + 4 * count + 4 + sum(sizes)
    return Part(0, min(end, size))


def walk_flv(opened: Opened, size: int) -> Part:
    """Follow the tags, each with its size before and behind it."""
    at = int.from_bytes(opened.read_at(5, 4), "big") + 4
    while at + 11 <= size:
        head = opened.read_at(at, 11)
        if head[:3] == b"FLV":
            return Part(0, at)
        if head[0] & 0x1F not in (8, 9, 18):
            break
        at += 11 + int.from_bytes(head[1:4], "big") + 4
    return Part(0, size)


def walk_wavpack(opened: Opened, size: int) -> Part:
    """Follow the blocks; the number of a block's first sample begins anew with a new recording."""
    at = last = 0
    while at + 32 <= size:
        head = opened.read_at(at, 32)
        if head[:4] != b"wvpk":
            return Part(0, at if behind_tags(opened, at) > at else size)
        number = int.from_bytes(head[16:20], "little")
        samples = int.from_bytes(head[20:24], "little")
        if samples and number < last:
            return Part(0, at)
        last = number if samples else last
        at += 8 + int.from_bytes(head[4:8], "little")
    return Part(0, size)
