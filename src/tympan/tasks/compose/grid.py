"""Pieces as steps on a grid, and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.compose.config import KEYS, ComposeConfig

if TYPE_CHECKING:
    from tympan.notation import Piece, TickNote

Steps = npt.NDArray[np.int64]
"""A piece: steps and places, `(n, v)`, numbers of `ComposeConfig.classes`."""
GRIDS = (1, 2, 3, 4, 6, 8, 12)
# So many of all notes must begin on the grid.
FITTING = 0.97
VELOCITY = 80
SCORE_ORDER = ("soprano", "alto", "tenor", "bass")


def steps_of(piece: Piece, config: ComposeConfig) -> Steps:
    """A piece on the grid.

    Drums are left out. Notes outside the range are moved by octaves into it. Of more notes than
    there are places the highest and the lowest stay.

    Args:
        piece: the notes.
        config: the grid.

    Returns:
        `(n, v)`, numbers of the classes, without silence before the first note.
    """
    if not config.ordered:
        lines = voices_of(piece, config)
        sounding = np.flatnonzero((lines >= 0).any(1))
        lines = lines[sounding[0] :] if len(sounding) else lines[:0]
        return np.where(lines >= 0, lines - config.low + 1, 0)
    begun, held = sounding_pitches(piece, config)
    found = np.zeros((len(held), config.voices), np.int64)
    for row, here, new in zip(found, held, begun, strict=True):
        pitches = chosen_pitches(sorted({in_range(p, config) for p in here}), config.voices)
        fresh = {in_range(p, config) for p in new}
        for place, pitch in enumerate(pitches):
            row[place] = number_of(pitch, pitch in fresh, config)
    sounding = np.flatnonzero((found > 0).any(1))
    return found[sounding[0] : sounding[-1] + 1] if len(sounding) else found[:0]


def number_of(pitch: int, begins: bool, config: ComposeConfig) -> int:
    """The class of a pitch that begins, or goes on.

    >>> number_of(61, False, ComposeConfig(low=60, high=71, articulated=True))
    14
    """
    later = config.pitches if config.articulated and not begins else 0
    return pitch - config.low + 1 + later


def in_range(pitch: int, config: ComposeConfig) -> int:
    """The pitch, moved by octaves into the range."""
    while pitch < config.low:
        pitch += 12
    while pitch > config.high:
        pitch -= 12
    return max(pitch, config.low)


def chosen_pitches(pitches: Sequence[int], most: int) -> list[int]:
    """The highest ones and the lowest.

    >>> chosen_pitches([48, 55, 60, 64], 3)
    [48, 60, 64]
    """
    if len(pitches) <= most:
        return list(pitches)
    return [pitches[0], *pitches[len(pitches) - most + 1 :]] if most > 1 else [pitches[-1]]


def sounding_pitches(piece: Piece, config: ComposeConfig) -> tuple[list[set[int]], list[set[int]]]:
    """The pitches that begin at each step, and those that sound in it."""
    step = piece.ticks_per_beat / config.steps_per_beat
    notes = [one for part in piece.parts if not part.drums for one in part.notes]
    count = max((max(round(n.start / step) + 1, round(n.end / step)) for n in notes), default=0)
    begun: list[set[int]] = [set() for _ in range(count)]
    held: list[set[int]] = [set() for _ in range(count)]
    for one in notes:
        first = round(one.start / step)
        begun[first].add(one.pitch)
        for at in range(first, max(first + 1, round(one.end / step))):
            held[at].add(one.pitch)
    return begun, held


def voices_of(piece: Piece, config: ComposeConfig) -> Steps:
    """The pitch of each voice at each step, `(n, v)`; −1 where it is silent.

    As many parts as there are voices are the voices, by their names or else by their pitch. One
    part of single notes is the first voice. Of anything else the highest note of a step is the
    first voice, the lowest the bass, and what is between them goes to the middle voices.
    """
    lines = [_line(piece, i, config) for i, part in enumerate(piece.parts) if not part.drums]
    lines = [one for one in lines if (one >= 0).any()]
    named = [part.name.lower() for part in piece.parts if not part.drums and part.notes]
    count = max((len(one) for one in lines), default=0)
    found = np.full((count, config.voices), -1, np.int64)
    order = score_places(config)
    if set(named) <= set(config.parts) and len(set(named)) == len(named) == len(lines):
        for name, line in zip(named, lines, strict=True):
            found[: len(line), config.parts.index(name)] = line
    elif len(lines) == config.voices and config.voices > 1:
        lines.sort(key=lambda one: -float(one[one >= 0].mean()))
        for place, line in zip(order, lines, strict=True):
            found[: len(line), place] = line
    elif len(lines) == 1 and _single(piece):
        found[: len(lines[0]), order[0]] = lines[0]
    else:
        for row, here in zip(found, sounding_pitches(piece, config)[1], strict=True):
            pitches = chosen_pitches(sorted(here), config.voices)[::-1]
            places = order if len(pitches) == config.voices else [
                *order[: len(pitches) - 1], *order[-1:] * (len(pitches) > 1)
            ] or order[:1]  # fmt: skip
            row[places[: len(pitches)]] = pitches
    moved = [in_range(int(one), config) if one >= 0 else -1 for one in found.flat]
    return np.array(moved, np.int64).reshape(found.shape)


def score_places(config: ComposeConfig) -> list[int]:
    """The places of the voices from the highest to the lowest."""
    if set(config.parts) == set(SCORE_ORDER):
        return [config.parts.index(name) for name in SCORE_ORDER]
    return list(range(config.voices))


def _line(piece: Piece, number: int, config: ComposeConfig) -> Steps:
    """The highest note of a part at each step; −1 where there is none."""
    step = piece.ticks_per_beat / config.steps_per_beat
    notes = piece.parts[number].notes
    ends = [max(round(n.start / step) + 1, round(n.end / step)) for n in notes]
    found = np.full(max(ends, default=0), -1, np.int64)
    for one, end in zip(notes, ends, strict=True):
        here = found[round(one.start / step) : end]
        np.maximum(here, one.pitch, out=here)
    return found


def _single(piece: Piece) -> bool:
    """Whether hardly any two notes sound at once."""
    notes = sorted(one for part in piece.parts if not part.drums for one in part.notes)
    over = sum(a.end > b.start for a, b in pairwise(notes))
    return over <= 0.1 * len(notes)


def piece_of(
    steps: Steps, config: ComposeConfig, *, tempo_bpm: float, key: int = KEYS, name: str = ""
) -> Piece:
    """Steps as a piece to be written: a part for each voice, or one for all.

    Where the net does not tell a note that begins from one that goes on, equal pitches one after
    another are one note.
    """
    from tympan.notation import Piece, PiecePart, program_of
    from tympan.notation.piece import TICKS_PER_BEAT

    found = notes_of(steps, config)
    step = TICKS_PER_BEAT // config.steps_per_beat
    places = [-1] if config.ordered else score_places(config)
    parts = []
    for number, place in enumerate(places):
        notes = tuple(_tick_note(one, step) for one in found if place in (-1, one[3]))
        instrument = config.instruments[min(number, len(config.instruments) - 1)]
        title = config.parts[place] if place >= 0 and config.parts else ""
        parts.append(PiecePart(notes, program_of(instrument), name=title))
    keys = ((0, key_name_of(key)),) if key < KEYS else ()
    return Piece(
        tuple(parts), TICKS_PER_BEAT, ((0, round(60e6 / tempo_bpm)),),
        ((0, config.beats_per_bar, 4),), keys, name,
    )  # fmt: skip


def notes_of(steps: Steps, config: ComposeConfig) -> list[tuple[int, int, int, int]]:
    """First step, the one behind the last, pitch and place of each note, in order of time."""
    found: list[tuple[int, int, int, int]] = []
    sounding: dict[tuple[int, int], int] = {}
    for at in range(len(steps) + 1):
        here: dict[tuple[int, int], bool] = {}
        for place, number in enumerate(steps[at] if at < len(steps) else ()):
            if 0 < number < config.classes:
                pitch = (int(number) - 1) % config.pitches + config.low
                whose = -1 if config.ordered else place
                begins = config.articulated and number <= config.pitches
                here[pitch, whose] = begins
        for one in [k for k in sounding if k not in here or here[k]]:
            found.append((sounding.pop(one), at, *one))
        for one in here:
            sounding.setdefault(one, at)
    return sorted(found)


def _tick_note(one: tuple[int, int, int, int], step: int) -> TickNote:
    from tympan.notation import TickNote

    return TickNote(one[0] * step, (one[1] - one[0]) * step, one[2], VELOCITY)


def key_name_of(key: int) -> str:
    """The name of a key by its number.

    >>> key_name_of(0), key_name_of(21), key_name_of(15)
    ('C major', 'A minor', 'Eb minor')
    """
    from tympan.notation.tonality import key_name

    return key_name(key % 12, "minor" if key >= 12 else "major")


def key_called(name: str) -> int:
    """The number of a key by its name.

    Raises:
        ArgumentError: no key is called so.

    >>> key_called("A minor"), key_called("eb"), key_called("f#m")
    (21, 3, 18)
    """
    text = name.strip().replace("♯", "#").replace("♭", "b")
    found = _KEY.fullmatch(text)
    if found is None:
        raise ArgumentError(
            f"no key is called {name!r}", fix="such as C, 'G major', 'F# minor', Am"
        )
    tonic = "C D EF G A B".index(found["letter"].upper())
    tonic += {"#": 1, "b": -1, "": 0}[found["sign"]]
    minor = (found["mode"] or "").lower() in ("m", "min", "minor") and found["mode"] != "M"
    return tonic % 12 + 12 * minor


_KEY = re.compile(r"(?P<letter>[A-Ga-g])(?P<sign>[#b]?)\s*(?P<mode>m|M|min|maj|minor|major)?", re.I)


def home_shift(key: int) -> int:
    """Semitones, −6 … 5, that move a piece in a key to C major or A minor.

    >>> home_shift(7), home_shift(2), home_shift(12), home_shift(24)
    (5, -2, -3, 0)
    """
    if key >= KEYS:
        return 0
    return (6 + (9 if key >= 12 else 0) - key % 12) % 12 - 6


def transposed(steps: Steps, by: int, config: ComposeConfig, keep: int = -1) -> Steps:
    """Steps moved by semitones; what is empty, or not known (`keep`), stays so.

    What would leave the range is moved by an octave less, or more.

    >>> transposed(np.array([[0, 5]]), 2, ComposeConfig()).tolist()
    [[0, 7]]
    """
    sounding = (steps > 0) & (steps < config.classes) & (steps != keep)
    state, pitch = np.divmod(steps - 1, config.pitches)
    moved = pitch + by
    moved = np.where(moved < 0, moved + 12, moved)
    moved = np.where(moved >= config.pitches, moved - 12, moved)
    return np.where(sounding, state * config.pitches + moved + 1, steps)


def key_number(steps: Steps, config: ComposeConfig) -> int:
    """The number of the key that steps are in; 24 where there is none."""
    from tympan.notation import key_of

    there = steps[(steps > 0) & (steps < config.classes)]
    pitches = (there - 1) % config.pitches + config.low
    name = key_of(np.bincount(pitches % 12, minlength=12))
    return KEYS if name is None else key_called(name)


def fitting_grid(pieces: Sequence[Piece]) -> int:
    """Steps of a beat, the fewest on which nearly all notes begin."""
    places = np.array(
        [
            one.start % piece.ticks_per_beat / piece.ticks_per_beat
            for piece in pieces
            for part in piece.parts
            if not part.drums
            for one in part.notes
        ]
    )
    for grid in GRIDS:
        off = np.abs(places * grid - np.round(places * grid))
        if not len(places) or (off < 0.13).mean() >= FITTING:
            return grid
    return 4
