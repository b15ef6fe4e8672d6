"""WAV, RF64, W64, AIFF, CAF, AU: how many bytes of sound there are, whatever the header says.

A size may count the header too (no harm), promise more than is there (the end is missing), or less:
then what follows may be other chunks, another recording, or more sound.
"""

from __future__ import annotations

from dataclasses import dataclass

from tympan.audio._containers.parts import Part, looks_like
from tympan.audio._source import Opened

# Lengths that programs write into a header which they cannot come back to: a stream, no lie.
_PLACEHOLDERS = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
_TAGS = (b"TAG", b"ID3", b"APETAGEX")
# Chunks that stand behind the sound; these are known even where they are cut.
_KNOWN = {
    name.ljust(4).encode()
    for name in (
        *("LIST", "INFO", "id3", "ID3", "bext", "iXML", "cue", "smpl", "inst", "fact", "PEAK"),
        *("JUNK", "junk", "PAD", "FLLR", "_PMX", "cart", "axml", "acid", "plst", "strc", "umid"),
        *("NAME", "AUTH", "ANNO", "COMT", "MARK", "INST", "MIDI", "AESD", "APPL", "info", "kuki"),
        *("pakt", "free", "chan", "uuid", "strg", "mark", "regn"),
    )
}
_WRAP = 1 << 32
_STRAY = 3  # bytes that a padding or a transfer as text left behind
_HEADER = 64  # so many bytes too many are a header that was counted with the sound
_AU_TO_THE_END = ((8, b"\xff\xff\xff\xff"),)
_PIECE = 1 << 20
# So many zeros behind the end are room that a recorder reserved; more are silence.
_MAX_ZEROS = 64 << 20


@dataclass(frozen=True)
class _Form:
    """How a family of formats writes its chunks."""

    first: int  # offset of the first chunk
    id_bytes: int
    size_bytes: int
    order: str  # of the bytes: "little" or "big"
    sound: bytes  # the chunk of samples
    align: int = 1
    counts_head: bool = False  # whether a size counts the chunk's own head

    @property
    def head(self) -> int:
        return self.id_bytes + self.size_bytes

    def body(self, raw: bytes) -> int:
        """Bytes behind a chunk's head, from that head."""
        size = int.from_bytes(raw[self.id_bytes : self.head], self.order)  # type: ignore[arg-type]
        return size - self.head if self.counts_head else size

    def raw_size(self, body: int) -> bytes:
        size = body + self.head if self.counts_head else body
        return size.to_bytes(self.size_bytes, self.order)  # type: ignore[arg-type]


_GUID_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_FORMS = {
    b"RIFF": _Form(12, 4, 4, "little", b"data", align=2),
    b"RF64": _Form(12, 4, 4, "little", b"data", align=2),
    b"RIFX": _Form(12, 4, 4, "big", b"data", align=2),
    b"FORM": _Form(12, 4, 4, "big", b"SSND", align=2),
    b"caff": _Form(8, 4, 8, "big", b"data"),
    b"riff": _Form(40, 16, 8, "little", _GUID_DATA, align=8, counts_head=True),
}


def walk(opened: Opened, size: int) -> Part:
    """Find the end of the first recording in a file of chunks, and mend its size of the sound."""
    magic = opened.read_at(0, 4)
    form = _FORMS[magic]
    at, long_size = form.first, 0
    while at + form.head <= size:
        raw = opened.read_at(at, form.head)
        name, body = raw[: form.id_bytes], form.body(raw)
        if name == b"ds64":
            long_size = int.from_bytes(opened.read_at(at + 16, 8), "little")
        if name == form.sound:
            if magic == b"RF64" and body == _WRAP - 1:
                # Zero: a recorder died before it came back to the header.
                body = long_size or size - at - form.head
                return _sound(opened, size, form, at, body, "ds64", unsaid=long_size == 0)
            return _sound(opened, size, form, at, body, magic.decode())
        if body < 0:
            break
        at = _aligned(at + form.head + body, form)
    return Part(0, size)


def walk_au(opened: Opened, size: int) -> Part:
    """AU and NeXT: one header, then samples until the end."""
    start, body = (int.from_bytes(opened.read_at(at, 4), "big") for at in (4, 8))
    rest = size - start
    if body >= _WRAP - 1 or not 24 <= start < size or body == rest:
        return Part(0, size)
    if body == 0:
        return Part(0, size, _AU_TO_THE_END)
    if body > rest + max(start, _HEADER):
        return Part(0, size, problem=_missing(body, rest))
    if body > rest:
        return Part(0, size, _AU_TO_THE_END)
    end, more = _what_follows(opened, start + body, size, None)
    if not more:
        return Part(0, end)
    return Part(0, size, _AU_TO_THE_END, _note(body, rest))


