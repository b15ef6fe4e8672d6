"""Tunes in ABC notation to pieces.

Read are the notes with accidentals, lengths, broken rhythms, tuplets, ties, chords, rests, repeats
with first and second endings, and the key, metre and tempo. Grace notes, ornaments, words and chord
symbols are passed over; of a file of many tunes each is a piece.

Source: Walshaw, *The ABC music standard 2.1*, 2011.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from tympan.errors import DataError
from tympan.notation.piece import TICKS_PER_BEAT, Piece, PiecePart, TickNote

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPS, _FLATS = "FCGDAEB", "BEADGCF"
# How many fifths each mode lies below the major key of its tonic.
_MODES = {"": 0, "maj": 0, "ion": 0, "m": 3, "min": 3, "aeo": 3, "mix": 1, "dor": 2, "phr": 4,
          "lyd": -1, "loc": 5}  # fmt: skip
_FIFTHS = {name: i - 1 for i, name in enumerate("FCGDAEB")}
_TUPLETS = {2: 3, 3: 2, 4: 3, 5: 2, 6: 2, 7: 2, 8: 3, 9: 2}
_TOKEN = re.compile(
    r"""(?P<skip>"[^"]*"|![^!\n]*!|\+[a-z]+\+|\{[^}]*\}|`|\\|[.~HLMOPSTuv](?=[\^_=A-Ga-gxz\[(]))"""
    r"""|\[(?P<field>[A-Z]):(?P<value>[^\]]*)\]"""
    r"""|\((?P<tuplet>[2-9])(?::(?P<into>\d?))?(?::(?P<many>\d?))?"""
    r"""|(?P<bar>:*\|+\]?:*|::+|:\||\[\|)(?P<ending>\s*\[?[12](?=[^\d]))?|\[(?P<other>[12])"""
    r"""|(?P<chord>\[(?:[\^_=]*[A-Ga-gxz][,']*[\d/]*-?)+\])(?P<chordlength>[\d/]*)(?P<chordtie>-?)"""
    r"""|(?P<note>[\^_=]*[A-Ga-gxzZ][,']*)(?P<length>[\d/]*)(?P<tie>-?)"""
    r"""|(?P<broken>[<>]+)|(?P<slur>[()&yY\s$*;-])""",
    re.X,
)
_PITCH = re.compile(r"(?P<sign>[\^_=]*)(?P<letter>[A-Ga-gxzZ])(?P<octave>[,']*)(?P<length>[\d/]*)")
Sounding = tuple[tuple[int, ...], Fraction, bool]
"""Pitches, quarter notes, and whether they are tied to the next."""


def read_abc(source: str | os.PathLike[str]) -> Piece:
    """Read the first tune of an ABC file.

    Raises:
        DataError: it cannot be read, or holds no tune.
    """
    path = Path(source)
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error
    found = next(iter(abc_tunes(text)), None)
    if found is None:
        raise DataError("holds no tune in ABC notation", file=path, fix="it needs the line K:")
    return found


def abc_tunes(text: str) -> Iterator[Piece]:
    """All tunes of a text in ABC notation.

    >>> tune = next(abc_tunes("X:1\\nM:2/4\\nL:1/8\\nK:G\\nGA Bc|d4|"))
    >>> [note.pitch for part in tune.parts for note in part.notes], tune.keys
    ([67, 69, 71, 72, 74], ((0, 'G major'),))
    """
    for lines in _divided(text):
        tune = _Tune()
        for line in lines:
            named = re.match(r"([A-Za-z]):(?![|:])(.*)", line)
            if named:
                tune.set(named[1], named[2].split("%")[0].strip())
            elif tune.begun and not line.startswith("%"):
                tune.music(line.split("%")[0])
        if tune.found or tune.bars:
            yield tune.piece()


