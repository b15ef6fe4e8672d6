"""Pieces of music as notes: chorales, folk tunes, pop songs; read where they are, in memory.

A `Piece` has its notes in beats. What is a beat follows the metre: a dotted quarter in 6/8, half a
bar in reels and hornpipes, else a quarter.
"""

from __future__ import annotations

import json
import re
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

# Start and length in beats, MIDI pitch.
BeatNote = tuple[float, float, int]

CHORALE, JIG, REEL, HORNPIPE, WALTZ, POP = (
    "Bach chorale", "folk jig", "folk reel", "folk hornpipe", "folk waltz", "pop song",
)  # fmt: skip
# Krumhansl and Kessler, 1982: how well each degree fits a major and a minor key.
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


@dataclass(frozen=True)
class Piece:
    """A piece of one of the sets.

    Attributes:
        name: unique among all.
        style: its tag.
        key: pitch class of the tonic, and `"major"` or `"minor"`.
        bar: beats of a bar.
        bpm: a usual tempo, beats per minute.
        parts: notes by role: `melody`, `chords`, `bass`, or `soprano` … `bass` of a chorale.
        split: `train`, `val` or `test`, if the set says so.
    """

    name: str
    style: str
    key: tuple[int, str]
    bar: float
    bpm: float
    parts: dict[str, list[BeatNote]]
    split: str = ""

    @property
    def beats(self) -> float:
        """Length in beats."""
        return max(start + length for notes in self.parts.values() for start, length, _ in notes)


def key_of(notes: list[BeatNote]) -> tuple[int, str]:
    """The key whose profile correlates best with how long each pitch class sounds.

    Source: Krumhansl, *Cognitive Foundations of Musical Pitch*, 1990.

    >>> key_of([(i, 1, p) for i, p in enumerate((60, 62, 64, 65, 67, 60, 64, 67, 60))])
    (0, 'major')
    """
    weights = np.zeros(12)
    for _, length, pitch in notes:
        weights[pitch % 12] += length
    found = [
        (float(np.corrcoef(weights, np.roll(profile, tonic))[0, 1]), tonic, mode)
        for profile, mode in ((_MAJOR, "major"), (_MINOR, "minor"))
        for tonic in range(12)
    ]
    _, tonic, mode = max(found)
    return tonic, mode


# -- chorales --------------------------------------------------------------------------------------


def chorales(file: Path) -> Iterator[Piece]:
    """J. S. Bach's chorales in sixteenths (JSON), with the usual split."""
    sets = {"train": "train", "valid": "val", "test": "test"}
    for part, rows in json.loads(file.read_text()).items():
        for i, steps in enumerate(rows):
            names = ("soprano", "alto", "tenor", "bass")
            voices = {n: _held([int(s[v]) if v < len(s) else 0 for s in steps]) for v, n in enumerate(names)}
            key = key_of([note for notes in voices.values() for note in notes])
            yield Piece(f"chorale-{part}-{i}", CHORALE, key, 4.0, 80.0, voices, sets[part])


def _held(pitches: list[int]) -> list[BeatNote]:
    """Equal pitches in a row are one note, as the set does not mark where a note is repeated."""
    notes, start = [], 0
    for i in range(1, len(pitches) + 1):
        if i == len(pitches) or pitches[i] != pitches[start]:
            if pitches[start] > 0:
                notes.append((start / 4, (i - start) / 4, pitches[start]))
            start = i
    return notes


# -- MIDI ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Midi:
    """A MIDI file.

    Attributes:
        tracks: name and notes of each track with notes; start and length in quarter notes.
        bpm: the first tempo, in quarter notes per minute.
        metre: the first time signature.
    """

    tracks: list[tuple[str, list[BeatNote]]]
    bpm: float
    metre: tuple[int, int]


def read_midi(data: bytes) -> Midi:
    """Read notes, tempo and metre of a MIDI file; the rest is left out."""
    division = struct.unpack(">H", data[12:14])[0]
    tracks, bpm, metre = [], 120.0, (4, 4)
    found: dict[int, bytes] = {}
    at = 14
    while at + 8 <= len(data):
        size = struct.unpack(">I", data[at + 4 : at + 8])[0]
        name, notes, meta = _read_track(data[at + 8 : at + 8 + size], division)
        for kind, value in meta.items():
            found.setdefault(kind, value)
        if notes:
            tracks.append((name, notes))
        at += 8 + size
    if 0x51 in found:
        bpm = 60e6 / int.from_bytes(found[0x51], "big")
    if 0x58 in found:
        metre = (found[0x58][0], 2 ** found[0x58][1])
    return Midi(tracks, bpm, metre)


def _read_track(data: bytes, division: int) -> tuple[str, list[BeatNote], dict[int, bytes]]:
    """Name, notes and first meta events of a track."""

    def number() -> int:
        nonlocal at
        value = 0
        while True:
            byte = data[at]
            at += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value

    at, tick, status = 0, 0, 0
    name, meta = "", {}
    notes: list[BeatNote] = []
    sounding: dict[int, int] = {}
    while at < len(data):
        tick += number()
        if data[at] >= 0x80:
            status, at = data[at], at + 1
        if status in (0xF0, 0xF7, 0xFF):
            kind = data[at] if status == 0xFF else -1
            at += status == 0xFF
            size = number()
            value, at = data[at : at + size], at + size
            if kind == 0x03:
                name = value.decode("latin-1")
            meta.setdefault(kind, value)
            continue
        event, size = status & 0xF0, 1 if status & 0xE0 == 0xC0 else 2
        pitch, velocity = data[at], data[at + size - 1]
        at += size
        if event in (0x80, 0x90) and pitch in sounding:
            start = sounding.pop(pitch)
            notes.append((start / division, (tick - start) / division, pitch))
        if event == 0x90 and velocity:
            sounding[pitch] = tick
    return name, sorted(notes), meta


