"""What a page is called by default, so that it never replaces the page of another recording."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from tympan._files import check_target
from tympan.report.marker import mark, recording_key, written_for


def key_of(source: Any, digest: str) -> str:
    """Which recording a page is about: a file by its place, anything else by its samples."""
    if isinstance(source, str | os.PathLike):
        return recording_key(source)
    return digest[:16]


def marked(html: str, source: Any, digest: str) -> str:
    """A page that says at its end which recording it is about."""
    if isinstance(source, str | os.PathLike):
        return mark(html, source)
    return f"{html.rstrip()}\n<!-- recording {digest[:16]} -->\n"


def page_for(name: str, key: str, source: Any = None) -> Path:
    """A page in the working directory: called after the recording, numbered if that is taken.

    A page about the same recording is replaced; that of another, and any other file, is not.

    Args:
        name: of the recording.
        key: from `key_of`.
        source: the recording, which is not overwritten either.
    """
    named = "" if name.startswith("<") else Path(name).stem
    stem = re.sub(r"[^\w.() -]", "_", named).strip(" .")[:100] or "recording"
    number = 1
    while True:
        target = Path(f"{stem}.html" if number == 1 else f"{stem}-{number}.html")
        if not os.path.lexists(target) or written_for(target) == key:
            return check_target(target, source)
        number += 1
