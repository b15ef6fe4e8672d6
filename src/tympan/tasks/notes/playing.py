"""The notes that were heard, by the loudspeaker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tympan.tasks.results import Notes


def play_notes(model: Any, source: Any, answer: Notes, path: Path) -> str:
    """Play the notes of an answer; a sentence says why nothing is played.

    Raises:
        MissingDependencyError: sounddevice or PortAudio is not installed.
        TympanError: there is no loudspeaker.
    """
    if not answer.notes:
        return "no notes were heard"
    answer.clip().play()
    return ""
