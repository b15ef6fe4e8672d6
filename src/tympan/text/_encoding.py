"""Which encoding a text has, and its lines, whatever they end in."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tympan.errors import DataError

_PIECE = 1 << 20
_SAMPLE = 1 << 16
# A line longer than this comes in pieces.
_LONGEST_LINE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = {
    b"PK\x03\x04": "a ZIP archive (an EPUB must end in .epub)",
    b"%PDF": "a PDF",
    b"\x7fELF": "a program",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"RIFF": "sound or video",
    b"OggS": "sound",
    b"fLaC": "sound",
    b"ID3": "sound",
    b"{\\rtf": "RTF",
    b"\xd0\xcf\x11\xe0": "an old Word file",
    b"\x1f\x8b": "compressed by gzip",
}
_HANDLER = "tympan-western"
# Of Latin letters few are no ASCII, of others all.
_LATIN = 0.35
_OF_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257")
_OF_OTHERS = (
    *("cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "cp874"),
    *("shift_jis", "euc_jp", "gb18030", "big5", "euc_kr"),
)


def _western(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8, as Windows writes western languages."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    raw = error.object[error.start : error.end]
    # Five bytes have no meaning there; they have one in Latin-1.
    return "".join(_character(one) for one in raw), error.end


def _character(value: int) -> str:
    try:
        return bytes([value]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(value)


codecs.register_error(_HANDLER, _western)


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers, without what they end in.

    A very long line comes in pieces that have the same number.

    Raises:
        DataError: it cannot be read, or is no text.
    """
    try:
        encoding = _encoding(path)
        with path.open("rb") as file:
            yield from lines_in(file, encoding, path)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error


def lines_in(file: IO[bytes], encoding: str | None, name: Any) -> Iterator[tuple[int, str]]:
    """The lines of an open file.

    Args:
        file: it may be one that cannot be read again.
        encoding: None: UTF-8, or the marks at its beginning; other bytes are taken for western.
        name: for messages.

    Raises:
        DataError: it is no text.
    """
    buffered = io.BufferedReader(file) if not hasattr(file, "peek") else file  # type: ignore
    head = buffered.peek(_SAMPLE)[:_SAMPLE]
    if encoding is None:
        encoding = _by_head(head, name) or "utf-8"
    errors = _HANDLER if encoding in ("utf-8", "utf-8-sig", "cp1252") else "replace"
    text = io.TextIOWrapper(buffered, encoding, errors=errors, newline=None)
    number, inside = 1, False
    try:
        while line := text.readline(_LONGEST_LINE):
            yield number, line.rstrip("\n")
            inside = not line.endswith("\n")
            number += not inside
    except UnicodeError as error:
        what = f"is no {encoding} text (line {number})"
        raise DataError(what, file=name, fix="save it as UTF-8") from error
    finally:
        text.detach()


def _by_head(head: bytes, name: Any) -> str | None:
    """The encoding that a file's first bytes show.

    Raises:
        DataError: they show that it is no text.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for magic, kind in _NO_TEXT.items():
        if head.startswith(magic):
            what = f"is no text, but {kind}"
            raise DataError(what, file=name, fix="give a .txt, .md or .epub")
    zeros = [head[first::2].count(0) for first in (0, 1)]
    half = max(1, len(head) // 2)
    if zeros[1] > 0.4 * half and zeros[0] < 0.1 * half:
        return "utf-16-le"
    if zeros[0] > 0.4 * half and zeros[1] < 0.1 * half:
        return "utf-16-be"
    if sum(zeros) > 0:
        what = "holds NUL bytes, it is no text"
        raise DataError(what, file=name, fix="give a .txt, .md or .epub")
    return None


def _encoding(path: Path) -> str:
    """The encoding of a file: by its marks, UTF-8 if it is that throughout, else a guess."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        found = _by_head(head, path)
        if found is not None:
            return found
        at, piece = 0, head
        while piece:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                file.seek(max(0, at + error.start - 200))
                return _guess(file.read(_SAMPLE))
            at += len(piece)
            piece = file.read(_PIECE)
    return "utf-8"


def _guess(sample: bytes) -> str:
    """The encoding of bytes that are no UTF-8.

    Without charset-normalizer: that of Windows for western languages.
    """
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return "cp1252"
    # Lines of ASCII alone say nothing, and most of a book may be such.
    lines = b"\n".join(line for line in re.split(rb"[\r\n]+", sample) if not line.isascii())
    high = sum(byte >= 128 for byte in lines)
    latin = high < _LATIN * len(lines)
    found = from_bytes(lines, cp_isolation=list(_OF_LATIN if latin else _OF_OTHERS))
    best = found.best()
    usual = next((one for one in found if one.encoding == "cp1252"), None)
    if best is None or (usual is not None and best.coherence <= usual.coherence + 0.05):
        return "cp1252"
    return str(best.encoding)
