"""One note as it is heard."""

from __future__ import annotations

from dataclasses import dataclass

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def pitch_name(pitch: int) -> str:
    """A MIDI pitch as musicians write it.

    >>> pitch_name(60), pitch_name(69)
    ('C4', 'A4')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


@dataclass(frozen=True)
class Note:
    """One note.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        pitch: MIDI number, 60 is middle C.
        velocity: how hard it was struck, 1 … 127.
        instrument: what played it; empty if that is not known.

    >>> print(Note(0.0, 0.5, 60, 80, "piano"))
       0.00 –    0.50 s  C4, velocity 80, piano
    """

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    instrument: str = ""

    def __str__(self) -> str:
        by = f", {self.instrument}" if self.instrument else ""
        when = f"{self.start_s:7.2f} – {self.end_s:7.2f} s"
        return f"{when}  {pitch_name(self.pitch)}, velocity {self.velocity}{by}"
