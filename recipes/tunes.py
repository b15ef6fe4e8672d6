"""Folk tunes for the training: Ryan's collection in ABC, and waltzes made by rule.

An ABC tune is a melody; its accompaniment is made here.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from recipes.pieces import HORNPIPE, JIG, REEL, TEMPI, WALTZ, BeatNote, Piece, scaled

_SCALE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
_MODES = {"": 0, "maj": 0, "ion": 0, "m": -3, "min": -3, "aeo": -3, "dor": -2, "mix": -1, "lyd": 1}
_TOKEN = re.compile(r"(\(\d)|([_=^]*)([A-Ga-g]|[zx])([,']*)(\d*/*\d*)|([<>]+)|(\|)")


def ryan(wheel: Path) -> Iterator[Piece]:
    """Jigs, reels and hornpipes of Ryan's Mammoth Collection (Boston, 1883), of a music21 wheel."""
    styles = {"jig": JIG, "reel": REEL, "hornpipe": HORNPIPE}
    with zipfile.ZipFile(wheel) as files:
        for name in sorted(files.namelist()):
            if "/ryansMammoth/" in name and name.endswith(".abc"):
                text = files.read(name).decode("utf-8", "replace")
                fields = dict(re.findall(r"(?m)^([A-Z]):[ \t]*(.*?)[ \t]*$", text))
                style = styles.get(fields.get("R", "").lower())
                metre = fields.get("M", "").replace("C|", "2/2").replace("C", "4/4")
                if style is None or metre not in {JIG: ("6/8",)}.get(style, ("2/2", "4/4", "2/4")):
                    continue
                bar = 4 * Fraction(metre)
                melody, key = read_abc(text, fields, bar)
                if len(melody) < 40:
                    continue
                melody = scaled(melody, float(2 / bar))
                chords, bass = accompaniment(melody, key, 2.0)
                parts = {"melody": melody, "chords": chords, "bass": bass}
                yield Piece(f"ryan-{Path(name).stem}", style, key, 2.0, TEMPI[style], parts)


def read_abc(
    text: str, fields: dict[str, str], bar: Fraction
) -> tuple[list[BeatNote], tuple[int, str]]:
    """The melody of an ABC tune in quarter notes, without repeats, and its key."""
    text_of_key = fields.get("K", "C")
    letter, sign, mode = re.match(  # type: ignore[union-attr]
        r"([A-G]?)([#b]?)\s*([a-z]{0,3})",
        text_of_key[:1] + text_of_key[1:].lower(),
    ).groups()
    letter = letter or "C"
    fifths = _FIFTHS[letter] + {"#": 7, "b": -7, "": 0}[sign] + _MODES.get(mode, 0)
    tonic = (_SCALE[letter] + {"#": 1, "b": -1, "": 0}[sign]) % 12
    altered = dict.fromkeys(_SCALE, 0)
    for i in range(abs(fifths)):
        altered["FCGDAEB"[i % 7] if fifths > 0 else "BEADGCF"[i % 7]] += 1 if fifths > 0 else -1
    unit = Fraction(fields["L"]) * 4 if "L" in fields else Fraction(1, 2)
    music = "\n".join(line for line in text.splitlines() if not re.match(r"[A-Za-z]:|%", line))
    music = re.sub(r'"[^"]*"|\{[^}]*\}|!.*?!|\[[A-Z]:[^\]]*\]', "", music)
    notes: list[list[Fraction | int]] = []
    now, triplet, broken = Fraction(0), 0, Fraction(1)
    local: dict[str, int] = {}
    for tuplet, accidental, name, octave, length, arrow, line in _TOKEN.findall(music):
        if line:
            local = {}
        elif tuplet:
            triplet = 3 if tuplet == "(3" else 0
        elif arrow and notes:
            short = Fraction(1, 2 ** len(arrow))
            factor = 2 - short if arrow[0] == ">" else short
            change = notes[-1][1] * (factor - 1)
            notes[-1][1] += change
            now += change
            broken = 2 - factor
        elif name:
            lasts = _length(length) * unit * broken * (Fraction(2, 3) if triplet else 1)
            triplet, broken = max(0, triplet - 1), Fraction(1)
            if name not in "zx":
                where = name + octave
                if accidental:
                    local[where] = accidental.count("^") - accidental.count("_")
                shift = local.get(where, altered[name.upper()])
                high = 12 * (name.islower() + octave.count("'") - octave.count(","))
                notes.append([now, lasts, 60 + _SCALE[name.upper()] + high + shift])
            now += lasts
    minor = _MODES.get(mode, 0) in (-3, -2)
    melody = [(float(s), float(d), int(p)) for s, d, p in notes]
    return melody, (tonic, "minor" if minor else "major")


