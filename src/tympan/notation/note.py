"""One note as it is heard."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tympan.errors import ArgumentError

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def pitch_name(pitch: int) -> str:
    """A MIDI pitch as musicians write it.

    >>> pitch_name(60), pitch_name(69)
    ('C4', 'A4')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def pitch_of(name: str) -> int:
    """The MIDI pitch of a name, or of a number.

    Raises:
        ArgumentError: it is none, or not from 0 to 127.

    >>> pitch_of("C4"), pitch_of("Bb3"), pitch_of("F#-1"), pitch_of("69")
    (60, 58, 6, 69)
    """
    text = name.strip()
    letters = re.match("[A-Ga-g]?[#b♯♭]*", text)[0]  # type: ignore[index]
    digits = text[len(letters) :]
    fix = "write it as C4, F#3 or Bb3, or as a number from 0 to 127"
    try:
        pitch = int(digits)
    except ValueError as error:
        raise ArgumentError(f"{name!r} is no note", fix=fix) from error
    if letters:
        steps = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
        signs = letters[1:].replace("♯", "#").replace("♭", "b")
        if letters[0].upper() not in steps or set(signs) - {"#", "b"}:
            raise ArgumentError(f"{name!r} is no note", fix=fix)
        pitch = 12 * (pitch + 1) + steps[letters[0].upper()] + signs.count("#") - signs.count("b")
    if not 0 <= pitch <= 127:
        raise ArgumentError(f"the note {name!r} is out of range", fix=fix)
    return pitch


@dataclass(frozen=True)
class Note:
    """One note.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        pitch: MIDI number, 60 is middle C.
        velocity: how hard it was struck, 1 … 127.
        instrument: what played it; empty if that is not known.
        bends: seconds after its beginning, and by how many semitones it is then higher than its
            pitch; None where that was not asked for.

    >>> print(Note(0.0, 0.5, 60, 80, "piano"))
       0.00 –    0.50 s  C4, velocity 80, piano
    """

    start_s: float
    end_s: float
    pitch: int
    velocity: int
    instrument: str = ""
    bends: tuple[tuple[float, float], ...] | None = field(default=None, metadata={"optional": True})

    def __str__(self) -> str:
        by = f", {self.instrument}" if self.instrument else ""
        when = f"{self.start_s:7.2f} – {self.end_s:7.2f} s"
        return f"{when}  {pitch_name(self.pitch)}, velocity {self.velocity}{by}"
