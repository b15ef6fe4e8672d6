"""A piece played with a soundfont that the user has (SF2, SF3), by the package tinysoundfont (MIT).

Its PyPI package asks for pyaudio, which playing needs and this does not: `pip install --no-deps
tinysoundfont` is enough.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, DataError, MissingDependencyError

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.notation.piece import Piece

RATE_HZ = 44_100
TAIL_S = 2.0
CHANNELS = tuple(c for c in range(16) if c != 9)
DRUM_CHANNEL, BEND_STEPS, BEND_RANGE = 9, 8192, 2.0
INSTALL = "pip install --no-deps tinysoundfont"


def play(piece: Piece, soundfont: str | os.PathLike[str], rate_hz: int = RATE_HZ) -> Clip:
    """The sound of a piece, by the instruments of a soundfont.

    Args:
        piece: the notes; parts beyond the fifteenth share channels.
        soundfont: SF2 or SF3 file.
        rate_hz: of the clip.

    Returns:
        Two channels, as long as the piece and two seconds of its end.

    Raises:
        MissingDependencyError: tinysoundfont is not installed.
        DataError: the file is no soundfont.
        ArgumentError: the piece holds no notes.
    """
    from tympan.audio import Clip

    if not any(part.notes for part in piece.parts):
        raise ArgumentError("a piece without notes has no sound")
    synth = _opened(Path(soundfont), rate_hz)
    found, now = [], 0
    for at, _, act in sorted(_events(piece, synth, rate_hz), key=lambda one: one[:2]):
        if at > now:
            found.append(_samples(synth, at - now))
            now = at
        act()
    found.append(_samples(synth, round(TAIL_S * rate_hz)))
    samples = np.concatenate(found)
    loudest = float(np.abs(samples).max())
    return Clip((samples / max(1.0, loudest / 0.98)).T.copy(), rate_hz, piece.name)


def check(soundfont: str | os.PathLike[str]) -> None:
    """See that a soundfont can be played with, before anything is made for it.

    Raises:
        MissingDependencyError: tinysoundfont is not installed.
        DataError: the file is no soundfont.
    """
    _opened(Path(soundfont), RATE_HZ)


def _opened(path: Path, rate_hz: int) -> Any:
    """A synthesizer with the soundfont."""
    if not path.is_file():
        raise DataError("does not exist", file=path, fix="give an .sf2 or .sf3 file")
    try:
        import tinysoundfont
    except ImportError as error:
        raise MissingDependencyError(
            "a soundfont needs the package tinysoundfont", fix=INSTALL
        ) from error
    synth = tinysoundfont.Synth(gain=-8, samplerate=rate_hz)
    try:
        synth.sfload(str(path))
    except Exception as error:  # it raises a bare Exception
        raise DataError("is no soundfont", file=path, fix="give an .sf2 or .sf3 file") from error
    return synth


def _events(piece: Piece, synth: Any, rate_hz: int) -> list[tuple[int, int, Any]]:
    """Sample, order within it, and what is done there."""
    found: list[tuple[int, int, Any]] = []

    def at(tick: int) -> int:
        return round(piece.seconds(tick) * rate_hz)

    melodies = 0
    for part in piece.parts:
        channel = DRUM_CHANNEL if part.drums else CHANNELS[melodies % len(CHANNELS)]
        melodies += not part.drums
        synth.program_change(channel, part.program, part.drums)
        for tick, semitones in part.bends:
            value = round(BEND_STEPS + semitones / BEND_RANGE * (BEND_STEPS - 1))
            value = min(2 * BEND_STEPS - 1, max(0, value))
            found.append((at(tick), 1, lambda c=channel, v=value: synth.pitchbend(c, v)))
        for n in part.notes:
            on, off = at(n.start), max(at(n.end), at(n.start) + 1)
            found.append((off, 0, lambda c=channel, p=n.pitch: synth.noteoff(c, p)))
            found.append((on, 2, lambda c=channel, p=n.pitch, v=n.velocity: synth.noteon(c, p, v)))
    return found


def _samples(synth: Any, count: int) -> np.ndarray:
    """The next samples, `(t, 2)`."""
    made = synth.generate(count)
    return np.frombuffer(bytes(made), np.float32).reshape(-1, 2).copy()
