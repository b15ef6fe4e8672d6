"""Which notes were played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.notation.note import Note
from tympan.tasks.results.base import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# People see so many notes; `--json` and files hold them all.
MOST_SHOWN = 20


@dataclass(frozen=True)
class Notes(Result):
    """Which notes were played.

    Attributes:
        file: the name of the recording.
        notes: in order of their beginnings.
        tempo_bpm: beats per minute; None if there is no beat.
        key: such as `"C major"`; None if there is none.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.

    >>> print(Notes("a.wav", (Note(0.0, 0.5, 60, 80),), 120.0, "C major"))
    a.wav: 1 note, 120 BPM, C major
         0.00 –    0.50 s  C4, velocity 80
    """

    file: str
    notes: tuple[Note, ...]
    tempo_bpm: float | None = None
    key: str | None = None
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()

    def shown(self) -> str:
        """How many notes, tempo and key, and the first notes."""
        count = len(self.notes)
        if not count and self.warnings:
            return ""
        facts = [f"{count or 'no'} note{'' if count == 1 else 's'}"]
        facts += [] if self.tempo_bpm is None else [f"{self.tempo_bpm:.0f} BPM"]
        facts += [] if self.key is None else [self.key]
        lines = [", ".join(facts), *(f"  {one}" for one in self.notes[:MOST_SHOWN])]
        return "\n".join([*lines, *[f"  … {count - MOST_SHOWN} more"] * (count > MOST_SHOWN)])

    def columns(self) -> tuple[str, ...]:
        """Those of the notes."""
        return ("start_s", "end_s", "pitch", "velocity", "instrument")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each note."""
        return ((n.start_s, n.end_s, n.pitch, n.velocity, n.instrument) for n in self.notes)

    def plot(self) -> Figure:
        """A piano roll: pitch over time, the darker the louder."""
        from tympan.tasks.results.figures import piano_roll

        return piano_roll(self.notes, self.duration_s, self.file)
