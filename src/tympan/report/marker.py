"""Which recording a page is about, so that it is not overwritten with a page about another."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

_MARK = re.compile(r"<!-- recording ([0-9a-f]{16}) -->")
_TAIL_BYTES = 200


def recording_key(path: str | os.PathLike[str] | None) -> str:
    """What stands for a recording: a digest of where it lies, which does not tell where.

    Args:
        path: of the recording; None: a stream, which lies nowhere.

    >>> recording_key(None)
    ''
    >>> len(recording_key("a.wav"))
    16
    """
    if path is None:
        return ""
    place = os.fsencode(os.path.realpath(path))
    return hashlib.sha256(place).hexdigest()[:16]


def mark(html: str, source: object) -> str:
    """A page that says at its end which recording it is about, where that is a file."""
    if not isinstance(source, str | os.PathLike):
        return html
    return f"{html.rstrip()}\n<!-- recording {recording_key(source)} -->\n"


def written_for(page: Path) -> str | None:
    """The key of the recording that a page is about; None where it does not say.

    >>> import tempfile
    >>> page = Path(tempfile.mkdtemp()) / "a.html"
    >>> _ = page.write_text(mark("<html></html>", "a.wav"))
    >>> written_for(page) == recording_key("a.wav")
    True
    """
    try:
        with page.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            found = _MARK.search(file.read().decode("utf-8", "replace"))
    except OSError:
        return None
    return found.group(1) if found else None
