"""Sound as bytes: bare samples, or what follows the header of a WAV file that may never end."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tympan.errors import ArgumentError, AudioFileError
from tympan.live.sources.base import CHUNK_S, Wave

Read = Callable[[int], bytes]
"""Gives up to so many bytes as soon as some are there; none at the end."""

_FORMATS = {
    "u8": ("u1", 128.0, 128.0),
    "s16le": ("<i2", 0.0, 32768.0),
    "s16be": (">i2", 0.0, 32768.0),
    "s24le": ("s24", 0.0, 8388608.0),
    "s32le": ("<i4", 0.0, 2147483648.0),
    "f32le": ("<f4", 0.0, 1.0),
    "f64le": ("<f8", 0.0, 1.0),
}
_BYTES = {"u1": 1, "<i2": 2, ">i2": 2, "s24": 3, "<i4": 4, "<f4": 4, "<f8": 8}
# A header behind so many bytes is none.
_HEADER_BYTES = 1 << 20


@dataclass(frozen=True)
class Layout:
    """How bytes are samples.

    Attributes:
        kind: one of u8, s16le, s16be, s24le, s32le, f32le, f64le.
        rate_hz: samples a second.
        channels: how many, interleaved.

    >>> parse_layout("s16le:16000:1").frame_bytes
    2
    """

    kind: str
    rate_hz: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return _BYTES[_FORMATS[self.kind][0]] * self.channels

    def samples(self, data: bytes) -> Wave:
        """Whole frames of bytes as `(c, t)`."""
        kind, zero, full = _FORMATS[self.kind]
        if kind == "s24":
            three = np.frombuffer(data, np.uint8).reshape(-1, 3)
            wide = np.zeros((len(three), 4), np.uint8)
            wide[:, 1:] = three
            values = (wide.view("<i4")[:, 0] >> 8).astype(np.float32)
        else:
            with np.errstate(over="ignore"):  # beyond what a float holds is infinite
                values = np.frombuffer(data, np.dtype(kind)).astype(np.float32)
        found = (values - np.float32(zero)) / np.float32(full)
        return np.ascontiguousarray(found.reshape(-1, self.channels).T)


def parse_layout(text: str) -> Layout:
    """Read `"s16le:16000:1"`: format, rate in Hz, channels (1 unless given).

    Raises:
        ArgumentError: it is none.

    >>> parse_layout("mp3")
    Traceback (most recent call last):
    tympan.errors.ArgumentError: --pcm 'mp3' is no layout of samples (write s16le:16000:1, that \
is FORMAT:RATE:CHANNELS; formats are u8, s16le, s16be, s24le, s32le, f32le, f64le)
    """
    found = re.fullmatch(r"(\w+):(\d{1,7})(?::(\d{1,3}))?", text.strip().lower())
    kinds = ", ".join(_FORMATS)
    fix = f"write s16le:16000:1, that is FORMAT:RATE:CHANNELS; formats are {kinds}"
    if found is None or found[1] not in _FORMATS:
        raise ArgumentError(f"--pcm {text!r} is no layout of samples", fix=fix)
    rate, channels = int(found[2]), int(found[3] or 1)
    if not 100 <= rate <= 1_000_000 or not 1 <= channels <= 128:
        raise ArgumentError(f"--pcm {text!r}: rate or channels are out of range", fix=fix)
    return Layout(found[1], rate, channels)


def raw_samples(read: Read, layout: Layout, start: bytes = b"") -> Iterator[Wave]:
    """Samples `(c, t)` as they come; a frame that is cut at the end is left out."""
    frame = layout.frame_bytes
    wanted = max(1, int(CHUNK_S * layout.rate_hz)) * frame
    held = start
    while True:
        whole = len(held) // frame * frame
        if whole:
            yield layout.samples(held[:whole])
            held = held[whole:]
        data = read(wanted)
        if not data:
            return
        held += data


def wav_header(read: Read, start: bytes, name: str) -> tuple[Layout, bytes]:
    """The layout that the header of a WAV file states, and the samples that came with it.

    Of its length nothing is believed: a recorder that still writes does not know it.

    Raises:
        AudioFileError: it is damaged, ends, or holds no plain samples.
    """
    held = start
    at, layout = 12, None
    while True:
        held = _filled(read, held, at + 8, name)
        name_, size = held[at : at + 4], struct.unpack("<I", held[at + 4 : at + 8])[0]
        if name_ == b"data":
            if layout is None:
                raise AudioFileError("is a damaged WAV file: it does not say its format", file=name)
            return layout, held[at + 8 :]
        if at + 8 + size > _HEADER_BYTES:
            raise AudioFileError("is a damaged WAV file: its header has no end", file=name)
        held = _filled(read, held, at + 8 + size + size % 2, name)
        if name_ == b"fmt ":
            layout = _stated(held[at + 8 : at + 8 + size], name)
        at += 8 + size + size % 2


def _filled(read: Read, held: bytes, length: int, name: str) -> bytes:
    while len(held) < length:
        data = read(length - len(held))
        if not data:
            raise AudioFileError("ends inside its header", file=name)
        held += data
    return held


def _stated(chunk: bytes, name: str) -> Layout:
    if len(chunk) < 16:
        raise AudioFileError("is a damaged WAV file: its format is cut", file=name)
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == 0xFFFE and len(chunk) >= 26:
        tag = struct.unpack("<H", chunk[24:26])[0]
    kinds = {(1, 8): "u8", (1, 16): "s16le", (1, 24): "s24le", (1, 32): "s32le"}
    kinds |= {(3, 32): "f32le", (3, 64): "f64le"}
    kind = kinds.get((tag, bits))
    if kind is None or not channels or not rate:
        what = f"is a WAV file of a kind that cannot be followed (format {tag}, {bits} bits)"
        raise AudioFileError(what, file=name, fix="write plain 16-bit samples")
    return parse_layout(f"{kind}:{rate}:{channels}")
