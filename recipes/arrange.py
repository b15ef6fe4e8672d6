"""Pieces to excerpts: instruments at random, tempo, drums, and the tags that then apply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recipes.pieces import CHORALE, POP, BeatNote, Piece
from recipes.render import (
    DRUM_KITS,
    DRUMS,
    FAMILIES,
    Note,
    Part,
    Sound,
    instrument_tags,
    tempo_tag,
)

EXCERPT_S = 10.0
SHORTEST_S = 0.5  # an instrument that sounds for less is no tag
# What one player can play chords on, or many together.
_CHORDS = ("piano", "mallets", "organ", "guitar", "strings", "choir")
_LEADS = ("piano", "mallets", "organ", "guitar", "strings", "choir", "brass", "reeds", "flutes")
_SECTIONS = {"strings": (48, 49), "choir": (52, 53)}
# Middle of the usual range, where it is not the usual one of a melody.
_CENTRES = {
    40: 72, 41: 62, 42: 50, 43: 40, 56: 67, 57: 52, 58: 40, 59: 65, 60: 57, 61: 60, 64: 68, 65: 63,
    66: 56, 67: 48, 68: 72, 69: 64, 70: 48, 71: 66, 72: 84, 73: 76, 74: 76, 75: 74, 77: 68, 79: 74,
} | dict.fromkeys(FAMILIES["bass"], 38)  # fmt: skip
_KICK, _SNARE, _RIM, _CLAP, _HAT, _OPEN, _CRASH, _RIDE, _TAMBOURINE = (
    36, 38, 37, 39, 42, 46, 49, 51, 54,
)  # fmt: skip

Voice = tuple[int, tuple[str, ...]]


@dataclass(frozen=True)
class Excerpt:
    """Ten seconds to be rendered.

    Attributes:
        source: the piece that it is of.
        parts: what is played.
        tags: what applies.
        speed: how much faster the rendering is played, and higher with it: a smaller or larger
            instrument, or a recording at another speed.
    """

    source: str
    parts: tuple[Part, ...]
    tags: tuple[str, ...]
    speed: float = 1.0


def excerpt(piece: Piece, rng: np.random.Generator) -> Excerpt:
    """Ten seconds of a piece, from the beginning of a bar, in an arrangement drawn at random."""
    while True:  # until something sounds
        bpm = piece.bpm * float(np.exp(rng.uniform(np.log(0.65), np.log(1.5))))
        parts = tuple(one for one in arranged(piece, bpm, rng) if one.sounding_s >= SHORTEST_S)
        if any(not one.drums for one in parts):
            break
    speed = speed_of(rng)
    tags = [*instrument_tags(parts), piece.style, tempo_tag(bpm * speed), piece.key[1]]
    return Excerpt(piece.name, parts, tuple(tags), speed)


def arranged(piece: Piece, bpm: float, rng: np.random.Generator) -> list[Part]:
    """What each instrument plays of a piece in ten seconds from a bar drawn at random."""
    period = -(-piece.beats // piece.bar) * piece.bar
    start = piece.bar * int(rng.integers(max(1, int(period / piece.bar))))
    transpose = int(rng.integers(-4, 5))
    voices, drums = arrangement(piece, rng)
    parts = []
    for program, roles in voices:
        notes = [note for role in roles for note in piece.parts[role]]
        own = transpose + octave(notes, program)
        cut = cut_out(notes, start, period, bpm)
        parts.append(part(program, [(s, n, p + own) for s, n, p in cut], rng))
    if drums:
        parts.append(drum_part(bpm, piece.bar, rng))
    return parts


def speed_of(rng: np.random.Generator) -> float:
    """Half of the excerpts are played faster or slower than rendered."""
    return float(np.exp(rng.uniform(-0.13, 0.13))) if rng.random() < 0.5 else 1.0


def arrangement(piece: Piece, rng: np.random.Generator) -> tuple[list[Voice], bool]:
    """Programs and the roles that each plays; whether there are drums."""
    size = int(rng.choice([1, 2, 3], p=[0.3, 0.25, 0.45]))
    if piece.style == CHORALE:
        return chorale_voices(size, rng), bool(size == 3 and rng.random() < 0.1)
    melody = lead(rng)
    if size == 1:
        if rng.random() < 0.6:
            return [(melody, ("melody",))], False
        return [(harmony(rng), ("melody", "chords"))], False
    if size == 2:
        other = str(rng.choice(["chords", "bass", DRUMS], p=[0.6, 0.2, 0.2]))
        if other == DRUMS:
            return [(melody, ("melody",))], True
        program = harmony(rng) if other == "chords" else bass(rng)
        return [(melody, ("melody",)), (program, (other,))], False
    voices: list[Voice] = [(melody, ("melody",)), (harmony(rng), ("chords",))]
    if rng.random() < 0.7:
        voices.append((bass(rng), ("bass",)))
    if rng.random() < 0.35 or len(voices) < 3:
        voices.append((lead(rng), ("second" if "second" in piece.parts else "melody",)))
    return voices, bool(rng.random() < (0.6 if piece.style == POP else 0.35))


def chorale_voices(size: int, rng: np.random.Generator) -> list[Voice]:
    """Four voices on one instrument, on two or on four."""
    four = ("soprano", "alto", "tenor", "bass")
    if size == 1:
        return [(harmony(rng), four)]
    if size == 2:
        return [(lead(rng), four[:1]), (harmony(rng), four[1:])]
    voices: list[Voice] = [(lead(rng), (role,)) for role in four]
    if rng.random() < 0.3:
        voices[3] = (bass(rng), ("bass",))
    return voices


def lead(rng: np.random.Generator) -> int:
    """An instrument for a melody: each family equally often."""
    return int(rng.choice(FAMILIES[str(rng.choice(_LEADS))]))


def harmony(rng: np.random.Generator) -> int:
    """An instrument, or a section, for chords."""
    family = str(rng.choice(_CHORDS, p=[0.3, 0.1, 0.15, 0.25, 0.12, 0.08]))
    return int(rng.choice(_SECTIONS.get(family, FAMILIES[family])))


def bass(rng: np.random.Generator) -> int:
    """A bass."""
    return int(rng.choice(FAMILIES["bass"]))


def octave(notes: Sequence[BeatNote], program: int) -> int:
    """Octaves, in semitones, that bring notes into the range of an instrument."""
    if program not in _CENTRES or not notes:
        return 0
    mean = float(np.mean([pitch for _, _, pitch in notes]))
    return 12 * round((_CENTRES[program] - mean) / 12)


def cut_out(
    notes: Sequence[BeatNote], start: float, period: float, bpm: float
) -> list[tuple[float, float, int]]:
    """Notes of ten seconds from a beat on, in seconds; the piece begins again at its end."""
    beat_s, found = 60 / bpm, []
    times = int((start + EXCERPT_S / beat_s) / period) + 1
    for again in range(times):
        for at, length, pitch in notes:
            begin = (at + again * period - start) * beat_s
            end = min(begin + length * beat_s, EXCERPT_S)
            begin = max(begin, 0.0)
            if end - begin > 0.02:
                found.append((begin, end - begin, pitch))
    return found


def part(program: int, notes: Sequence[tuple[float, float, int]], rng: np.random.Generator) -> Part:
    """Notes played a little unevenly."""
    loud = float(rng.uniform(60, 110))
    played = []
    for start, length, pitch in notes:
        begin = max(0.0, start + float(rng.normal(0, 0.008)))
        velocity = int(np.clip(rng.normal(loud, 8), 20, 127))
        played.append((begin, length * 0.97, int(np.clip(pitch, 24, 108)), velocity))
    return Part(program, tuple(played), **channel(rng))


def channel(rng: np.random.Generator) -> dict[str, Any]:
    """Volume, place and reverberation of a part."""
    return {
        "volume": int(rng.integers(75, 115)),
        "pan": int(rng.integers(30, 98)),
        "reverb": int(rng.integers(0, 90)),
        "sound": sound(rng),
    }


def sound(rng: np.random.Generator) -> Sound:
    """How a part differs from the recorded instrument; a third does not."""
    if rng.random() < 0.33:
        return Sound(tuning=int(rng.normal(0, 8)))
    return Sound(
        tuning=int(np.clip(rng.normal(0, 18), -60, 60)),
        vibrato=int(rng.integers(0, 100)) if rng.random() < 0.5 else 0,
        filter=int(rng.uniform(-4800, 600)),
        release=int(rng.uniform(-1200, 1800)),
        swell=float(rng.uniform(0.2, 0.8)) if rng.random() < 0.4 else 0.0,
    )


def drum_part(bpm: float, bar: float, rng: np.random.Generator) -> Part:
    """A beat of one bar, drawn at random, with a crash now and then."""
    beats, half = round(bar), rng.random() < 0.7
    hat = int(rng.choice([_HAT, _HAT, _RIDE, _TAMBOURINE, _OPEN]))
    snare = int(rng.choice([_SNARE, _SNARE, _RIM, _CLAP]))
    pattern = [(b + o, hat, 70) for b in range(beats) for o in ((0, 0.5) if half else (0,))]
    pattern += [(0.0, _KICK, 105)]
    pattern += [(float(b), snare, 100) for b in range(beats) if b % 2 == 1 or (beats == 3 and b)]
    pattern += [(b + 0.5, _KICK, 90) for b in range(beats) if rng.random() < 0.3]
    pattern += [(float(b), _KICK, 95) for b in range(2, beats, 2) if rng.random() < 0.7]
    beat_s, loud = 60 / bpm, float(rng.uniform(0.6, 1.1))
    notes: list[Note] = []
    for i in range(int(EXCERPT_S / (beats * beat_s)) + 1):
        crash = [(0.0, _CRASH, 90)] if i % 4 == 0 and rng.random() < 0.5 else []
        for at, pitch, velocity in (*pattern, *crash):
            start = (i * beats + at) * beat_s
            if start < EXCERPT_S - 0.05:
                level = int(np.clip(loud * velocity + rng.normal(0, 6), 20, 127))
                notes.append((start, 0.1, pitch, level))
    return Part(int(rng.choice(DRUM_KITS)), tuple(sorted(notes)), drums=True, **channel(rng))
