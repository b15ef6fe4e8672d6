"""One recording in a file, and what its first bytes announce."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.audio._containers.view import Patches
from tympan.audio._source import Opened


@dataclass(frozen=True)
class Part:
    """One recording in a file.

    Attributes:
        start, stop: where it lies, in bytes.
        patches: bytes of its header to read otherwise, at offsets from `start`.
        note: what was wrong and is mended.
        problem: what is wrong and cannot be mended: something is missing.
        holes: pages are missing inside.
        predicted: Opus for speech, whose decoder never quite loses the memory of where it began.
        gaps: time passes inside without sound: only a decoder that follows time stamps keeps it.
    """

    start: int
    stop: int
    patches: Patches = ()
    note: str = ""
    problem: str = ""
    holes: bool = False
    gaps: bool = False
    predicted: bool = False


def looks_like(head: bytes) -> str:
    """The format that a file's first bytes announce, "" if none that is known."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return "AIFF"
    if head[4:8] == b"ftyp":
        return "MP4"
    starts = {b"fLaC": "FLAC", b"OggS": "OGG", b"caff": "CAF", b".snd": "AU", b"riff": "W64"}
    starts |= {b"TTA1": "TTA", b"FLV\x01": "FLV", b"wvpk": "WavPack"}
    starts |= {b"\x1aE\xdf\xa3": "WebM or Matroska", b"ID3\x03": "MP3", b"ID3\x04": "MP3"}
    return starts.get(head[:4], "")


def behind_tags(opened: Opened, at: int) -> int:
    """Where the tag (of titles, names) ends that begins at a place; the place itself if none."""
    head = opened.read_at(at, 32)
    if head[:8] == b"APETAGEX":
        return at + 32 + int.from_bytes(head[12:16], "little")
    if head[:3] == b"TAG":
        return at + 128
    if head[:3] == b"ID3" and len(head) >= 10:
        size = 0
        for value in head[6:10]:
            size = size << 7 | value & 127
        return at + 10 + size
    return at
