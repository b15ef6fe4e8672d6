"""Pieces of music as notes: chorales, folk tunes, pop songs; read where they are, in memory.

A `Piece` has its notes in beats. What is a beat follows the metre: a dotted quarter in 6/8, half a
bar in reels and hornpipes, else a quarter.
"""

from __future__ import annotations

import json
import struct
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Start and length in beats, MIDI pitch.
BeatNote = tuple[float, float, int]

CHORALE, JIG, REEL, HORNPIPE, WALTZ, POP = (
    "Bach chorale", "folk jig", "folk reel", "folk hornpipe", "folk waltz", "pop song",
)  # fmt: skip
# Beats per minute that dances are usually played at.
TEMPI = {JIG: 110.0, REEL: 105.0, HORNPIPE: 85.0, WALTZ: 130.0}
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
            voices = {
                n: _held([int(s[v]) if v < len(s) else 0 for s in steps])
                for v, n in enumerate(names)
            }
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

    at, tick, status = 0, 0, 0

    def number() -> int:
        nonlocal at
        value = 0
        while True:
            byte = data[at]
            at += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value

    name = ""
    meta: dict[int, bytes] = {}
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
        melody, chords = (scaled(notes, 1 / beat) for _, notes in midi.tracks[:2])
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


def scaled(notes: list[BeatNote], factor: float) -> list[BeatNote]:
    """Notes in beats of another length."""
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
