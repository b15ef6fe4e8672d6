"""The recordings that `music-tags` is trained and tested on: excerpts rendered to FLAC.

Which pieces are in which set, how often, with which soundfont; drum loops and hits of Sonic Pi; and
what lies between an instrument and a recording: leakage of other instruments, equaliser, room,
noise, band limits, codecs.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from recipes import arrange, dances, pieces, render, solos
from tympan.audio import Clip, load

SEED = 0
RATE_HZ = 16_000
# Training excerpts of each style, and of those without a piece.
COUNTS = {
    pieces.CHORALE: 330, pieces.JIG: 300, pieces.REEL: 300, pieces.HORNPIPE: 300,
    pieces.WALTZ: 300, pieces.POP: 520, solos.NOTES: 480, solos.PHRASE: 620, solos.TRIO: 200,
    solos.DRUM_SOLO: 130,
}  # fmt: skip
SHARES = {"train": 1.0, "val": 0.086, "test": 0.086}
DANCES = 160  # of each kind
CHUNK = 60  # excerpts that are rendered at once
LOOPS = ("amen", "breakbeat", "compus", "industrial", "mehackit1", "mehackit2", "perc1", "safari")
TEST_LOOPS = ("perc2", "tabla")
LOOP_SHARE = 0.1
# Single hits for the drums of General MIDI, in training and validation.
HITS = {
    (35, 36): "bd_*", (37, 38, 39, 40): "sn_*|drum_snare_*", (42, 44): "drum_cymbal_closed|"
    "drum_cymbal_pedal", (46,): "drum_cymbal_open", (49, 57): "drum_splash_*", (51, 59):
    "drum_cymbal_soft|drum_cymbal_hard", (54,): "elec_tick|drum_cymbal_closed",
}  # fmt: skip
HIT_SHARE = 0.35
LEAK_SHARE = 0.2
LONGEST_HIT_S = 2.0


@dataclass(frozen=True)
class Sources:
    """Where the pieces, soundfonts and samples are.

    Attributes:
        symbolic: folder of the notes.
        trained: soundfonts of training and validation.
        test: that of the test.
        samples: folder of the samples of Sonic Pi.
    """

    symbolic: Path
    trained: tuple[Path, ...]
    test: Path
    samples: Path


@dataclass(frozen=True)
class Work:
    """A chunk of excerpts to render: with which soundfont, to which files."""

    excerpts: tuple[arrange.Excerpt, ...]
    files: tuple[Path, ...]
    soundfont: Path
    samples: Path
    part: str
    seed: int


def render_all(folder: Path, sources: Sources, scale: float = 1.0, processes: int = 2) -> None:
    """Write excerpts as FLAC, and `metadata.csv`."""
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    sets = pieces_by_set(sources.symbolic)
    work: list[Work] = []
    for part, share in SHARES.items():
        rng = np.random.default_rng([SEED, list(SHARES).index(part)])
        ordered = list(excerpts_of(part, sets[part], share * scale, rng))
        excerpts = [ordered[i] for i in rng.permutation(len(ordered))]
        fonts = [sources.test] if part == "test" else list(sources.trained)
        for i in range(0, len(excerpts), CHUNK):
            chunk = tuple(excerpts[i : i + CHUNK])
            files = tuple(
                folder / "audio" / f"{part}-{j:04}.flac" for j in range(i, i + len(chunk))
            )
            font = fonts[i // CHUNK % len(fonts)]
            work.append(Work(chunk, files, font, sources.samples, part, len(work)))
    context = multiprocessing.get_context("spawn")
    rows: list[list[str]] = []
    with ProcessPoolExecutor(processes, context) as pool:
        for found in pool.map(render_chunk, work):
            rows += found
            print(f"{len(rows)} rendered", flush=True)
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "label", "source", "split", "soundfont"])
        writer.writerows(rows)


def pieces_by_set(symbolic: Path) -> dict[str, dict[str, list[pieces.Piece]]]:
    """Set → style → pieces. The folk tunes of the test are real ones, the others made by rule."""
    every = [
        *pieces.chorales(symbolic / "jsb-chorales-16th.json"),
        *pieces.pop_songs(symbolic / "pop909-midi.tar.xz"),
        *pieces.nottingham(symbolic / "nottingham-midi.tar.xz"),
    ]
    for i, piece in enumerate(dances.dances(DANCES, SEED)):
        every.append(replace(piece, split="val" if i // 4 % 8 == 0 else "train"))
    found: dict[str, dict[str, list[pieces.Piece]]] = {part: {} for part in SHARES}
    for piece in every:
        found[piece.split].setdefault(piece.style, []).append(piece)
    return found


def excerpts_of(
    part: str, styles: dict[str, list[pieces.Piece]], share: float, rng: np.random.Generator
) -> Iterator[arrange.Excerpt]:
    """The excerpts of a set: every piece as often as any other of its style."""
    for style, count in COUNTS.items():
        for i in range(round(count * share)):
            if style in solos.MAKERS:
                yield solos.MAKERS[style](f"{part}-{style}-{i}", rng)
                continue
            if i % len(styles[style]) == 0:
                order = rng.permutation(len(styles[style]))
            yield arrange.excerpt(styles[style][order[i % len(order)]], rng)


def render_chunk(work: Work) -> list[list[str]]:
    """Render, vary, write; the row of each. What is there is not rendered again."""
    import torch

    kept = work.files[0].with_suffix(".json")
    if kept.exists():
        rows: list[list[str]] = json.loads(kept.read_text())
        return rows
    torch.set_num_threads(1)
    rng = np.random.default_rng([SEED, work.seed])
    drums = [hits_of(one, work, rng) for one in work.excerpts]
    parts = [
        [p for p in one.parts if wave is None or not p.drums]
        for one, wave in zip(work.excerpts, drums, strict=True)
    ]
    clips = render.render(parts, work.soundfont)
    dry = [
        played(one, clip, wave, rng)
        for one, clip, wave in zip(work.excerpts, clips, drums, strict=True)
    ]
    waves, labels = [], []
    for one, wave in zip(work.excerpts, dry, strict=True):
        wave, tags = with_loop(wave, one.tags, work, rng)
        if rng.random() < LEAK_SHARE:  # of another instrument, too soft to be one that plays
            other = dry[int(rng.integers(len(dry)))]
            leak = level_of(wave) / level_of(other) * 10 ** (-rng.uniform(22, 40) / 20)
            wave = wave + np.resize(other, len(wave)) * leak
        waves.append(wave / max(1e-4, float(np.abs(wave).max())) * rng.uniform(0.2, 0.95))
        labels.append(";".join(tags))
    varied = between(waves, work.seed)
    rows = []
    for file, wave, label, one in zip(work.files, varied, labels, work.excerpts, strict=True):
        Clip(wave[None], RATE_HZ).save(file)
        rows.append([f"audio/{file.name}", label, one.source, work.part, work.soundfont.name])
    kept.write_text(json.dumps(rows))
    return rows


def played(
    one: arrange.Excerpt, clip: Clip, drums: np.ndarray | None, rng: np.random.Generator
) -> np.ndarray:
    """A rendering at the rate of the recordings, with its drums and at its speed."""
    wave = clip.samples[0]
    if drums is not None:
        drums = np.resize(drums, len(wave))
        level = level_of(wave) if len(one.parts) > 1 else 0.1
        wave = wave + drums / level_of(drums) * level * rng.uniform(0.4, 1.5)
    # Played faster: taken for samples of a higher rate.
    rate_hz = round(clip.rate_hz * one.speed)
    found: np.ndarray = Clip(wave[None], rate_hz).resample(RATE_HZ).samples[0]
    return found


def between(waves: Sequence[np.ndarray], seed: int) -> list[np.ndarray]:
    """What lies between an instrument and a recording: equaliser, room, noise, bands, codec."""
    import torch

    from tympan.augment import (
        Clipping,
        CodecLoss,
        ColoredNoise,
        Compose,
        HighPass,
        LowPass,
        ParametricEQ,
        Reverb,
    )

    rate: dict[str, Any] = {"rate_hz": RATE_HZ}
    chain = Compose(
        [
            ParametricEQ(p=0.65, **rate),
            Reverb(min_rt60_s=0.15, max_rt60_s=1.8, max_room_m=(20.0, 15.0, 8.0), p=0.4, **rate),
            HighPass(20.0, 200.0, p=0.2, **rate),
            LowPass(1800.0, 7500.0, p=0.25, **rate),
            Clipping(-10.0, -1.0, p=0.04),
            ColoredNoise(min_snr_db=15.0, max_snr_db=60.0, p=0.35),
            CodecLoss(p=0.2, **rate),
        ]
    )
    longest = max(map(len, waves))
    batch = np.stack([np.pad(wave, (0, longest - len(wave))) for wave in waves])
    varied = chain(torch.from_numpy(batch.astype(np.float32))[:, None], seed)[:, 0]
    varied = varied.clamp(-1, 1).numpy()
    return [one[: len(wave)] for one, wave in zip(varied, waves, strict=True)]


# -- drums of Sonic Pi -----------------------------------------------------------------------------


def hits_of(one: arrange.Excerpt, work: Work, rng: np.random.Generator) -> np.ndarray | None:
    """The drums of an excerpt from recorded hits, at the rate of the rendering; None: not these."""
    parts = [p for p in one.parts if p.drums]
    if not parts or work.part == "test" or rng.random() > HIT_SHARE:
        return None
    rate_hz = render.RENDER_RATE_HZ
    wave = np.zeros(round((arrange.EXCERPT_S + LONGEST_HIT_S) * rate_hz), np.float32)
    chosen: dict[int, np.ndarray] = {}
    for start, _, pitch, velocity in parts[0].notes:
        if pitch not in chosen:
            files = hit_files(work.samples, pitch)
            chosen[pitch] = sample(files[int(rng.integers(len(files)))], rate_hz)
        hit, at = chosen[pitch], round(start * rate_hz)
        wave[at : at + len(hit)] += hit[: len(wave) - at] * (velocity / 127) ** 2
    return wave[: round(arrange.EXCERPT_S * rate_hz)]


@cache
def hit_files(folder: Path, pitch: int) -> tuple[Path, ...]:
    """The recorded hits for a drum of General MIDI; of a toms' and others' a snare's."""
    patterns = next((names for drums, names in HITS.items() if pitch in drums), "drum_tom_*")
    return tuple(sorted(path for one in patterns.split("|") for path in folder.glob(f"{one}.flac")))


