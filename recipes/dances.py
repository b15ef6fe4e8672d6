"""Folk dances made by rule, for the training: jigs, reels, hornpipes, waltzes.

No collection of real ones with a stated free licence was found, so what makes a dance what it is
was written down as rules: metre and rhythm of each kind, two parts of eight bars that are repeated
(AABB), a two-bar motif that returns, arpeggios, steps and rocking notes around a chord, the modes
of folk music. Source: Breathnach, *Folk Music and Dances of Ireland*, 1971. Real tunes are in the
test alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recipes.pieces import HORNPIPE, JIG, REEL, TEMPI, WALTZ, BeatNote, Piece

# Degrees in semitones; the chords (root, third) that a mode uses, its own first; how often; tag.
MODES: dict[str, tuple[tuple[int, ...], tuple[tuple[int, int], ...], float, str]] = {
    "major": ((0, 2, 4, 5, 7, 9, 11), ((0, 4), (5, 4), (7, 4), (9, 3), (2, 3)), 0.52, "major"),
    "mixolydian": ((0, 2, 4, 5, 7, 9, 10), ((0, 4), (10, 4), (5, 4), (7, 3)), 0.13, "major"),
    "dorian": ((0, 2, 3, 5, 7, 9, 10), ((0, 3), (10, 4), (5, 4), (7, 3)), 0.2, "minor"),
    "minor": ((0, 2, 3, 5, 7, 8, 10), ((0, 3), (5, 3), (7, 4), (10, 4), (8, 4)), 0.15, "minor"),
}
_TONICS = (2, 7, 9, 4, 0, 11, 5, 10)  # fiddlers prefer D, G and A
_TONIC_SHARES = (0.26, 0.24, 0.18, 0.1, 0.08, 0.06, 0.05, 0.03)
_SHARES = tuple(one[2] for one in MODES.values())
# Lengths in beats of the bars of a waltz.
_WALTZ = ((2, 1), (1, 1, 1), (3,), (1.5, 0.5, 1), (1, 0.5, 0.5, 1), (0.5,) * 6, (2, 0.5, 0.5))
PART_BARS = 8


def dances(count: int, seed: int = 0) -> Iterator[Piece]:
    """So many of each kind.

    >>> [one.name for one in dances(1)]
    ['folk jig-0', 'folk reel-0', 'folk hornpipe-0', 'folk waltz-0']
    """
    for n in range(count):
        for i, style in enumerate((JIG, REEL, HORNPIPE, WALTZ)):
            yield dance(f"{style}-{n}", style, np.random.default_rng([seed, n, i]))


def dance(name: str, style: str, rng: np.random.Generator) -> Piece:
    """A tune of two parts, each twice, with chords and a bass.

    A beat is a dotted quarter of a jig, a half note of a reel or hornpipe, a quarter of a waltz.
    """
    mode = str(rng.choice(list(MODES), p=_SHARES))
    tonic = int(rng.choice(_TONICS, p=_TONIC_SHARES))
    bar = 3.0 if style == WALTZ else 2.0
    rhythm = rhythms(style, rng)
    melody: list[BeatNote] = []
    roots: list[int] = []
    for part in range(2):
        notes, chords = eight_bars(tonic, mode, bar, rhythm, 3 * part, rng)
        for _ in range(2):
            at = len(roots) * bar
            melody += [(start + at, length, pitch) for start, length, pitch in notes]
            roots += chords
    chords_, bass = accompaniment(roots, tonic, mode, bar, rng)
    parts = {"melody": melody, "chords": chords_, "bass": bass}
    return Piece(name, style, (tonic, MODES[mode][3]), bar, TEMPI[style], parts)


def rhythms(
    style: str, rng: np.random.Generator
) -> Callable[[bool, np.random.Generator], list[float]]:
    """What gives the lengths of the notes of a bar; at the end of a part it comes to rest."""
    if style == WALTZ:
        some = rng.choice(len(_WALTZ), 3, replace=False)
        return lambda end, rng: [3.0] if end else [float(x) for x in _WALTZ[int(rng.choice(some))]]
    # A hornpipe is written evenly or dotted, and played somewhere between.
    long = float(rng.choice([1 / 4, 1 / 3, 3 / 8], p=[0.3, 0.35, 0.35])) if style == HORNPIPE else 0
    often = float(rng.uniform(0.6, 0.9))
    if style == JIG:
        kinds: list[tuple[tuple[float, ...], float]] = [
            ((1 / 3,) * 3, often), ((2 / 3, 1 / 3), 0.2), ((1.0,), 0.02),
            ((1 / 2, 1 / 6, 1 / 3), 0.05),
        ]  # fmt: skip
    elif style == REEL:
        kinds = [
            ((1 / 4,) * 4, often), ((1 / 2, 1 / 4, 1 / 4), 0.15), ((1 / 2, 1 / 2), 0.05),
            ((1 / 4, 1 / 4, 1 / 2), 0.08),
        ]  # fmt: skip
    else:
        pair = (long, 1 / 2 - long)
        kinds = [
            (pair + pair, often - 0.1), ((1 / 6,) * 3 + pair, 0.15), ((1 / 2, *pair), 0.12),
            ((1 / 2, 1 / 2), 0.12),
        ]  # fmt: skip
    ends = {JIG: [1 / 3, 1 / 3, 1 / 3, 1.0], REEL: [1 / 4] * 4 + [1.0], HORNPIPE: [1 / 2] * 4}
    p = np.array([share for _, share in kinds])
    p /= p.sum()

    def bar(end: bool, rng: np.random.Generator) -> list[float]:
        if end:
            return ends[style]
        return [x for _ in range(2) for x in kinds[int(rng.choice(len(kinds), p=p))][0]]

    return bar


def eight_bars(
    tonic: int,
    mode: str,
    bar: float,
    rhythm: Callable[[bool, np.random.Generator], list[float]],
    higher: int,
    rng: np.random.Generator,
) -> tuple[list[BeatNote], list[int]]:
    """The notes of a part, and which chord of the mode each bar has; bars 5 and 6 are 1 and 2."""
    scale, triads = MODES[mode][0], MODES[mode][1]
    chords = [0, int(rng.choice(len(triads))), int(rng.choice([0, 1])), int(rng.choice([1, 2]))]
    chords += [chords[0], chords[1], int(rng.choice([1, 2])), 0]
    bars: list[list[BeatNote]] = []
    degree = higher + int(rng.choice([0, 2, 4]))
    for i, chord in enumerate(chords):
        if i in (4, 5):
            bars.append([(start + 4 * bar, length, pitch) for start, length, pitch in bars[i - 4]])
            continue
        root = scale.index(triads[chord][0])
        notes, degree = figure(rhythm(i == 7, rng), root, degree, bar, rng)
        if i == 7:
            notes[-1] = (*notes[-1][:2], round(degree / 7) * 7)
        bars.append([(i * bar + at, length, pitch_of(d, tonic, scale)) for at, length, d in notes])
    return [note for one in bars for note in one], chords


def figure(
    lengths: list[float], root: int, degree: int, bar: float, rng: np.random.Generator
) -> tuple[list[tuple[float, float, int]], int]:
    """A bar in degrees of the scale: an arpeggio, steps, or rocking around a note of the chord."""
    found: list[tuple[float, float, int]] = []
    at, way, kind = 0.0, 1, ""
    for n, length in enumerate(lengths):
        if abs(at % 1) < 1e-6 or (bar == 3.0 and n == 0):
            kind = str(rng.choice(["arpeggio", "steps", "rocking"], p=[0.35, 0.45, 0.2]))
            way = 1 if degree < 1 else -1 if degree > 9 else int(rng.choice([-1, 1]))
            tones = [root + 7 * o + t for o in (-1, 0, 1) for t in (0, 2, 4)]
            degree = min(tones, key=lambda one: abs(one - degree) + rng.random())
            anchor = degree
        elif kind == "arpeggio":
            above = [one for one in tones if (one - degree) * way > 0]
            degree = min(above, key=lambda one: abs(one - degree)) if above else degree - way
        elif kind == "steps":
            degree += way if rng.random() < 0.85 else -way
        else:
            degree = anchor if n % 2 == 0 else anchor + way * int(rng.choice([1, 2, 3, 4]))
        degree = int(np.clip(degree, -4, 13))
        found.append((at, float(length), degree))
        at += length
    return found, degree


def pitch_of(degree: int, tonic: int, scale: tuple[int, ...]) -> int:
    """MIDI pitch of a degree, about the first octave of a fiddle or flute.

    >>> pitch_of(0, 2, MODES["major"][0]), pitch_of(8, 7, MODES["major"][0])
    (62, 81)
    """
    low = 60 + tonic if tonic < 8 else 48 + tonic
    return low + 12 * (degree // 7) + scale[degree % 7]


def accompaniment(
    roots: list[int], tonic: int, mode: str, bar: float, rng: np.random.Generator
) -> tuple[list[BeatNote], list[BeatNote]]:
    """Chords and bass, of bars with a chord each: bass and after-beats, held chords, or a drone."""
    kind = str(rng.choice(["after-beats", "held", "broken", "drone"], p=[0.35, 0.35, 0.2, 0.1]))
    triads = MODES[mode][1]
    chords: list[BeatNote] = []
    bass: list[BeatNote] = []
    beats = round(bar)
    for i, chord in enumerate(roots):
        root, third = triads[chord]
        triad = [(tonic + root + step) % 12 for step in (0, third, 7)]
        if kind == "drone":
            triad = [tonic % 12, (tonic + 7) % 12]
        tones = [52 + (one - 52) % 12 for one in triad]
        at = i * bar
        for b in range(beats):
            if kind == "after-beats" and beats == 3:
                bass += [(at, 0.9, 36 + triad[0])] if b == 0 else []
                chords += [(at + b, 0.8, tone) for tone in tones] if b else []
            elif kind == "after-beats":
                bass.append((at + b, 0.45, 36 + triad[0 if b % 2 == 0 else -1]))
                chords += [(at + b + 0.5, 0.4, tone) for tone in tones]
            elif kind == "broken":
                bass.append((at + b, 0.9, 36 + triad[0]))
                order = sorted(tones) if b % 2 == 0 else sorted(tones, reverse=True)
                step = 1 / len(order)
                chords += [(at + b + n * step, step, tone) for n, tone in enumerate(order)]
            else:
                bass += [(at + b, 0.95, 36 + triad[0])] if kind == "held" or b == 0 else []
                chords += [(at, bar, tone) for tone in tones] if b == 0 else []
    return chords, bass
