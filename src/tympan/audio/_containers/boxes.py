"""MP4, Matroska, AVI: whether the outermost boxes are all there."""

from __future__ import annotations

from tympan.audio._containers.part import Part
from tympan.audio._source import Opened

_CUT = "its end is missing"


def walk_mp4(opened: Opened, size: int) -> Part:
    """Follow the top-level boxes: to the next film, if one was joined to the first."""
    at = 0
    kinds: set[bytes] = set()
    while at + 8 <= size:
        head = opened.read_at(at, 16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if not all(32 <= value < 127 or value == 0xA9 for value in kind):
            break  # not a box: something was appended
        if kind == b"ftyp" and b"moov" in kinds and kinds & {b"mdat", b"moof"}:
            return Part(0, at)
        kinds.add(kind)
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length == 0:  # to the end
            break
        if length < 8:
            break
        at += length
        if at > size:
            return Part(0, size, problem=_CUT)
    return Part(0, size)


def walk_avi(opened: Opened, size: int) -> Part:
    """Compare the lengths of the outermost chunks with what is there."""
    at = 0
    while at + 12 <= size:
        head = opened.read_at(at, 12)
        length = int.from_bytes(head[4:8], "little")
        if head[:4] != b"RIFF" or length == 0 or length >= 0xFFFF0000:  # never brought up to date
            break
        at += 8 + length + length % 2
    # One byte of padding may be left out at the end.
    return Part(0, size, problem=_CUT if at > size + 1 else "")


def walk_matroska(opened: Opened, size: int) -> Part:
    """Compare the length that the segment states with what is there."""
    at = 0
    for kind in (b"\x1aE\xdf\xa3", b"\x18S\x80g"):
        head = opened.read_at(at, 12)
        if head[:4] != kind:
            break
        length, width, unknown = _size(head[4:])
        if unknown:  # sent while it was recorded
            break
        at += 4 + width + length
        if at > size:
            return Part(0, size, problem=_CUT)
    return Part(0, size)


# What may stand in a segment or a cluster of Matroska; the first two are gone into.
_INSIDE = {b"\x1f\x43\xb6\x75", b"\x18\x53\x80\x67"}
_ELEMENTS = _INSIDE | {
    *(b"\x1aE\xdf\xa3", b"\x11M\x9bt", b"\x15I\xa9f", b"\x16T\xaek", b"\x1cS\xbbk"),
    *(b"\x19A\xa4i", b"\x10C\xa7p", b"\x12T\xc3g", b"\xec", b"\xbf"),
    *(b"\xe7", b"\xa3", b"\xa0", b"\xab", b"\xa7", b"\xaf", b"\x58\x54"),
}


def is_intact_matroska(opened: Opened) -> bool:
    """Whether all elements follow one another; where bytes were damaged, a reader skips some."""
    at, size = 0, opened.size()
    while at < size:
        head = opened.read_at(at, 12)
        width = 9 - head[0].bit_length() if head[0] else 9
        if head[:width] not in _ELEMENTS:
            return False
        length, more, unknown = _size(head[width:])
        at += width + more
        if head[:width] not in _INSIDE:
            if unknown:
                return False
            at += length
    return at == size


def _size(raw: bytes) -> tuple[int, int, bool]:
    """A variable-length size: its value, its width in bytes, and whether it says "unknown"."""
    if not raw or raw[0] == 0:
        return 0, 1, True
    width = 9 - raw[0].bit_length()
    value = int.from_bytes(raw[:width], "big") & ((1 << 7 * width) - 1)
    return value, width, value == (1 << 7 * width) - 1
