"""The recordings that `notes` is trained and tested on: excerpts rendered to FLAC, a MIDI each.

The pieces, players and instruments are those of `recipes/music_data.py`; here each instrument also
plays alone what it can of a piece, monophonic players slide into notes, and the notes that sound
are written beside each recording.
"""

from __future__ import annotations

import csv
import itertools
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recipes import arrange, music_data, pieces, render, solos
from tympan.audio import Clip
from tympan.notation import Note, Piece, write_midi

SEED = 0
RATE_HZ = 16_000
CHUNK = 40
# Training excerpts of each kind; pieces are taken in turn from all styles.
ENSEMBLES, TRIOS, PHRASES, SINGLES = 800, 150, 350, 200
ALONE = dict.fromkeys(render.FAMILIES, 90) | {"piano": 420, "guitar": 150}
SHARES = {"train": 1.0, "val": 0.05}
TESTED_EACH = 12  # excerpts of each family, and of ensembles, in the test
CHORDAL = ("piano", "mallets", "organ", "guitar", "strings", "choir")
CLOSEST_S = 0.03  # a pitch that is struck again sooner is one note
LOWEST, HIGHEST = 21, 108
BEND_S = 0.01  # from one step of a slide to the next


@dataclass(frozen=True)
class Job:
    """A chunk of excerpts to render: with which soundfont, to which files."""

    excerpts: tuple[arrange.Excerpt, ...]
    kinds: tuple[str, ...]
    files: tuple[Path, ...]
    soundfont: Path
    part: str
    seed: int


def render_all(
    folder: Path, symbolic: Path, fonts: Sequence[Path], test: Path, scale: float, processes: int
) -> None:
    """Write excerpts as FLAC with a MIDI file beside each, and `metadata.csv`."""
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    sets = music_data.pieces_by_set(symbolic)
    jobs: list[Job] = []
    for part in ("test", "val", "train"):
        rng = np.random.default_rng([SEED, ("train", "val", "test").index(part)])
        every = list(excerpts_of(part, sets[part], SHARES.get(part, 0.0) * scale, rng))
        every = [every[i] for i in rng.permutation(len(every))]
        for i in range(0, len(every), CHUNK):
            chunk = every[i : i + CHUNK]
            files = [folder / "audio" / f"{part}-{j:04}.flac" for j in range(i, i + len(chunk))]
            font = test if part == "test" else fonts[i // CHUNK % len(fonts)]
            kinds, excerpts = zip(*chunk, strict=True)
            jobs.append(Job(excerpts, kinds, tuple(files), font, part, len(jobs)))
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for i, found in enumerate(pool.map(render_job, jobs), 1):
            print(f"{i} of {len(jobs)}: {len(found)} rendered", flush=True)
    write_table(folder)


def write_table(folder: Path) -> None:
    """Write `metadata.csv` of all that is rendered by now."""
    kept = sorted((folder / "audio").glob("*.json"))
    rows = [row for one in kept for row in json.loads(one.read_text())]
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "midi", "source", "split", "soundfont", "kind"])
        writer.writerows(rows)