def nottingham(archive: Path) -> Iterator[Piece]:
    """Dances of the Nottingham database (MIDI of melody and chords); for the test only."""
    styles = {"jigs": JIG, "reels": REEL, "hpps": HORNPIPE, "waltzes": WALTZ}
    for name, data in _members(archive):
        style = next((s for start, s in styles.items() if Path(name).stem.startswith(start)), None)
        if style is None:
            continue
        midi = read_midi(data)
        bar = 4 * midi.metre[0] / midi.metre[1]
        fits = {JIG: (3.0,), WALTZ: (3.0,), REEL: (4.0, 2.0), HORNPIPE: (4.0, 2.0)}[style]
        if len(midi.tracks) < 2 or bar not in fits:
            continue
        beat = 1.0 if style == WALTZ else bar / 2
        melody, chords = (_scaled(notes, 1 / beat) for _, notes in midi.tracks[:2])
        key = key_of(melody + chords)
        parts = {"melody": melody, "chords": chords, "bass": lowest(chords)}
        yield Piece(
            f"nottingham-{Path(name).stem}", style, key, bar / beat, TEMPI[style], parts, "test"
        )


def pop_songs(archive: Path) -> Iterator[Piece]:
    """POP909: melody, and piano accompaniment; every tenth song is held out."""
    for name, data in _members(archive):
        midi = read_midi(data)
        tracks = {one.upper(): notes for one, notes in midi.tracks}
        if not {"MELODY", "PIANO"} <= set(tracks):
            continue
        melody, chords = tracks["MELODY"], tracks["PIANO"]
        key, number = key_of(melody + chords), int(Path(name).stem)
        split = {0: "test", 1: "val"}.get(number % 10, "train")
        parts = {"melody": melody, "chords": chords, "bass": lowest(chords)}
        if "BRIDGE" in tracks:
            parts["second"] = tracks["BRIDGE"]
        yield Piece(f"pop909-{number:03}", POP, key, 4.0, midi.bpm, parts, split)


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each MIDI file of an archive, sorted by name."""
    with tarfile.open(archive) as tar:
        files = [one for one in tar if one.isfile() and one.name.endswith(".mid")]
        contents = [(one.name, tar.extractfile(one)) for one in files]
        read = [(name, handle.read()) for name, handle in contents if handle is not None]
    yield from sorted(read)


def _scaled(notes: list[BeatNote], factor: float) -> list[BeatNote]:
    return [(start * factor, length * factor, pitch) for start, length, pitch in notes]


def lowest(chords: list[BeatNote]) -> list[BeatNote]:
    """A bass line: the lowest note at each beat, in the register of a bass."""
    by_beat: dict[int, list[BeatNote]] = {}
    for note in chords:
        by_beat.setdefault(int(note[0] + 1e-6), []).append(note)
    line = []
    for beat, notes in sorted(by_beat.items()):
        pitch = min(pitch for _, _, pitch in notes)
        line.append((float(beat), 0.9, 28 + (pitch - 28) % 12))
    return line


# -- ABC -------------------------------------------------------------------------------------------

TEMPI = {JIG: 110.0, REEL: 105.0, HORNPIPE: 85.0, WALTZ: 130.0}
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
                melody = _scaled(melody, float(2 / bar))
                chords, bass = accompaniment(melody, key, 2.0)
                parts = {"melody": melody, "chords": chords, "bass": bass}
                yield Piece(f"ryan-{Path(name).stem}", style, key, 2.0, TEMPI[style], parts)


def read_abc(
    text: str, fields: dict[str, str], bar: Fraction
) -> tuple[list[BeatNote], tuple[int, str]]:
    """The melody of an ABC tune in quarter notes, without repeats, and its key."""
    letter, sign, mode = re.match(  # type: ignore[union-attr]
        r"([A-G]?)([#b]?)\s*([a-z]{0,3})", fields.get("K", "C")[:1] + fields.get("K", "C")[1:].lower()
    ).groups()
    letter = letter or "C"
    fifths = _FIFTHS[letter] + {"#": 7, "b": -7, "": 0}[sign] + _MODES.get(mode, 0)
    tonic = (_SCALE[letter] + {"#": 1, "b": -1, "": 0}[sign]) % 12
    altered = {name: 0 for name in _SCALE}
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
    roots = ((0, 4), (5, 4), (7, 4), (9, 3)) if mode == "major" else ((0, 3), (5, 3), (7, 4), (10, 4))
    chords: list[BeatNote] = []
    bass: list[BeatNote] = []
    bars = int(max(start + length for start, length, _ in melody) / bar + 1e-6)
    for i in range(bars):
        weights = np.zeros(12)
        for start, length, pitch in melody:
            weights[pitch % 12] += max(0.0, min(start + length, (i + 1) * bar) - max(start, i * bar))
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
