"""The files of a folder that count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tympan.data._formats import AUDIO_SUFFIXES, MAGIC, OTHER_SUFFIXES, SCORE_SUFFIXES


def walk(root: Path) -> Iterator[Path]:
    """Every visible file below a folder, sorted, entering each real directory once."""
    seen: set[tuple[int, int]] = set()

    def visit(folder: Path) -> Iterator[Path]:
        stat = folder.stat()
        if (stat.st_dev, stat.st_ino) in seen:
            return
        seen.add((stat.st_dev, stat.st_ino))
        for entry in sorted(folder.iterdir()):
            if is_hidden(entry):
                continue
            if entry.is_dir():
                yield from visit(entry)
            elif entry.is_file():
                yield entry

    yield from visit(root)


def folders(root: Path) -> list[Path]:
    """The visible folders in a folder, sorted."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not is_hidden(p))


def is_audio(path: Path) -> bool:
    """Whether a file is worth opening as audio: by its suffix, else by its first bytes."""
    suffix = path.suffix.lower()
    if suffix in AUDIO_SUFFIXES:
        return True
    if suffix in OTHER_SUFFIXES or not path.is_file():
        return False
    with path.open("rb") as file:
        return MAGIC.match(file.read(16)) is not None


def is_score(path: Path) -> bool:
    """Whether a file is a score (MIDI or ABC), by its suffix."""
    return path.suffix.lower() in SCORE_SUFFIXES


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is passed over."""
    # "__MACOSX" and "._x" are what macOS leaves in archives.
    return path.name.startswith(".") or path.name == "__MACOSX"