def _length(text: str) -> Fraction:
    """A length as ABC writes it: `2`, `3/2`, `/`, `//`.

    >>> _length("3/2"), _length("/"), _length("")
    (Fraction(3, 2), Fraction(1, 2), Fraction(1, 1))
    """
    if "/" not in text:
        return Fraction(int(text or 1))
    top, bottom = text.split("/")[0], text.split("/")[-1]
    return Fraction(int(top or 1), int(bottom or 2 ** text.count("/")))


# -- accompaniment, and waltzes --------------------------------------------------------------------


def accompaniment(
    melody: list[BeatNote], key: tuple[int, str], bar: float
) -> tuple[list[BeatNote], list[BeatNote]]:
    """Chords and a bass line: each bar gets the triad of its key that fits the melody best."""
    tonic, mode = key
    roots = (
        ((0, 4), (5, 4), (7, 4), (9, 3)) if mode == "major" else ((0, 3), (5, 3), (7, 4), (10, 4))
    )
    chords: list[BeatNote] = []
    bass: list[BeatNote] = []
    bars = int(max(start + length for start, length, _ in melody) / bar + 1e-6)
    for i in range(bars):
        weights = np.zeros(12)
        for start, length, pitch in melody:
            weights[pitch % 12] += max(
                0.0, min(start + length, (i + 1) * bar) - max(start, i * bar)
            )
        triads = [[(tonic + r) % 12, (tonic + r + t) % 12, (tonic + r + 7) % 12] for r, t in roots]
        triad = max(triads, key=lambda one: weights[one].sum() + 0.1 * weights[one[0]])
        beats = round(bar)
        if beats == 3:
            bass.append((i * bar, 0.9, 36 + triad[0]))
            chords += [(i * bar + b, 0.8, 52 + (p - 52) % 12) for b in (1, 2) for p in triad]
            continue
        for b in range(beats):
            bass.append((i * bar + b, 0.45, 36 + triad[0 if b % 2 == 0 else 2]))
            chords += [(i * bar + b + 0.5, 0.4, 52 + (p - 52) % 12) for p in triad]
    return chords, bass


def waltzes(count: int, seed: int = 0) -> Iterator[Piece]:
    """Waltzes made by rule, as no freely licensed set of them was found.

    Sixteen bars of I, IV, V and vi, a melody that steps through scale and chord in the rhythms of
    folk waltzes; the first eight bars return.
    """
    rng = np.random.default_rng(seed)
    rhythms = ((2, 1), (1, 1, 1), (3,), (1.5, 0.5, 1), (1, 0.5, 0.5, 1), (0.5,) * 6, (2, 0.5, 0.5))
    for n in range(count):
        tonic, mode = int(rng.integers(12)), "minor" if rng.random() < 0.25 else "major"
        scale = np.array([0, 2, 4, 5, 7, 9, 11] if mode == "major" else [0, 2, 3, 5, 7, 8, 10])
        kinds = [rhythms[i] for i in rng.choice(len(rhythms), 3, replace=False)]
        half: list[BeatNote] = []
        degree = int(rng.choice([0, 2, 4]))
        for i in range(16):
            at = 3.0 * i
            goal = int(rng.choice([0, 2, 4])) + int(rng.choice([0, 0, 3, 4, 5]))
            for length in (3,) if i % 8 == 7 else kinds[int(rng.integers(3))]:
                degree = goal if at == 3.0 * i else degree + int(rng.choice([-2, -1, -1, 1, 1, 2]))
                degree = int(np.clip(degree, -3, 11))
                pitch = 62 + tonic % 7 + 12 * (degree // 7) + int(scale[degree % 7])
                half.append((at, float(length), pitch))
                at += length
        key = ((62 + tonic % 7) % 12, mode)
        chords, bass = accompaniment(half, key, 3.0)
        parts = {"melody": half, "chords": chords, "bass": bass}
        yield Piece(f"waltz-{n}", WALTZ, key, 3.0, TEMPI[WALTZ], parts)
