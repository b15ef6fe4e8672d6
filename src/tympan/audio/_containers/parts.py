"""What a file holds by its own bytes, before a decoder believes what its header says.

Decoders read as far as a header tells them. Where that is not true (recordings joined by `cat`,
sizes that wrapped around at 4 GiB, totals that were never brought up to date), sound would be left
out without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tympan.audio._containers.view import Patches, view
from tympan.audio._source import Opened

_MAX_PARTS = 10_000


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


def parts_of(opened: Opened) -> list[Part]:
    """Return the recordings that a file consists of; a single one where nothing is known."""
    return list(_parts(opened))


def _parts(opened: Opened) -> Iterator[Part]:
    start, size = 0, opened.size()
    for _ in range(_MAX_PARTS):
        first = _first_part(view(opened, start, size), size - start)
        yield replace(first, start=start, stop=start + first.stop)
        start += first.stop
        if start < size:
            start = behind_tags(opened, start)
        # What follows is another recording only if it announces itself.
        if start >= size or not looks_like(opened.read_at(start, 64)):
            return


def _first_part(opened: Opened, size: int) -> Part:
    """The first recording in a file, from its beginning."""
    from tympan.audio._containers import boxes, chunks, flac, frames, ogg

    walks = {
        "WAV": chunks.walk,
        "AIFF": chunks.walk,
        "CAF": chunks.walk,
        "AU": chunks.walk_au,
        "W64": chunks.walk,
        "FLAC": flac.walk,
        "OGG": ogg.walk,
        "MP4": boxes.walk_mp4,
        "AVI": boxes.walk_avi,
        "TTA": frames.walk_tta,
        "FLV": frames.walk_flv,
        "WavPack": frames.walk_wavpack,
        "WebM or Matroska": boxes.walk_matroska,
    }
    walk = walks.get(looks_like(opened.read_at(0, 64)))
    return Part(0, size) if walk is None else walk(opened, size)
