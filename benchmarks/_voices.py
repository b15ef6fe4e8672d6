"""Trials of `benchmarks.voices`: pairs of clips of one voice and of two, and the peer that runs
in a Python of its own.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 16000
LENGTHS_S = (1.0, 2.0, 4.0, 8.0)
NOISE_DB = 10.0
# Clips of a speaker and digit, and digits that are joined.
FSDD_TAKES, JOINED = (0, 1), 5
PEER = "TYMPAN_RESEMBLYZER_PYTHON"
PEER_CODE = """
import sys
import numpy as np, torch
torch.set_num_threads(1)
from resemblyzer import VoiceEncoder, normalize_volume, trim_long_silences
encoder = VoiceEncoder("cpu", verbose=False)
held = np.load(sys.argv[1])
rows = []
for name in sorted(held.files, key=int):
    wave = held[name].astype(np.float32)
    # What preprocess_wav does with a wave at 16 kHz; where it leaves nothing, the wave itself.
    spoken = trim_long_silences(normalize_volume(wave, -30, increase_only=True))
    rows.append(encoder.embed_utterance(spoken if len(spoken) >= 3200 else wave))
np.save(sys.argv[2], np.stack(rows))
"""


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips of which all pairs are trials.

    Attributes:
        name: what the table calls them.
        waves: at 16 kHz.
        speakers: of each clip.
        recordings: of each clip; pairs of one recording do not count.
    """

    name: str
    waves: list[np.ndarray]
    speakers: np.ndarray
    recordings: np.ndarray


def all_clips(shared: Path) -> Iterator[Clips]:
    """test-other by length and FSDD, each clean and with noise of ESC-50's fifth fold."""
    for found in (*librispeech(shared), *fsdd(shared)):
        yield found
        yield noisy(found, shared)


def librispeech(shared: Path) -> Iterator[Clips]:
    """test-other: 10 speakers with 10 clips each, a stretch of each from a random place."""
    rows = [row for row in rows_of(shared / "librispeech") if row["split"] == "test-other"]
    waves = [wave_of(shared / "librispeech" / row["file_name"]) for row in rows]
    speakers = np.array([row["speaker"] for row in rows])
    for length_s in LENGTHS_S:
        rng = np.random.default_rng(5)
        size = round(length_s * RATE_HZ)
        kept = [i for i, wave in enumerate(waves) if len(wave) >= size]
        cut = [speech_stretch(waves[i], size, rng) for i in kept]
        yield Clips(f"test-other, {length_s:g} s", cut, speakers[kept], np.array(kept))
    yield Clips("test-other, whole", waves, speakers, np.arange(len(waves)))


def speech_stretch(wave: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """A random stretch that is no pause: the loudest of three."""
    starts = rng.integers(0, len(wave) - size + 1, 3)
    return max((wave[s : s + size] for s in starts), key=lambda one: float(np.square(one).mean()))


def fsdd(shared: Path) -> Iterator[Clips]:
    """FSDD: six speakers at 8 kHz; single digits, and five digits joined."""
    rows = [row for row in rows_of(shared / "fsdd") if int(row["take"]) in range(10)]
    waves = {
        (row["speaker"], row["label"], int(row["take"])): wave_of(
            shared / "fsdd" / row["file_name"]
        )
        for row in rows
    }
    keys = sorted(key for key in waves if key[2] in FSDD_TAKES)
    speakers = np.array([key[0] for key in keys])
    yield Clips("FSDD, one digit", [waves[key] for key in keys], speakers, np.arange(len(keys)))
    joined, owners = [], []
    for speaker in sorted(set(speakers.tolist())):
        own = [waves[key] for key in sorted(waves) if key[0] == speaker]
        order = np.random.default_rng(7).permutation(len(own))
        for first in range(0, len(own) - JOINED + 1, JOINED):
            joined.append(np.concatenate([own[i] for i in order[first : first + JOINED]]))
            owners.append(speaker)
    yield Clips(f"FSDD, {JOINED} digits", joined, np.array(owners), np.arange(len(joined)))


def noisy(clips: Clips, shared: Path, noise_db: float = NOISE_DB) -> Clips:
    """The same with a noise each, so many dB below the clip."""
    rows = [row for row in rows_of(shared / "esc50") if row["fold"] == "5"]
    rng = np.random.default_rng(11)
    noises: dict[str, np.ndarray] = {}
    found = []
    for wave in clips.waves:
        name = rows[int(rng.integers(len(rows)))]["file_name"]
        if name not in noises:
            noises[name] = wave_of(shared / "esc50" / name)
        noise = np.resize(noises[name], len(wave))
        power = float(np.square(noise).mean())
        gain = np.sqrt(float(np.square(wave).mean()) / max(power, 1e-9) / 10 ** (noise_db / 10))
        found.append((wave + min(gain, 1e3) * noise).astype(np.float32))
    name = f"{clips.name}, noise at {noise_db:g} dB"
    return Clips(name, found, clips.speakers, clips.recordings)


def wave_of(path: Path) -> np.ndarray:
    """Samples `(t,)` at 16 kHz."""
    import tympan

    return np.asarray(tympan.load(path, rate_hz=RATE_HZ, mono=True).samples[0])


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows of a set's table."""
    with open(folder / "metadata.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def peer_python() -> str | None:
    """The Python that has resemblyzer: this one, or the one that the environment names."""
    named = os.environ.get(PEER)
    if named:
        return named
    try:
        import resemblyzer  # noqa: F401
    except ImportError:
        return None
    return sys.executable


def peer_vectors(waves: list[np.ndarray], python: str) -> np.ndarray:
    """Vectors `(m, 256)` of resemblyzer."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder, "waves.npz"), Path(folder, "vectors.npy")
        np.savez(given, **{str(i): wave for i, wave in enumerate(waves)})
        subprocess.run([python, "-c", PEER_CODE, str(given), str(found)], check=True)
        return np.asarray(np.load(found))
