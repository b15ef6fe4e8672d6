"""Excerpts without a piece: what a player of one instrument, a rhythm section, a drummer plays.

Real recordings of instruments are often stems, or single notes; most of these are such. They have
no style and no key.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recipes.arrange import (
    _CENTRES,
    _CHORDS,
    _LEADS,
    EXCERPT_S,
    SHORTEST_S,
    Excerpt,
    channel,
    drum_part,
    part,
    speed_of,
)
from recipes.render import DRUM_KITS, FAMILIES, OTHERS, Note, Part, instrument_tags, tempo_tag

NOTES, PHRASE, DRUM_SOLO, TRIO = "single notes", "phrases", "drums alone", "rhythm section"
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 3, 5, 7, 9, 10), tuple(range(12)))
_CHORD_SHAPES = (
    (0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 4, 10, 14), (0, 5, 7), (0, 7, 12, 16),
)  # fmt: skip
_RIDE, _FOOT_HAT, _SNARE, _KICK = 51, 44, 38, 36

_STEPS = (0.06, 0.1, 0.3, 0.08, 0.3, 0.1, 0.06)

MelodyNote = tuple[float, float, int]


def instrument(rng: np.random.Generator) -> int:
    """A program: each family equally often, and now and then one that is no tag."""
    if rng.random() < 0.06:
        return int(rng.choice(OTHERS))
    return int(rng.choice(FAMILIES[str(rng.choice([*_LEADS, "bass"]))]))


def single_notes(name: str, rng: np.random.Generator) -> Excerpt:
    """Single notes of one instrument, long and short, with pauses; sometimes only one."""
    program = instrument(rng)
    centre, at = _CENTRES.get(program, 62), float(rng.choice([0.0, 0.0, 0.1, 0.5]))
    notes: list[Note] = []
    only = rng.random() < 0.25
    while at < EXCERPT_S - 0.5:
        length = min(float(rng.choice([0.25, 0.5, 1.0, 2.0, 3.0])), EXCERPT_S - at)
        pitch = int(np.clip(centre + rng.integers(-16, 17), 24, 103))
        notes.append((at, length, pitch, int(rng.integers(30, 125))))
        at += length + float(rng.choice([0.0, 0.1, 0.5, 1.0]))
    if only:  # one note, repeated like a short recording that is
        length = float(rng.uniform(0.3, 3.0))
        step = length + float(rng.uniform(0.05, 0.6))
        notes = [(i * step, length, *notes[0][2:]) for i in range(int(EXCERPT_S / step))]
    parts = (Part(program, tuple(notes), **channel(rng)),)
    return Excerpt(name, parts, tuple(instrument_tags(parts)), speed_of(rng))


def phrases(name: str, rng: np.random.Generator) -> Excerpt:
    """What one instrument plays in a piece: lines, or chords and a bass line where it can."""
    program = instrument(rng)
    family = Part(program, ()).family
    bpm = float(rng.uniform(55, 170))
    if family == "bass":
        notes = [walking, line, riff][int(rng.integers(3))](program, 60 / bpm, rng)
    elif family in _CHORDS and rng.random() < 0.55:
        notes = chords(program, 60 / bpm, rng)
        if family in ("piano", "organ", "mallets") and rng.random() < 0.6:
            notes += [(s, d, p + 12) for s, d, p in line(program, 60 / bpm, rng)]
    else:
        notes = line(program, 60 / bpm, rng)
    parts = (part(program, notes, rng),)
    return Excerpt(name, parts, tuple(instrument_tags(parts)), speed_of(rng))


def rhythm_section(name: str, rng: np.random.Generator) -> Excerpt:
    """Piano or guitar, bass and drums, as in jazz and rock; sometimes with a lead."""
    bpm = float(rng.uniform(70, 210))
    beat_s = 60 / bpm
    basses = FAMILIES["bass"]
    program = int(rng.choice((0, 1, 2, 4, 24, 25, 26, 27, 28)))
    parts = [
        part(program, chords(program, beat_s, rng), rng),
        part(low := int(rng.choice(basses)), walking(low, beat_s, rng), rng),
        swing(bpm, rng) if rng.random() < 0.6 else drum_part(bpm, 4.0, rng),
    ]
    if rng.random() < 0.6:
        lead = instrument(rng)
        parts.append(part(lead, line(lead, beat_s, rng), rng))
    kept = tuple(p for p in parts if rng.random() < 0.8 and p.sounding_s > SHORTEST_S)
    kept = kept or (parts[0],)
    speed = speed_of(rng)
    tags = (*instrument_tags(kept), tempo_tag(bpm * speed))
    return Excerpt(name, kept, tags, speed)


def drum_solo(name: str, rng: np.random.Generator) -> Excerpt:
    """Drums alone."""
    bpm = float(rng.uniform(60, 180))
    parts = (swing(bpm, rng) if rng.random() < 0.4 else drum_part(bpm, 4.0, rng),)
    return Excerpt(name, parts, (*instrument_tags(parts), tempo_tag(bpm)))


MAKERS: dict[str, Callable[[str, np.random.Generator], Excerpt]] = {
    NOTES: single_notes, PHRASE: phrases, TRIO: rhythm_section, DRUM_SOLO: drum_solo,
}  # fmt: skip


# -- what is played --------------------------------------------------------------------------------


def line(program: int, beat_s: float, rng: np.random.Generator) -> list[MelodyNote]:
    """A melody: steps and leaps in a scale, a rhythm of its own, tied or detached, with rests."""
    scale = _SCALES[int(rng.choice(len(_SCALES), p=[0.4, 0.25, 0.2, 0.15]))]
    lengths = np.array([0.25, 0.5, 1.0, 1.5, 2.0, 4.0])
    p = rng.dirichlet([0.6, 1.5, 1.5, 0.5, 0.8, 0.5])
    rests, tied = float(rng.uniform(0, 0.25)), float(rng.choice([0.3, 0.6, 0.95, 1.03]))
    centre = _CENTRES.get(program, 67) + int(rng.integers(-7, 8))
    degree, at = 0, 0.0
    notes: list[MelodyNote] = []
    while at < EXCERPT_S - 0.1:
        length = float(rng.choice(lengths, p=p)) * beat_s
        if rng.random() > rests:
            degree += int(rng.choice([-4, -2, -1, 0, 1, 2, 4], p=_STEPS))
            degree = int(np.clip(degree, -9, 9))
            pitch = centre + 12 * (degree // len(scale)) + scale[degree % len(scale)]
            notes.append((at, min(length * tied, EXCERPT_S - at), pitch))
        at += length
    return notes


def chords(program: int, beat_s: float, rng: np.random.Generator) -> list[MelodyNote]:
    """Chords that change with the bar, struck, held, broken or off the beat."""
    kind = str(rng.choice(["held", "struck", "broken", "sparse"]))
    root, at = 48 + int(rng.integers(12)), 0.0
    notes: list[MelodyNote] = []
    while at < EXCERPT_S - 0.2:
        shape = _CHORD_SHAPES[int(rng.integers(len(_CHORD_SHAPES)))]
        root = int(np.clip(root + rng.choice([-5, -2, 2, 5, 7, -7]), 43, 64))
        tones, bar_s = [root + step for step in shape], 4 * beat_s
        if kind == "held":
            notes += [(at, bar_s, tone) for tone in tones]
        elif kind == "struck":
            notes += [(at + i * beat_s, 0.8 * beat_s, tone) for i in range(4) for tone in tones]
        elif kind == "broken":
            order = (tones * 8)[:8]
            notes += [(at + i * beat_s / 2, beat_s, tone) for i, tone in enumerate(order)]
        else:
            starts = rng.choice([0, 0.67, 1, 1.67, 2, 2.67, 3, 3.67], 2, replace=False)
            notes += [
                (at + x * beat_s, float(rng.uniform(0.2, 1.2)) * beat_s, tone)
                for x in map(float, starts)
                for tone in tones
            ]
        at += bar_s
    return [(s, min(d, EXCERPT_S - s), p) for s, d, p in notes if s < EXCERPT_S - 0.1]


def walking(program: int, beat_s: float, rng: np.random.Generator) -> list[MelodyNote]:
    """A bass line in quarters, with passing notes."""
    pitch, notes = 40 + int(rng.integers(-4, 6)), []
    for i in range(int(EXCERPT_S / beat_s)):
        pitch += int(rng.choice([-5, -2, -1, 1, 2, 3, 4, 5]))
        pitch = pitch + 12 if pitch < 28 else pitch - 12 if pitch > 55 else pitch
        length = float(rng.uniform(0.7, 1.0)) * beat_s
        notes.append((i * beat_s, min(length, EXCERPT_S - i * beat_s), pitch))
        if rng.random() < 0.12 and (i + 1) * beat_s < EXCERPT_S:
            notes.append(((i + 0.67) * beat_s, 0.3 * beat_s, pitch))
    return notes


def riff(program: int, beat_s: float, rng: np.random.Generator) -> list[MelodyNote]:
    """One bar of a bass line, again and again."""
    starts = np.flatnonzero(rng.random(8) < 0.5) / 2
    starts = np.union1d(starts, [0.0])
    root = 33 + int(rng.integers(12))
    steps = rng.choice([0, 0, 0, 3, 5, 7, 10, 12], len(starts))
    bars = int(EXCERPT_S / (4 * beat_s)) + 1
    one = list(zip(starts, steps, strict=True))
    every = [(4 * i + s, root + int(p)) for i in range(bars) for s, p in one]
    return [(s * beat_s, 0.45 * beat_s, p) for s, p in every if s * beat_s < EXCERPT_S - 0.1]


def swing(bpm: float, rng: np.random.Generator) -> Part:
    """A ride cymbal in swing, the hi-hat on two and four, snare and bass drum now and then."""
    beat_s, notes = 60 / bpm, []
    snare, kick = float(rng.uniform(0.05, 0.5)), float(rng.uniform(0.1, 0.6))
    for i in range(int(EXCERPT_S / beat_s)):
        hits = [(0.0, _RIDE, 80)]
        hits += [(0.67, _RIDE, 60), (0.0, _FOOT_HAT, 70)] if i % 2 else []
        hits += [(float(rng.choice([0, 0.67])), _SNARE, 70)] if rng.random() < snare else []
        hits += [(0.0, _KICK, 75)] if rng.random() < kick else []
        for at, pitch, velocity in hits:
            start = (i + at) * beat_s
            if start < EXCERPT_S - 0.05:
                loud = int(np.clip(velocity + rng.normal(0, 12), 15, 127))
                notes.append((start, 0.1, pitch, loud))
    return Part(int(rng.choice(DRUM_KITS)), tuple(sorted(notes)), drums=True, **channel(rng))
