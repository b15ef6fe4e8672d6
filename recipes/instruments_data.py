"""The stems that `recipes/instruments.py` trains on: ten seconds of one instrument each.

What is played is of POP909, of Bach's chorales (their training halves) or made by rule
(`recipes/solos.py`); it is rendered with soundfonts, none of which renders the test. Half of the
stems belong together: several families that play the same ten seconds of a song. Drums are also
the loops of Sonic Pi, and some voices are people who read (LibriSpeech, the speakers for
training). Stems are mono: place, level, colour and what plays together are drawn while
training.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recipes import arrange, pieces, render, solos
from recipes.music_data import LOOPS, TEST_LOOPS

SEED = 0
RATE_HZ = 44_100
SECONDS = 10.0
AT_ONCE = 48  # stems that one call of the renderer makes
# General MIDI programs of each family that is separated.
FAMILIES: dict[str, tuple[int, ...]] = {
    "voice": (52, 53, 54, 80, 81, 85),
    "strings": (40, 41, 42, 43, 44, 45, 48, 49),
    "winds": (64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75),
    "brass": (56, 57, 58, 59, 60, 61),
    "piano": (0, 1, 2, 3, 4, 5),
    "guitar": (24, 25, 26, 27, 28, 29, 30),
    "bass": (32, 33, 34, 35, 36, 37),
    "drums": (),
}
# In the training only, so that the net does not take each of them for one of the families.
OTHERS = (8, 11, 12, 16, 18, 19, 21, 22, 46, 88, 89, 90)
CHORDS = ("piano", "guitar", "strings", "voice")


def stem(family: str, songs: list[pieces.Piece], rng: np.random.Generator) -> render.Part:
    """What one instrument of a family plays."""
    bpm = float(rng.uniform(65, 170))
    if family == "drums":
        return solos.swing(bpm, rng) if rng.random() < 0.3 else arrange.drum_part(bpm, 4.0, rng)
    program = int(rng.choice(FAMILIES.get(family, OTHERS)))
    made = rng.random() < 0.4
    if family == "bass":
        role = ["bass"]
        notes = [solos.walking, solos.riff][int(rng.integers(2))](program, 60 / bpm, rng)
    elif family in CHORDS and rng.random() < 0.5:
        role, notes = ["chords", "alto"], solos.chords(program, 60 / bpm, rng)
    else:
        role, notes = ["melody", "soprano"], solos.line(program, 60 / bpm, rng)
    if not made:
        piece = songs[int(rng.integers(len(songs)))]
        notes = of_piece(piece, next((r for r in role if r in piece.parts), "bass"), program, rng)
    return arrange.part(program, notes, rng)


def of_piece(
    piece: pieces.Piece, role: str, program: int, rng: np.random.Generator, bpm: float = 0.0,
    start: float = -1.0,
) -> list[solos.MelodyNote]:  # fmt: skip
    """Ten seconds of a role of a piece, from a bar on."""
    bpm = bpm or piece.bpm * float(rng.uniform(0.7, 1.4))
    period = -(-piece.beats // piece.bar) * piece.bar
    start = piece.bar * int(rng.integers(max(1, int(period / piece.bar)))) if start < 0 else start
    notes = piece.parts[role]
    up = arrange.octave(notes, program)
    return [(s, n, p + up) for s, n, p in arrange.cut_out(notes, start, period, bpm)]


def songs_of(symbolic: Path, split: str) -> list[pieces.Piece]:
    """The pop songs and the chorales of a part."""
    every = [
        *pieces.chorales(symbolic / "jsb-chorales-16th.json"),
        *pieces.pop_songs(symbolic / "pop909-midi.tar.xz"),
    ]
    return [p for p in every if p.split == split]


def together(
    songs: list[pieces.Piece], rng: np.random.Generator, tempi: tuple[float, float] = (0.7, 1.4)
) -> list[tuple[str, render.Part]]:
    """Three to six families and what each plays of the same ten seconds of a song.

    `tempi` is how much slower and faster than usual they may play.
    """
    piece = songs[int(rng.integers(len(songs)))]
    bpm = piece.bpm * float(rng.uniform(*tempi))
    start = piece.bar * int(rng.integers(max(1, int(piece.beats / piece.bar) - 8)))
    names = [str(n) for n in rng.permutation(list(FAMILIES))][: int(rng.integers(3, 7))]
    roles = [r for r in piece.parts if r != "bass"]
    found = []
    for i, name in enumerate(names):
        if name == "drums":
            found.append((name, stem(name, songs, rng)))
            continue
        role = "bass" if name == "bass" else roles[i % len(roles)]
        program = int(rng.choice(FAMILIES[name]))
        notes = of_piece(piece, role, program, rng, bpm, start)
        found.append((name, arrange.part(program, notes, rng)))
    return found


@dataclass(frozen=True)
class Job:
    """What one call of the renderer makes.

    Attributes:
        font: the soundfont.
        families: of each part.
        parts: what is played.
        songs: number of the song that each part belongs to; -1: none.
    """

    font: Path
    families: tuple[str, ...]
    parts: tuple[render.Part, ...]
    songs: tuple[int, ...]

    def done(self) -> list[np.ndarray]:
        """Each stem `(t,)` as 16-bit numbers; empty where next to nothing sounds."""
        clips = render.render([[part] for part in self.parts], self.font, SECONDS)
        return [sixteen_bit(clip.samples[0]) for clip in clips]


def sixteen_bit(wave: np.ndarray) -> np.ndarray:
    """Raised to nearly full scale; empty if it is silent."""
    level = float(np.abs(wave).max(initial=0.0))
    if level < 1e-3:
        return np.zeros(0, "<i2")
    found: np.ndarray = np.round(wave / level * 0.9 * 32767).astype("<i2")
    return found


def jobs_of(songs: list[pieces.Piece], fonts: Sequence[Path], each: int) -> Iterator[Job]:
    """`each` lone stems of each family, and as many songs as that, with each soundfont."""
    for number, font in enumerate(fonts):
        rows: list[tuple[str, render.Part, int]] = []
        for family in (*FAMILIES, ""):
            rng = np.random.default_rng([SEED, number, len(family), *family.encode()])
            rows += [(family, stem(family, songs, rng), -1) for _ in range(each)]
        rng = np.random.default_rng([SEED, number])
        for song in range(2 * each):
            found = together(songs, rng)
            rows += [(family, part, number * 2 * each + song) for family, part in found]
        for i in range(0, len(rows), AT_ONCE):
            families, parts, which = zip(*rows[i : i + AT_ONCE], strict=True)
            yield Job(font, families, parts, which)


def prepare(shared: Path, samples: Path, fonts: list[Path], out: Path, each: int) -> None:
    """Render all that `jobs_of` lists, and add loops and readers: `stems.pcm`, `stems.json`."""
    songs = songs_of(shared / "symbolic", "train")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    jobs = list(jobs_of(songs, fonts, each))
    with open(out / "stems.pcm", "wb") as pcm, ProcessPoolExecutor(2) as pool:
        place = 0

        def add(wave: np.ndarray, family: str, name: str, song: int = -1) -> None:
            nonlocal place
            if len(wave):
                pcm.write(wave.tobytes())
                row = {"family": family, "start": place, "length": len(wave)}
                rows.append({**row, "from": name, "song": song})
                place += len(wave)

        for job, waves in zip(jobs, pool.map(Job.done, jobs), strict=True):
            for family, wave, song in zip(job.families, waves, job.songs, strict=True):
                add(wave, family, job.font.name, song)
            print(job.font.name, len(rows), "stems", flush=True)
        for name in (*LOOPS, *TEST_LOOPS):
            if name not in TEST_LOOPS:
                add(sixteen_bit(loop(samples / f"loop_{name}.flac")), "drums", f"loop {name}")
        for name, wave in readers(shared, each):
            add(sixteen_bit(wave), "voice", f"reader {name}")
    (out / "stems.json").write_text(json.dumps(rows), encoding="utf-8")
    print(len(rows), "stems,", round(place / RATE_HZ / 60, 1), "minutes")


def loop(file: Path) -> np.ndarray:
    """Ten seconds of a drum loop."""
    from tympan.audio import load

    wave = load(file, rate_hz=RATE_HZ, mono=True).samples[0]
    found: np.ndarray = np.resize(wave, round(SECONDS * RATE_HZ))
    return found


def readers(shared: Path, count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Ten seconds of each of so many readers."""
    from recipes.voices_data import rows_of
    from tympan.audio import load

    rows = [r for r in rows_of(shared / "librispeech") if r["split"] == "train-clean"]
    for row in rows[:count]:
        clip = load(shared / "librispeech" / row["file_name"], rate_hz=RATE_HZ, mono=True)
        yield row["speaker"], clip.samples[0, : round(SECONDS * RATE_HZ)]


