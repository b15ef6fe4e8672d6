"""Notes to sound, all at once or while they are still being written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.notation.instruments import DRUMS, program_of
from tympan.notation.timbres import drum, timbre_of, tone

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.notation.note import Note
    from tympan.notation.piece import Piece

Bends = Sequence[tuple[float, float]]
"""Seconds and semitones from there on."""
RATE_HZ = 44_100
# Four voices at velocity 80 stay below the knee of the limiter.
GAIN = 0.28
KNEE = 0.8
# No sound lasts longer behind its note.
TAIL_S = 2.0


def synthesize(piece: Piece, rate_hz: int = RATE_HZ) -> Clip:
    """The sound of a piece, by the instruments of `tympan.notation.timbres`.

    Args:
        piece: the notes, with the General MIDI programs of their parts.
        rate_hz: of the clip.

    Returns:
        One channel, as long as the piece and the tails of its last notes.

    Raises:
        ArgumentError: the piece holds no notes.

    >>> from tympan.notation import Piece, PiecePart, TickNote
    >>> synthesize(Piece((PiecePart((TickNote(0, 480, 60),)),)), 8000).duration_s > 0.5
    True
    """
    from tympan.audio import Clip

    if not any(part.notes for part in piece.parts):
        raise ArgumentError("a piece without notes has no sound")
    maker = Synthesizer(rate_hz)
    for part in piece.parts:
        bends = [(piece.seconds(tick), semitones) for tick, semitones in part.bends]
        for one in part.notes:
            start_s = piece.seconds(one.start)
            length_s = piece.seconds(one.end) - start_s
            sound = Sound(start_s, length_s, one.pitch, one.velocity, part.program, part.drums)
            maker.add(sound, bends)
    return Clip(maker.finish().astype(np.float32)[None], rate_hz, piece.name)


@dataclass(frozen=True)
class Sound:
    """A note and what plays it.

    Attributes:
        start_s: where it begins.
        length_s: how long it is held.
        pitch: MIDI number.
        velocity: 1 … 127.
        program: General MIDI program from 0.
        drums: whether the pitch is a percussion instrument.
    """

    start_s: float
    length_s: float
    pitch: int
    velocity: int
    program: int = 0
    drums: bool = False

    @classmethod
    def of(cls, note: Note) -> Sound:
        """That of a note as it is heard.

        >>> from tympan.notation import Note
        >>> Sound.of(Note(0, 1, 60, 80, "violin")).program
        40
        """
        drums = note.instrument == DRUMS
        program = 0 if drums else program_of(note.instrument)
        length_s = note.end_s - note.start_s
        return cls(note.start_s, length_s, note.pitch, note.velocity, program, drums)


class Synthesizer:
    """Adds up notes, and gives the sound up to where no more will come.

    Args:
        rate_hz: samples per second.

    >>> maker = Synthesizer(8000)
    >>> maker.add(Sound(0.0, 0.5, 60, 80))
    >>> len(maker.until(0.25)), len(maker.finish()) > 2000
    (2000, True)
    """

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        from tympan.audio._limits import check_rate

        self.rate_hz = check_rate(rate_hz)
        self._done = self._end = 0
        self._sum = np.zeros(0)

    def add(self, sound: Sound, bends: Bends = ()) -> None:
        """Add a note; it begins no earlier than what was given out.

        Raises:
            ArgumentError: it begins earlier.
        """
        first = round(sound.start_s * self.rate_hz) - self._done
        if first < 0:
            raise ArgumentError(f"a note at {sound.start_s:g} s comes too late")
        wave = self._wave(sound, bends)
        need = first + len(wave) - len(self._sum)
        if need > 0:
            self._sum = np.concatenate([self._sum, np.zeros(max(need, len(self._sum)))])
        self._sum[first : first + len(wave)] += wave
        self._end = max(self._end, self._done + first + len(wave))

    def until(self, time_s: float) -> npt.NDArray[np.float64]:
        """The samples `(t,)` up to a time; all notes that begin before it have been added."""
        count = max(0, round(time_s * self.rate_hz) - self._done)
        if count > len(self._sum):
            self._sum = np.concatenate([self._sum, np.zeros(count - len(self._sum))])
        found, self._sum = self._sum[:count], self._sum[count:]
        self._done += count
        return limited(GAIN * found)

    def finish(self) -> npt.NDArray[np.float64]:
        """The rest: until the last sound is gone."""
        return self.until(max(self._end, self._done) / self.rate_hz)

    def _wave(self, sound: Sound, bends: Bends) -> npt.NDArray[np.float64]:
        if sound.drums:
            return drum(sound.pitch, sound.velocity, self.rate_hz)
        timbre = timbre_of(sound.program)
        moved = bends_within(bends, sound.start_s, sound.start_s + sound.length_s)
        if not moved:
            return tone(timbre, sound.pitch, sound.length_s, sound.velocity, self.rate_hz)
        return bent(
            lambda length_s: tone(timbre, sound.pitch, length_s, sound.velocity, self.rate_hz),
            moved, sound, self.rate_hz,
        )  # fmt: skip


def bends_within(bends: Bends, start_s: float, end_s: float) -> list[tuple[float, float]]:
    """The bends that a note hears, from its own start on; empty if its pitch is never bent.

    >>> bends_within([(0.0, 1.0), (2.0, 0.0), (3.0, 1.0)], 1.0, 2.5)
    [(0.0, 1.0), (1.0, 0.0)]
    """
    before = [semitones for at, semitones in bends if at <= start_s]
    found = [(0.0, before[-1])] if before else []
    found += [(at - start_s, semitones) for at, semitones in bends if start_s < at < end_s]
    return found if any(semitones for _, semitones in found) else []


def bent(
    make: Callable[[float], npt.NDArray[np.float64]], moved: Bends, sound: Sound, rate_hz: int
) -> npt.NDArray[np.float64]:
    """A note whose pitch is moved: the same wave, read faster and slower."""
    times = np.arange(round((sound.length_s + TAIL_S) * rate_hz)) / rate_hz
    at = np.array([one for one, _ in moved])
    which = np.clip(np.searchsorted(at, times, side="right") - 1, 0, None)
    semitones = np.where(times < at[0], 0.0, np.array([one for _, one in moved])[which])
    place = np.concatenate([[0.0], np.cumsum(2 ** (semitones / 12))[:-1]])
    held = round(sound.length_s * rate_hz)
    wave = make(place[min(held, len(place) - 1)] / rate_hz)
    inside = place < len(wave) - 1
    return np.interp(place[inside], np.arange(len(wave)), wave)


def limited(wave: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As it is below the knee, and never above 1: what is louder is bent, not cut.

    >>> limited(np.array([0.5, 3.0])).round(3).tolist()
    [0.5, 1.0]
    """
    over = np.abs(wave) > KNEE
    if not over.any():
        return wave
    bowed = KNEE + (1 - KNEE) * np.tanh((np.abs(wave) - KNEE) / (1 - KNEE))
    return np.where(over, np.sign(wave) * bowed, wave)
