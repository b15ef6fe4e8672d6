"""The header of a WAV file whose length is not known yet, and of one beyond 4 GiB.

After EBU Tech 3306, *RF64: An extended file format for audio* (2009): room for 64-bit lengths is
kept in a chunk that says nothing, so that a header of the same size can take its place at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

from tympan.audio._pcm import as_stored

BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32}
"""How samples may be stored here."""

RIFF_LIMIT = 0xFFFFFFFF - 1
"""What follows the first length in a WAV file may have so many bytes."""

_UNKNOWN = 0xFFFFFFFF
_NAMES = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "date": b"ICRD",
    "genre": b"IGNR",
    "tracknumber": b"ITRK",
    "comment": b"ICMT",
    "software": b"ISFT",
    "copyright": b"ICOP",
}


def header(
    rate_hz: int,
    channels: int,
    subtype: str,
    tags: Mapping[str, str],
    data_bytes: int | None = None,
    limit: int = RIFF_LIMIT,
) -> bytes:
    """All that stands before the samples; of the same size whatever `data_bytes` is.

    Args:
        rate_hz, channels, subtype: of the samples; `subtype` is one of `BITS`.
        tags: see `tympan.audio.tags`.
        data_bytes: how many bytes of samples there are; None: not known yet.
        limit: from so many bytes on it is RF64.

    >>> len(header(8000, 1, "PCM_16", {})) == len(header(8000, 1, "PCM_16", {}, 1 << 40))
    True
    """
    frame = channels * BITS[subtype] // 8
    size = 0 if data_bytes is None else data_bytes
    middle = _format(rate_hz, channels, subtype, size // frame) + _info(tags)
    total = 4 + 36 + len(middle) + 8 + size + size % 2
    if data_bytes is None:
        first, long_sizes, total, size = b"RIFF", _chunk(b"JUNK", bytes(28)), _UNKNOWN, _UNKNOWN
    elif total > limit:
        sizes = struct.pack("<QQQI", total, size, size // frame, 0)
        first, long_sizes, total, size = b"RF64", _chunk(b"ds64", sizes), _UNKNOWN, _UNKNOWN
    else:
        first, long_sizes = b"RIFF", _chunk(b"JUNK", bytes(28))
    start = first + struct.pack("<I", total) + b"WAVE"
    return start + long_sizes + middle + b"data" + struct.pack("<I", size)


def _format(rate_hz: int, channels: int, subtype: str, samples: int) -> bytes:
    bits = BITS[subtype]
    frame = channels * bits // 8
    kind = 3 if subtype == "FLOAT" else 1
    body = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * frame, frame, bits)
    if kind == 1:
        return _chunk(b"fmt ", body)
    # What is no PCM states its number of samples.
    fact = struct.pack("<I", min(samples, _UNKNOWN))
    return _chunk(b"fmt ", body + b"\0\0") + _chunk(b"fact", fact)


def _info(tags: Mapping[str, str]) -> bytes:
    texts = b"".join(
        _chunk(_NAMES[name], value.encode("utf-8", "replace") + b"\0")
        for name, value in tags.items()
        if name in _NAMES
    )
    return _chunk(b"LIST", b"INFO" + texts) if texts else b""


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def to_bytes(samples: np.ndarray, subtype: str) -> bytes:
    """Samples float32 `(t, c)` as a WAV file holds them."""
    stored = as_stored(samples, subtype)
    if subtype == "PCM_24":  # the upper three of four bytes
        wide = np.ascontiguousarray(stored, "<i4").view(np.uint8)
        return wide.reshape(-1, 4)[:, 1:].tobytes()
    return stored.astype(stored.dtype.newbyteorder("<"), copy=False).tobytes()


def from_bytes(raw: bytes, subtype: str, channels: int) -> np.ndarray:
    """The inverse of `to_bytes`: float32 `(t, c)`."""
    if subtype == "FLOAT":
        return np.frombuffer(raw, "<f4").reshape(-1, channels).astype(np.float32, copy=False)
    if subtype == "PCM_24":
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        values, full = wide.view("<i4")[:, 0], 1 << 31
    else:
        values = np.frombuffer(raw, "<i2" if subtype == "PCM_16" else "<i4")
        full = 1 << (BITS[subtype] - 1)
    return (values.astype(np.float64) / full).astype(np.float32).reshape(-1, channels)
