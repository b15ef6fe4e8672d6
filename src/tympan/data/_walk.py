"""What the files and folders of a folder are."""

from __future__ import annotations

from pathlib import Path

from tympan._walk import is_hidden
from tympan.data._formats import AUDIO_SUFFIXES, MAGIC, OTHER_SUFFIXES, SCORE_SUFFIXES


def folders(root: Path) -> list[Path]:
    """The visible folders in a folder, sorted."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not is_hidden(p.name))


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
