"""MPEG audio (MP3 and its kin): what the first frame states, and what a frame's header says."""

from __future__ import annotations

from tympan.audio._containers.part import behind_tags
from tympan.audio._source import Opened

_KBITS = {
    # (version 1?, layer): by the index of the bit rate
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_KBITS[False, 3] = _KBITS[False, 2]
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def is_mpeg(head: bytes) -> bool:
    """Whether a file starts like MP3 (or layer 1, 2); layer 0 in the same place is AAC."""
    sync = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 != 0
    return sync or head[:3] == b"ID3"


def frame(head: bytes) -> tuple[int, int, int] | None:
    """Bytes, samples and rate of a frame, from its first four bytes; None if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bits in (0, 15) or rate == 3:
        return None
    rate_hz = _RATES_HZ[version][rate]
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    slot, padding = (4 if layer == 1 else 1), head[2] >> 1 & 1
    kbits = _KBITS[version == 3, layer][bits - 1]
    length = (samples // 8 * 1000 * kbits // rate_hz // slot + padding) * slot
    return length, samples, rate_hz


def stated_samples(opened: Opened) -> int | None:
    """Samples by the count in the first frame (Xing, Info, VBRI), None if there is none."""
    raw = opened.read_at(behind_tags(opened, 0), 4096)
    while len(raw) > 4 and frame(raw) is None:  # padding behind the tag
        following = raw.find(b"\xff", 1)
        if following < 0:
            return None
        raw = raw[following:]
    found = frame(raw[:4])
    if found is None:
        return None
    for name, start in ((b"Xing", None), (b"Info", None), (b"VBRI", 36)):
        place = raw.find(name, 4, 48) if start is None else start
        if place >= 0 and raw[place : place + 4] == name:
            if name != b"VBRI" and not raw[place + 7] & 1:
                return None
            first = place + (14 if name == b"VBRI" else 8)
            return int.from_bytes(raw[first : first + 4], "big") * found[1]
    return None
