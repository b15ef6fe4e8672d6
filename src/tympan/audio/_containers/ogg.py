"""Ogg: where one logical stream ends and the next begins, and whether pages are missing."""

from __future__ import annotations

import zlib

from tympan.audio._containers.parts import Part, looks_like
from tympan.audio._source import Opened

_HEAD = 27
_FIRST = 2  # the flag of a stream's first page
_PIECE = 1 << 18
_TURNED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def walk(opened: Opened, size: int) -> Part:
    """Find the end of the first link of a chain, page by page."""
    at, sounding, holes, problem = 0, False, False, ""
    expected: dict[bytes, int] = {}
    opus = _Opus()
    while at < size:
        head = opened.read_at(at, _HEAD + 255)
        if head[:4] != b"OggS":
            if looks_like(head):
                size = at
                break
            following = _next_page(opened, at, size)
            if following < 0:
                break
            holes, at = True, following
            continue
        head = head[: _HEAD + head[26]] if len(head) > _HEAD else head
        page = opened.read_at(at, len(head) + sum(head[_HEAD:]))
        if len(head) < _HEAD or len(page) < len(head) + sum(head[_HEAD:]):
            problem = "its last page is cut"
            break
        if not _is_whole(page):  # decoders leave it out
            holes, problem = True, "one of its pages is damaged"
            at += 4
            continue
        if head[5] & _FIRST:
            if sounding:
                size = at
                break
        else:
            sounding = True
        opus.page(head, page[len(head) :])
        serial, number = head[14:18], int.from_bytes(head[18:22], "little")
        holes = holes or expected.get(serial, number) != number
        expected[serial] = number + 1
        at += len(page)
    return Part(0, size, problem=problem, holes=holes, gaps=opus.gaps, predicted=opus.predicted)


def _is_whole(page: bytes) -> bool:
    """Whether a page has the check sum (CRC-32, most significant bit first) that it states.

    zlib's runs the other way, so each byte and the result are turned round.
    """
    cleared = page[:22] + bytes(4) + page[26:]
    value = zlib.crc32(cleared.translate(_TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    turned = value.to_bytes(4, "little").translate(_TURNED)
    return turned == page[22:26][::-1]


class _Opus:
    """What the first bytes of Opus packets tell.

    Attributes:
        gaps: pages span more time than their packets: some were never sent (DTX).
        predicted: some packets are speech (SILK), predicted from long ago.
    """

    _LEAST = 240  # samples at 48 kHz, less than the shortest packet that recorders make

    def __init__(self) -> None:
        self.gaps = self.predicted = False
        self._serial: bytes | None = None
        self._granule = 0
        self._pages = 0

    def page(self, head: bytes, body: bytes) -> None:
        """Take the next page."""
        if self.gaps and self.predicted:
            return
        if head[5] & _FIRST and body[:8] == b"OpusHead":
            self._serial = head[14:18]
            return
        granule = int.from_bytes(head[6:14], "little", signed=True)
        if self._serial is None or head[14:18] != self._serial:
            return
        samples = self._samples(head, body)
        if granule <= 0:
            return
        # The first page with sound may begin anywhere, the last may end early.
        self._pages += 1
        missing = granule - self._granule - samples
        self.gaps = self.gaps or (self._pages > 1 and missing >= self._LEAST)
        self._granule = granule

    def _samples(self, head: bytes, body: bytes) -> int:
        """Samples at 48 kHz of the packets that begin on a page, by their first bytes."""
        total, at, begins = 0, 0, not head[5] & 1
        for size in head[_HEAD:]:
            if begins and at < len(body):
                total += _opus_samples(body[at : at + 2])
                speech = body[at] >> 3 < 16 and body[at : at + 8] != b"OpusTags"
                self.predicted = self.predicted or speech
            begins = size < 255
            at += size
        return total


def _opus_samples(head: bytes) -> int:
    """Samples at 48 kHz in an Opus packet, from its first two bytes (RFC 6716, 3.1)."""
    mode, code = head[0] >> 3, head[0] & 3
    if mode < 12:
        frame = (480, 960, 1920, 2880)[mode & 3]
    elif mode < 16:
        frame = (480, 960)[mode & 1]
    else:
        frame = (120, 240, 480, 960)[mode & 3]
    count = (1, 2, 2, head[1] & 63 if len(head) > 1 else 0)[code]
    return frame * count


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