def _sound(
    opened: Opened, size: int, form: _Form, at: int, body: int, magic: str, unsaid: bool = False
) -> Part:
    """The part whose samples are in the chunk at an offset and are said to have a size."""
    start = at + form.head
    rest = size - start
    true = body
    if body == 0 and rest and _next_chunk(opened, start, size, form) is None:
        true = rest  # never brought up to date
    if form.size_bytes == 4 and magic != "ds64":
        if any(body in values for values in _PLACEHOLDERS):
            if rest <= body:
                return Part(0, size)  # decoders know these
            true = rest
        elif body > 0 and rest - body >= _WRAP - _PIECE:
            # Written modulo 4 GiB; the rounding spares up to a MiB of other chunks behind it.
            true = body + (rest - body + _PIECE) // _WRAP * _WRAP
    if form.size_bytes == 8 and form.sound == b"data" and body in (0, (1 << 64) - 1):
        true = rest  # CAF: "until the end"
    if rest < true <= rest + max(start, _HEADER):
        true = rest  # the size counts the header too: all is there
    if true > rest:
        return Part(0, size, problem=_missing(true, rest))
    if true <= 0:
        return Part(0, size)
    if true == rest:
        end, more = size, False
    else:
        end, more = _what_follows(opened, start + true, size, form)
    if more:
        end, true = size, rest
    if true == body and not unsaid:
        return Part(0, end)
    patches = _mended(form, at, true, magic)
    if true >= _WRAP - 1 and form.size_bytes == 4 and magic != "ds64":
        end = start + true  # mended to "all that follows": nothing else may follow
    return Part(0, end, patches, _note(body, true) if more or true - body >= _WRAP else "")


def _mended(form: _Form, at: int, true: int, magic: str) -> tuple[tuple[int, bytes], ...]:
    """What a header must say so that decoders read all the bytes of sound."""
    if magic == "ds64":
        frames_unknown = (0).to_bytes(8, "little")
        return ((28, true.to_bytes(8, "little")), (36, frames_unknown))
    if true < _WRAP - 1 or form.size_bytes == 8:
        return ((at + form.id_bytes, form.raw_size(true)),)
    # More than the field can hold: as if it had never been written, which means all that follows.
    zero = (0).to_bytes(4, "little")
    if magic == "FORM":
        return ((at + 4, zero),)
    return ((4, form.raw_size(8)), (at + 4, zero))


def _missing(said: int, found: int) -> str:
    return f"its header promises {said} bytes of samples, but {found} follow"


def _note(said: int, found: int) -> str:
    return f"its header says {said} bytes of samples, but {found} follow: all were read"


def _aligned(at: int, form: _Form) -> int:
    return at + -at % form.align


def _what_follows(opened: Opened, at: int, size: int, form: _Form | None) -> tuple[int, bool]:
    """Where a recording ends, and whether there is more sound behind its stated end instead."""
    chunks = 0
    while at < size:
        for place in {at, at if form is None else _aligned(at, form)}:
            if looks_like(opened.read_at(place, 64)):
                return place, False
        following = None if form is None else _next_chunk(opened, at, size, form)
        if following is None:
            break
        chunks += 1
        at = following
    if at + _STRAY >= size or chunks or opened.read_at(at, 8).startswith(_TAGS):
        return size, False
    return size, not _only_zeros(opened, at, size)


def _next_chunk(opened: Opened, at: int, size: int, form: _Form) -> int | None:
    """Where the chunk at an offset ends, None if there is none."""
    for place in dict.fromkeys((_aligned(at, form), at)):  # some writers do not pad
        raw = opened.read_at(place, form.head)
        if len(raw) < form.head:
            return size if not raw.strip(b"\0") else None
        body = form.body(raw)
        if raw[:4] in _KNOWN and body > size - place - form.head:
            return size
        named = all(32 <= value < 127 for value in raw[:4])
        if named and 0 <= body <= size - place - form.head:
            return min(size, _aligned(place + form.head + body, form))
    return None


def _only_zeros(opened: Opened, at: int, size: int) -> bool:
    if size - at > _MAX_ZEROS:
        return False
    while at < size:
        piece = opened.read_at(at, _PIECE)
        if not piece or piece.strip(b"\0"):
            return not piece
        at += len(piece)
    return True