def _divided(text: str) -> Iterator[list[str]]:
    """The lines of each tune."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("X:") and lines:
            yield lines
            lines = []
        lines.append(line)
    yield lines


@dataclass
class _Tune:
    """A tune while it is read."""

    begun: bool = False
    title: str = ""
    unit: Fraction | None = None
    metre: tuple[int, int] = (4, 4)
    fifths: int = 0
    key: str = ""
    tempo: Fraction = Fraction(120)
    bars: list[Sounding] = field(default_factory=list)  # since the last repeat sign
    found: list[Sounding] = field(default_factory=list)  # what is written out
    first_ending: int | None = None
    signs: dict[tuple[str, str], int] = field(default_factory=dict)
    tuplet: tuple[Fraction, int] = (Fraction(1), 0)
    pending: Fraction = Fraction(1)

    def set(self, name: str, value: str) -> None:
        """A field."""
        if name == "T":
            self.title = self.title or value
        elif name == "M":
            beats = {"C": "4/4", "C|": "2/2"}.get(value, value)
            match = re.match(r"(\d+)/(\d+)", beats)
            self.metre = (int(match[1]), int(match[2])) if match else self.metre
        elif name == "L":
            match = re.match(r"(\d+)/(\d+)", value)
            self.unit = Fraction(int(match[1]), int(match[2])) if match else self.unit
        elif name == "Q":
            match = re.search(r"(?:(\d+)/(\d+)\s*=\s*)?(\d+)\s*$", value.strip('" '))
            if match:
                unit = Fraction(int(match[1]), int(match[2])) if match[1] else Fraction(1, 4)
                self.tempo = int(match[3]) * unit * 4
        elif name == "K":
            self._key(value)
            self.begun = True

    def _key(self, value: str) -> None:
        match = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", value)
        if match is None:
            return
        mode = match[3].lower()[:3]
        mode = "m" if match[3] == "m" else mode
        below = _MODES.get(mode, 0)
        alter = {"#": 7, "b": -7, "": 0}[match[2]]
        self.fifths = _FIFTHS[match[1]] + alter - below
        self.key = f"{match[1]}{match[2]} minor" if below == 3 else ""
        if not below and mode in ("", "maj", "ion"):
            self.key = f"{match[1]}{match[2]} major"

    def music(self, line: str) -> None:
        """A line of notes."""
        for token in _TOKEN.finditer(line):
            if token["field"]:
                self.set(token["field"], token["value"].strip())
            elif token["tuplet"]:
                count = int(token["tuplet"])
                into = int(token["into"] or _TUPLETS[count])
                self.tuplet = (Fraction(into, count), int(token["many"] or count))
            elif token["bar"]:
                self._bar(token["bar"], (token["ending"] or "").strip(" ["))
            elif token["other"]:
                self._ending(token["other"])
            elif token["chord"]:
                inner = list(_PITCH.finditer(token["chord"][1:-1]))
                pitches = tuple(p for one in inner if (p := self._pitch(one)) is not None)
                first = _fraction(inner[0]["length"]) if inner else Fraction(1)
                self._add(pitches, first * _fraction(token["chordlength"]), token["chordtie"])
            elif token["note"]:
                self._note(token["note"], token["length"], token["tie"])
            elif token["broken"]:
                self._broken(token["broken"])

    def _note(self, text: str, length: str, tie: str) -> None:
        if text[-1] == "Z":  # a rest of whole bars
            bar = Fraction(4 * self.metre[0], self.metre[1])
            self.bars.append(((), bar * _fraction(length), False))
            return
        match = _PITCH.fullmatch(text)
        assert match is not None
        pitch = self._pitch(match)
        self._add(() if pitch is None else (pitch,), _fraction(length), tie)

    def _pitch(self, match: re.Match[str]) -> int | None:
        letter = match["letter"].upper()
        if letter not in _STEPS:
            return None
        octave = 5 + match["letter"].islower() + match["octave"].count("'")
        octave -= match["octave"].count(",")
        where = (letter, f"{octave}")
        if match["sign"]:
            self.signs[where] = match["sign"].count("^") - match["sign"].count("_")
        natural = (letter in _SHARPS[: max(0, self.fifths)]) - (
            letter in _FLATS[: max(0, -self.fifths)]
        )
        return 12 * octave + _STEPS[letter] + self.signs.get(where, natural)

    def _add(self, pitches: tuple[int, ...], length: Fraction, tie: str) -> None:
        unit = self.unit or Fraction(1, 8 if Fraction(*self.metre) >= Fraction(3, 4) else 16)
        factor, left = self.tuplet
        beats = length * unit * 4 * (factor if left else 1) * self.pending
        self.pending, self.tuplet = Fraction(1), (factor, max(0, left - 1))
        self.bars.append((pitches, beats, bool(tie)))

    def _broken(self, signs: str) -> None:
        """`>`: the note before is longer, the next shorter; `<` the other way."""
        if not self.bars:
            return
        short = Fraction(1, 2 ** len(signs))
        before, after = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
        pitches, beats, tied = self.bars[-1]
        self.bars[-1] = (pitches, beats * before, tied)
        self.pending = after

    def _bar(self, sign: str, ending: str) -> None:
        self.signs = {}
        if sign.startswith(":") or sign == "::":
            first = self.first_ending
            again = self.bars if first is None else self.bars[:first]
            self.found += self.bars
            self.bars = list(again)
            if ending != "2":  # played again as it is
                self.found, self.bars = self.found + self.bars, []
            self.first_ending = None
        elif sign.endswith(":") or "||" in sign or "]" in sign:
            self.found, self.bars, self.first_ending = self.found + self.bars, [], None
        if ending == "1":
            self._ending("1")

    def _ending(self, number: str) -> None:
        if number == "1":
            self.first_ending = len(self.bars)

    def piece(self) -> Piece:
        """What was read."""
        notes: list[TickNote] = []
        at, tied = Fraction(0), dict[int, Fraction]()
        for pitches, beats, tie in self.found + self.bars:
            for pitch in pitches:
                start = tied.pop(pitch, at)
                if tie:
                    tied[pitch] = start
                    continue
                first, last = round(start * TICKS_PER_BEAT), round((at + beats) * TICKS_PER_BEAT)
                notes.append(TickNote(first, max(1, last - first), pitch))
            at += beats
        keys = ((0, self.key),) if self.key else ()
        tempo = ((0, round(60e6 / float(self.tempo or 120))),)
        part = PiecePart(tuple(sorted(notes)), name="melody")
        return Piece((part,), TICKS_PER_BEAT, tempo, ((0, *self.metre),), keys, self.title)


def _fraction(text: str) -> Fraction:
    """A length: `3/2`, `/` (a half), `//` (a quarter) or nothing (1).

    >>> _fraction("3/2"), _fraction("//")
    (Fraction(3, 2), Fraction(1, 4))
    """
    over, slash, under = text.partition("/")
    if not slash:
        return Fraction(int(text or 1))
    if not under or "/" in under:
        return Fraction(int(over or 1), 2 ** (1 + under.count("/")))
    return Fraction(int(over or 1), int(under))
