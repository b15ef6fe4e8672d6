"""What a file holds by its own bytes, before a decoder believes what its header says.

Decoders read as far as a header tells them. Where that is not true (recordings joined by `cat`,
sizes that wrapped around at 4 GiB, totals that were never brought up to date), sound would be left
out without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tympan.audio._containers import boxes, chunks, flac, frames, ogg
from tympan.audio._containers.part import Part, behind_tags, looks_like
from tympan.audio._containers.view import view
from tympan.audio._source import Opened

_MAX_PARTS = 10_000


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