def excerpts_of(
    part: str, styles: dict[str, list[pieces.Piece]], share: float, rng: np.random.Generator
) -> Iterator[tuple[str, arrange.Excerpt]]:
    """Kind and excerpt: an instrument family alone, an ensemble, what is made by rule."""
    turns = {style: list(rng.permutation(len(own))) for style, own in styles.items()}

    def piece(i: int) -> pieces.Piece:
        # Every second excerpt is of a pop song: they are the richest.
        others = [one for one in styles if one != pieces.POP]
        style = pieces.POP if i % 2 else others[i // 2 % len(others)]
        if not turns[style]:
            turns[style] = list(rng.permutation(len(styles[style])))
        return styles[style][turns[style].pop()]

    for family, count in ALONE.items():
        for i in range(TESTED_EACH if part == "test" else round(count * share)):
            yield family, alone(piece(i), family, rng)
    for i in range(2 * TESTED_EACH if part == "test" else round(ENSEMBLES * share)):
        yield "ensemble", arrange.excerpt(piece(i), rng)
    if part != "test":
        made = ((solos.TRIO, TRIOS), (solos.PHRASE, PHRASES), (solos.NOTES, SINGLES))
        for kind, count in made:
            for i in range(round(count * share)):
                yield kind, solos.MAKERS[kind](f"{part}-{kind}-{i}", rng)


def alone(piece: pieces.Piece, family: str, rng: np.random.Generator) -> arrange.Excerpt:
    """What an instrument of a family can play of a piece: all, the chords, or a line."""
    program = int(rng.choice(render.FAMILIES[family]))
    roles: tuple[str, ...] = tuple(piece.parts)
    if family in CHORDAL and rng.random() < 0.8:
        if piece.style != pieces.CHORALE:
            both = ("melody", "chords", *(["second"] if "second" in roles else []))
            roles = both if rng.random() < 0.7 else ("chords",)
    else:
        lines = {"bass"} if family == "bass" else set(roles) - {"chords", "bass"}
        roles = (str(rng.choice(sorted(lines & set(roles)))),)
    bpm = piece.bpm * float(np.exp(rng.uniform(np.log(0.65), np.log(1.5))))
    period = -(-piece.beats // piece.bar) * piece.bar
    while True:  # until something sounds
        start = piece.bar * int(rng.integers(max(1, int(period / piece.bar))))
        notes = [note for role in roles for note in piece.parts[role]]
        own = int(rng.integers(-4, 5)) + arrange.octave(notes, program)
        cut = arrange.cut_out(notes, start, period, bpm)
        played = [(s, n, p + own) for s, n, p in cut]
        if family in ("piano", "mallets", "guitar") and rng.random() < 0.35:
            played = pedalled(played, piece.bar * 60 / bpm * float(rng.choice([0.5, 1.0])))
        made = arrange.part(program, played, rng)
        if made.sounding_s > 2:
            return arrange.Excerpt(piece.name, (made,), ())


def pedalled(
    notes: Sequence[tuple[float, float, int]], every_s: float
) -> list[tuple[float, float, int]]:
    """Notes that a pedal holds until it is changed."""
    return [
        (s, min(arrange.EXCERPT_S - s, max(n, (int(s / every_s) + 1) * every_s - s)), p)
        for s, n, p in notes
    ]


def render_job(job: Job) -> list[list[str]]:
    """Render, vary, write with the notes; the row of each. What is there is not rendered again."""
    import torch

    kept = job.files[0].with_suffix(".json")
    if kept.exists():
        rows: list[list[str]] = json.loads(kept.read_text())
        return rows
    torch.set_num_threads(1)
    rng = np.random.default_rng([SEED, job.seed])
    moves = rng.choice([-2, -1, 0, 0, 0, 0, 1, 2], len(job.excerpts))
    played = [cleaned(one, int(move)) for one, move in zip(job.excerpts, moves, strict=True)]
    clips = rendered(played, job.soundfont, rng)
    waves = []
    for clip, move in zip(clips, moves, strict=True):
        # Played faster, and higher with it by whole semitones.
        rate_hz = round(clip.rate_hz * 2 ** (move / 12))
        wave = Clip(clip.samples, rate_hz).resample(RATE_HZ).samples[0]
        waves.append(wave / max(1e-4, float(np.abs(wave).max())) * rng.uniform(0.2, 0.95))
    varied = music_data.between(waves, job.seed)
    rows = []
    for file, wave, one, kind, move in zip(
        job.files, varied, played, job.kinds, moves, strict=True
    ):
        Clip(wave[None], RATE_HZ).save(file)
        write_midi(written(one, int(move)), file.with_suffix(".mid"))
        notes = f"audio/{file.stem}.mid"
        rows.append([f"audio/{file.name}", notes, one.source, job.part, job.soundfont.name, kind])
    kept.write_text(json.dumps(rows))
    return rows


def cleaned(one: arrange.Excerpt, move: int) -> arrange.Excerpt:
    """An excerpt of which no part strikes a pitch that it holds, within the keys of a piano."""
    parts = []
    for part in one.parts:
        if part.drums:
            parts.append(part)
            continue
        by_pitch: dict[int, list[render.Note]] = {}
        for start, length, pitch, velocity in sorted(part.notes):
            if not LOWEST <= pitch + move <= HIGHEST:
                continue
            own = by_pitch.setdefault(pitch, [])
            if own and start - own[-1][0] < CLOSEST_S:
                continue
            if own and own[-1][0] + own[-1][1] > start - 0.005:
                own[-1] = (own[-1][0], start - 0.005 - own[-1][0], *own[-1][2:])
            own.append((start, max(length, CLOSEST_S), pitch, velocity))
        notes = sorted(note for own in by_pitch.values() for note in own)
        parts.append(replace(part, notes=tuple(notes)))
    return replace(one, parts=tuple(parts))


def rendered(
    excerpts: Sequence[arrange.Excerpt], font: Path, rng: np.random.Generator
) -> list[Clip]:
    """Render; a third of the parts of one note at a time slide into some of their notes."""
    slides = {
        id(part): slide_events(part, rng)
        for one in excerpts
        for part in one.parts
        if not part.drums and monophonic(part) and rng.random() < 0.33
    }
    original = render.excerpt_events

    def with_slides(parts: Sequence[render.Part], start_s: float) -> list[tuple[int, float, bytes]]:
        events = original(parts, start_s)
        free = iter(render._MELODY_CHANNELS)
        for part in parts:
            channel = render._DRUM_CHANNEL if part.drums else next(free)
            for at, bend in slides.get(id(part), []):
                tick = round((start_s + at) * render._TICKS_PER_S)
                message = bytes([0xE0 | channel, bend & 0x7F, bend >> 7])
                events.append((tick, 1.2, message))
        return events

    render.excerpt_events = with_slides
    try:
        return render.render([one.parts for one in excerpts], font)
    finally:
        render.excerpt_events = original


def monophonic(part: render.Part) -> bool:
    """Whether it never has two notes at once, but for a moment."""
    ordered = sorted(part.notes)
    return all(a[0] + a[1] < b[0] + 0.06 for a, b in itertools.pairwise(ordered))


def slide_events(part: render.Part, rng: np.random.Generator) -> list[tuple[float, int]]:
    """Time and pitch bend: into half of the notes from up to 1.5 semitones away."""
    rest = 8192 + round(8192 * part.sound.tuning / 200)
    events: list[tuple[float, int]] = []
    for start, length, _, _ in part.notes:
        if rng.random() < 0.5 or length < 0.12:
            continue
        from_, last = float(rng.normal(-0.5, 0.6)), float(rng.uniform(0.03, 0.1))
        for i in range(int(last / BEND_S) + 1):
            away = np.clip(from_, -1.5, 1.5) * (1 - i * BEND_S / last)
            events.append((start + i * BEND_S, int(np.clip(rest + 4096 * away, 0, 16383))))
        events.append((start + last, rest))
    return events


def written(one: arrange.Excerpt, move: int) -> Piece:
    """The notes that sound, as they are heard."""
    speed = 2 ** (move / 12)
    notes = [
        Note(s / speed, (s + n) / speed, pitch + move, velocity, program)
        for part in one.parts
        if not part.drums
        for program in [render_name(part)]
        for s, n, pitch, velocity in part.notes
    ]
    return Piece.of_notes(notes)


def render_name(part: render.Part) -> str:
    """The General MIDI name of an instrument."""
    from tympan.notation import PROGRAMS

    return PROGRAMS[part.program]
