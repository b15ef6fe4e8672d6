"""`tympan.notes`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Notes


def notes(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    onset: float | None = None,
    frame: float | None = None,
    shortest_s: float | None = None,
    lowest: str | None = None,
    highest: str | None = None,
    clean_notes: bool = False,
    tuning_hz: float | None = None,
    bends: bool = False,
    tempo_bpm: float | None = None,
    instrument: str | None = None,
    device: str = "auto",
    clean: bool | None = None,
) -> Notes:
    """Which notes were played in a recording?

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: catalogue name or folder of a model; `notes` by default.
        onset: score from which a note begins, 0 … 1; lower finds more notes, and more wrong ones.
        frame: score below which it has ended.
        shortest_s: shorter notes are dropped.
        lowest: lowest note, such as `"E2"` or `"40"`.
        highest: highest note.
        clean_notes: only notes that are sure: fewer, and fewer wrong.
        tuning_hz: pitch of the A that the instruments are tuned to; found by default.
        bends: pitch bends of each note, where voices slide or tremble.
        tempo_bpm: beats per minute; found by default.
        instrument: what the notes are said to be played by, for files that name it.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        The notes with tempo, beats, key and chords; what may be wrong with them stands in its
        `warnings`. `save("a.mid")` writes them with bars where they were heard.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: an argument out of range.
    """
    options = {
        "onset": onset,
        "frame": frame,
        "shortest_s": shortest_s,
        "lowest": lowest,
        "highest": highest,
        "clean_notes": clean_notes,
        "tuning_hz": tuning_hz,
        "bends": bends,
        "tempo_bpm": tempo_bpm,
        "instrument": instrument,
    }
    found = answered("notes", source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return cast("Notes", found)
