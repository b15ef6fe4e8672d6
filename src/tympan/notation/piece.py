"""Music as it is written: notes in ticks, tempo, metre, key."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from tympan.errors import ArgumentError
from tympan.notation.instruments import DRUMS, PROGRAMS, program_of
from tympan.notation.note import Note

TICKS_PER_BEAT = 480
"""Divides into triplets, 32nds and their triplets without a rest."""
US_PER_BEAT = 500_000  # 120 beats per minute, which MIDI takes where nothing is said
VELOCITY = 80


@dataclass(frozen=True, order=True)
class TickNote:
    """One note as it is written.

    Attributes:
        start: where it begins, in ticks.
        length: in ticks.
        pitch: MIDI number, 60 is middle C.
        velocity: how hard it is struck, 1 … 127.
    """

    start: int
    length: int
    pitch: int
    velocity: int = VELOCITY

    @property
    def end(self) -> int:
        """Where it ends, in ticks."""
        return self.start + self.length


@dataclass(frozen=True)
class PiecePart:
    """What one instrument plays.

    Attributes:
        notes: in order of their beginnings.
        program: General MIDI program from 0; of drums the kit.
        drums: whether the pitches are percussion instruments.
        name: of the part, such as "soprano".
        bends: tick and semitones from there on.
    """

    notes: tuple[TickNote, ...]
    program: int = 0
    drums: bool = False
    name: str = ""
    bends: tuple[tuple[int, float], ...] = ()

    @property
    def instrument(self) -> str:
        """The name of its program, or `"drums"`.

        >>> PiecePart((), program=40).instrument
        'violin'
        """
        return DRUMS if self.drums else PROGRAMS[self.program]


@dataclass(frozen=True)
class Piece:
    """Music as it is written.

    Attributes:
        parts: what each instrument plays.
        ticks_per_beat: length of a quarter note.
        tempi: tick, and microseconds per quarter note from there on.
        metres: tick, beats of a bar, and which note is a beat (4: a quarter).
        keys: tick and key, such as `"C major"`; empty if it is not known.
        name: title.

    >>> piece = Piece((PiecePart((TickNote(480, 240, 60),)),))
    >>> piece.seconds(480), piece.tick(0.5), piece.notes()[0].start_s
    (0.5, 480, 0.5)
    """

    parts: tuple[PiecePart, ...]
    ticks_per_beat: int = TICKS_PER_BEAT
    tempi: tuple[tuple[int, int], ...] = ((0, US_PER_BEAT),)
    metres: tuple[tuple[int, int, int], ...] = ((0, 4, 4),)
    keys: tuple[tuple[int, str], ...] = ()
    name: str = field(default="", compare=False)

    @property
    def duration_ticks(self) -> int:
        """Where the last note ends."""
        return max((note.end for part in self.parts for note in part.notes), default=0)

    @property
    def duration_s(self) -> float:
        """Where the last note ends."""
        return self.seconds(self.duration_ticks)

    @property
    def tempo_bpm(self) -> float:
        """The first tempo, in quarter notes per minute."""
        return 60e6 / self._map[0][1]

    @cached_property
    def _map(self) -> list[tuple[int, int, float]]:
        """Tick, microseconds per beat, and seconds at that tick, of each tempo."""
        tempi = sorted(dict(self.tempi).items())
        if not tempi or tempi[0][0] > 0:
            tempi.insert(0, (0, US_PER_BEAT))
        found, seconds = [], 0.0
        for (tick, per_beat), after in itertools.zip_longest(tempi, tempi[1:]):
            found.append((tick, per_beat, seconds))
            if after is not None:
                seconds += (after[0] - tick) * per_beat / self.ticks_per_beat / 1e6
        return found

    def seconds(self, tick: float) -> float:
        """When a tick is."""
        at = bisect.bisect_right(self._map, tick, key=lambda one: one[0]) - 1
        start, per_beat, seconds = self._map[max(0, at)]
        return seconds + (tick - start) * per_beat / self.ticks_per_beat / 1e6

    def tick(self, seconds: float) -> int:
        """The tick that is nearest to a time."""
        at = bisect.bisect_right(self._map, seconds, key=lambda one: one[2]) - 1
        start, per_beat, since = self._map[max(0, at)]
        return start + round((seconds - since) * 1e6 * self.ticks_per_beat / per_beat)

    def notes(self) -> tuple[Note, ...]:
        """All notes with their times in seconds, in order of their beginnings."""
        found = [
            Note(self.seconds(n.start), self.seconds(n.end), n.pitch, n.velocity, part.instrument)
            for part in self.parts
            for n in part.notes
        ]
        return tuple(sorted(found, key=lambda n: (n.start_s, n.pitch, n.end_s)))

    @classmethod
    def of_notes(
        cls,
        notes: Sequence[Note],
        *,
        tempo_bpm: float = 120.0,
        beats_s: Sequence[float] | None = None,
        metre: tuple[int, int] = (4, 4),
        key: str | None = None,
        quantize: int | None = None,
        name: str = "",
    ) -> Piece:
        """Notes that were heard, as they would be written.

        Args:
            notes: with times in seconds.
            tempo_bpm: quarter notes per minute.
            beats_s: when each quarter note is heard, ascending: the tempo then follows them, and
                the first is the first beat of a bar; `tempo_bpm` is not used.
            metre: beats of a bar, and which note is a beat.
            key: such as `"C major"`.
            quantize: grid that times are moved to, in parts of a quarter note (4: sixteenths).
            name: title.

        Returns:
            One part for each instrument, in the order in which they begin to play; of notes with
            bends one for each voice, as a bend is of all notes of a part. A note that is struck
            again ends where it is.

        Raises:
            ArgumentError: beats that do not ascend, or a tempo that is not above zero.
        """
        tempi, upbeat = _steady(tempo_bpm), 0
        if beats_s is not None and len(beats_s) > 1:
            tempi, upbeat = _following(beats_s)
        metres = [(upbeat % metre[0] * TICKS_PER_BEAT, *metre)]
        if metres[0][0]:  # the upbeat is a shorter bar, so that bars begin where they are heard
            metres.insert(0, (0, upbeat % metre[0], metre[1]))
        frame = cls((), tempi=tempi, metres=tuple(metres), keys=((0, key),) if key else ())
        by_instrument: dict[str, list[Note]] = {}
        for note in sorted(notes, key=lambda one: (one.start_s, one.pitch, one.end_s)):
            by_instrument.setdefault(note.instrument, []).append(note)
        parts = tuple(
            _part(name, voice, frame, quantize)
            for name, own in by_instrument.items()
            for voice in _voices(own)
        )
        return cls(parts, TICKS_PER_BEAT, tempi, frame.metres, frame.keys, name)


def _steady(tempo_bpm: float) -> tuple[tuple[int, int], ...]:
    """One tempo."""
    if not tempo_bpm > 0:
        raise ArgumentError(f"a tempo of {tempo_bpm} beats per minute", fix="give one above zero")
    return ((0, min(_MOST_US, max(1, round(60e6 / tempo_bpm)))),)


_MOST_US = 2**24 - 1  # MIDI writes it in three bytes


def _part(instrument: str, notes: Sequence[Note], frame: Piece, quantize: int | None) -> PiecePart:
    """The part of an instrument; a note that is struck again ends there."""
    grid = frame.ticks_per_beat // quantize if quantize else 1
    found: dict[int, list[TickNote]] = {}
    for note in notes:
        start, end = (round(frame.tick(s) / grid) * grid for s in (note.start_s, note.end_s))
        velocity = min(127, max(1, note.velocity))
        own = found.setdefault(note.pitch, [])
        if own and own[-1].start == start:
            continue
        if own and own[-1].end > start:
            own[-1] = TickNote(own[-1].start, start - own[-1].start, note.pitch, own[-1].velocity)
        own.append(TickNote(start, max(end - start, grid), note.pitch, velocity))
    drums = instrument == DRUMS
    program = 0 if drums else program_of(instrument)
    every = sorted(note for own in found.values() for note in own)
    return PiecePart(tuple(every), program, drums, instrument, _bends(notes, frame))


def _voices(notes: Sequence[Note]) -> list[list[Note]]:
    """Notes that are not bent stay together; of others no two that overlap do."""
    if not any(note.bends for note in notes):
        return [list(notes)]
    voices: list[list[Note]] = []
    for note in notes:
        free = next((v for v in voices if v[-1].end_s <= note.start_s), None)
        if free is None:
            voices.append([note])
        else:
            free.append(note)
    return voices


def _bends(notes: Sequence[Note], frame: Piece) -> tuple[tuple[int, float], ...]:
    """All bends of notes that follow one another, back at 0 where the next begins."""
    found: dict[int, float] = {}
    if any(note.bends for note in notes):
        for note in notes:
            found[frame.tick(note.start_s)] = 0.0
            for at_s, semitones in note.bends or ():
                found[frame.tick(note.start_s + at_s)] = round(semitones, 4)
    return tuple(sorted(found.items()))


def _following(beats_s: Sequence[float]) -> tuple[tuple[tuple[int, int], ...], int]:
    """A tempo for each beat, and how many beats are before the first."""
    gaps = [after - before for before, after in itertools.pairwise(beats_s)]
    if min(gaps) <= 0 or beats_s[0] < 0:
        raise ArgumentError("beats do not ascend", fix="give the time of each, in order")
    tempi, tick, per_beat, count = [], 0, 0, 0
    if beats_s[0] > 1e-6:  # an upbeat of so many beats as fit best
        count = max(1, round(beats_s[0] / gaps[0]))
        tempi.append((0, _microseconds(beats_s[0] / count)))
        tick = count * TICKS_PER_BEAT
    for gap in gaps:
        if _microseconds(gap) != per_beat:
            per_beat = _microseconds(gap)
            tempi.append((tick, per_beat))
        tick += TICKS_PER_BEAT
    return tuple(tempi), count


def _microseconds(seconds: float) -> int:
    return min(_MOST_US, max(1, round(seconds * 1e6)))