class Stems:
    """What `prepare` made.

    Attributes:
        rows: family, place, origin and song of each stem.
        families: rows of each family; `""` is what belongs to none.
        songs: rows of each song.
    """

    def __init__(self, folder: Path) -> None:
        self.rows = json.loads((folder / "stems.json").read_text(encoding="utf-8"))
        self.pcm = np.memmap(folder / "stems.pcm", "<i2", "r")
        self.families: dict[str, list[int]] = {}
        self.songs: dict[int, list[int]] = {}
        for i, row in enumerate(self.rows):
            self.families.setdefault(row["family"], []).append(i)
            if row["song"] >= 0:
                self.songs.setdefault(row["song"], []).append(i)

    def crop(self, row: int, size: int, at: float, speed: float) -> np.ndarray:
        """A crop `(t,)` of a stem, played faster; `at` is its place, from 0 to 1."""
        import soxr

        one, needed = self.rows[row], round(size * speed) + 16
        start = one["start"] + int(at * max(0, one["length"] - needed))
        stop = min(one["start"] + one["length"], start + needed)
        found = self.pcm[start:stop].astype(np.float32) / 32767
        if speed != 1.0:
            found = soxr.resample(found, RATE_HZ * speed, RATE_HZ, quality="LQ")
        wave = np.zeros(size, np.float32)
        wave[: min(size, len(found))] = found[:size]
        return wave


def main() -> None:
    """Render."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--samples", type=Path, default=Path("/usr/share/sonic-pi/samples"))
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--each", type=int, default=80)
    parser.add_argument("--out", type=Path, default=Path(".runs/instruments"))
    options = parser.parse_args()
    prepare(options.shared, options.samples, options.fonts, options.out, options.each)


if __name__ == "__main__":
    main()