@cache
def sample(file: Path, rate_hz: int) -> np.ndarray:
    """A recorded hit, mono, at most two seconds."""
    wave: np.ndarray = load(file, mono=True, rate_hz=rate_hz).samples[0]
    return wave[: round(LONGEST_HIT_S * rate_hz)]


def with_loop(
    wave: np.ndarray, tags: Sequence[str], work: Work, rng: np.random.Generator
) -> tuple[np.ndarray, list[str]]:
    """Now and then with a drum loop."""
    if render.DRUMS in tags or rng.random() >= LOOP_SHARE:
        return wave, list(tags)
    names = TEST_LOOPS if work.part == "test" else LOOPS
    name = names[int(rng.integers(len(names)))]
    drums = load(work.samples / f"loop_{name}.flac", mono=True, rate_hz=RATE_HZ).samples[0]
    drums = np.resize(drums, len(wave))
    wave = wave + drums / level_of(drums) * level_of(wave) * rng.uniform(0.4, 1.5)
    return wave, with_drums(tags)


def with_drums(tags: Sequence[str]) -> list[str]:
    """Tags of an excerpt to which drums were added: a solo becomes a duo, a duo an ensemble.

    >>> with_drums(["piano", "solo", "slow"])
    ['drums', 'piano', 'duo', 'slow']
    """
    more = {"solo": "duo", "duo": "ensemble"}
    return [render.DRUMS, *(more.get(tag, tag) for tag in tags)]


def level_of(wave: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(wave)))) + 1e-6
