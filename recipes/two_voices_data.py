"""The speech that `recipes/two_voices.py` trains on: samples, speakers, and vectors of the voices.

LibriSpeech train-clean (251 speakers, 12.5 s each), Kerstin, spoken commands by more than fifty
people (each clip counts as a speaker: who speaks is not known), and the voices that
`recipes/transcribe_teacher.py` had Kokoro speak with. Played faster or slower, each is a voice of
its own: pitch and formants move as between people. The vector of a voice is what `identify` gives
for `WINDOW_S` of it; a wanted voice is described by a window apart from the crop that is mixed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 16000
SPEEDS = (0.8, 1.25)
WINDOW_S = 4.0
KERSTIN = 120
# Of the speakers, how many are kept for the validation: every so many-th.
HELD_EVERY = 12
# How often a voice of a kind is drawn; the kind stands before the name of the speaker.
SHARES = {"read": 0.5, "command": 0.25, "made": 0.25}
# The quiet before and behind a command is left out; below its loudest frame by so much.
QUIET_DB, FRAME_S = 35.0, 0.02


@dataclass(frozen=True)
class Recording:
    """One stretch of the file of samples.

    Attributes:
        speaker: who speaks, without the speed.
        held: whether it belongs to the validation.
        start: first sample.
        length: samples.
        windows: first row and number of its vectors.
    """

    speaker: str
    held: bool
    start: int
    length: int
    windows: tuple[int, int]


def sources(shared: Path, made: Path) -> tuple[list[tuple[list[Path], str]], set[str]]:
    """Files of each recording and who speaks, and the speakers of the validation."""
    from recipes.voices_data import rows_of

    rows = [r for r in rows_of(shared / "librispeech") if r["split"] == "train-clean"]
    held = {f"read {r['speaker']}" for i, r in enumerate(rows) if i % HELD_EVERY == 0}
    found = [([shared / "librispeech" / r["file_name"]], f"read {r['speaker']}") for r in rows]
    kerstin = [shared / "kerstin" / r["file_name"] for r in rows_of(shared / "kerstin")[:KERSTIN]]
    found += [(kerstin[i : i + 3], "read kerstin") for i in range(0, KERSTIN, 3)]
    commands = shared / "speech_to_intent"
    for number, row in enumerate(rows_of(commands)):
        found.append(([commands / row["file_name"]], f"command {number}"))
    spoken = [([one], f"made {one.parent.name}") for one in sorted(made.glob("*/*.flac"))]
    if not spoken:
        raise SystemExit(f"{made}: no made voices (recipes/transcribe_teacher.py makes them)")
    return found + spoken, held


def trimmed(wave: np.ndarray) -> np.ndarray:
    """From the first frame that is not quiet to the last.

    >>> trimmed(np.r_[np.zeros(3200), np.ones(3200), np.zeros(3200)]).shape
    (3200,)
    """
    size = round(FRAME_S * RATE_HZ)
    power = np.square(wave[: len(wave) // size * size]).reshape(-1, size).mean(1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-QUIET_DB / 10))
    return wave[loud[0] * size : (loud[-1] + 1) * size]


def prepare(shared: Path, made: Path, out: Path) -> None:
    """Decode everything: `speech.pcm` (16 bit), `speech.json`, `vectors.npy`."""
    from recipes.voices_data import decoded

    kinds, held = sources(shared, made)
    out.mkdir(parents=True, exist_ok=True)
    found: list[Recording] = []
    vectors: list[np.ndarray] = []
    place = count = 0
    with open(out / "speech.pcm", "wb") as pcm:
        for paths, speaker in kinds:
            wave = np.concatenate([decoded(path) for path in paths])
            if not speaker.startswith("read"):
                wave = trimmed(wave)
            pcm.write(np.round(wave * 32767).astype("<i2").tobytes())
            vectors.append(voice_vectors(wave))
            windows = count, len(vectors[-1])
            found.append(Recording(speaker, speaker in held, place, len(wave), windows))
            place, count = place + len(wave), count + windows[1]
    np.save(out / "vectors.npy", np.concatenate(vectors).astype(np.float32))
    (out / "speech.json").write_text(json.dumps([asdict(r) for r in found]), encoding="utf-8")
    print(len(found), "recordings,", round(place / RATE_HZ / 60, 1), "minutes,", count, "vectors")


def voice_vectors(wave: np.ndarray) -> np.ndarray:
    """The vectors `(w, d)` of a wave's windows, one after another; at least one."""
    import torch

    from tympan.tasks import load

    global _NET
    if "_NET" not in globals():
        _NET = load("voices", "identify", "cpu").net
    size = round(WINDOW_S * RATE_HZ)
    starts = range(0, max(1, len(wave) - size + 1), size)
    batch = np.stack([np.resize(wave[s : s + size], size) for s in starts])
    given: np.ndarray = _NET.vectors(torch.from_numpy(batch.astype(np.float32))).numpy()
    return given


class Speech:
    """What `prepare` made.

    Attributes:
        recordings: those of the training, or those held out.
        speakers: rows of each speaker.
    """

    def __init__(self, folder: Path, held: bool) -> None:
        rows = json.loads((folder / "speech.json").read_text(encoding="utf-8"))
        recordings = [Recording(**{**r, "windows": tuple(r["windows"])}) for r in rows]
        self.recordings = [r for r in recordings if r.held == held]
        self.pcm = np.memmap(folder / "speech.pcm", "<i2", "r")
        self.vectors = np.load(folder / "vectors.npy")
        self.speakers: dict[str, list[int]] = {}
        for i, one in enumerate(self.recordings):
            self.speakers.setdefault(one.speaker, []).append(i)

        kinds = np.array([one.split()[0] for one in self.speakers])
        counts = {one: int((kinds == one).sum()) for one in SHARES}
        weights = np.array([SHARES[one] / counts[one] for one in kinds])
        self.weights = weights / weights.sum()

    def pair(self, rng: np.random.Generator) -> tuple[str, str]:
        """Two speakers."""
        one, other = rng.choice(len(self.weights), 2, replace=False, p=self.weights)
        names = list(self.speakers)
        return names[one], names[other]

    def crop(
        self, speaker: str, size: int, rng: np.random.Generator, speed: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """A crop `(t,)` of a speaker, and the vector `(d,)` of another moment at speed 1."""
        import soxr

        one = self.recordings[rng.choice(self.speakers[speaker])]
        needed = round(size * speed) + 16
        start = int(rng.integers(0, max(1, one.length - needed)))
        stop = one.start + min(one.length, start + needed)
        found = self.pcm[one.start + start : stop].astype(np.float32) / 32767
        if speed != 1.0:
            found = soxr.resample(found, RATE_HZ * speed, RATE_HZ, quality="LQ")
        wave = np.zeros(size, np.float32)
        wave[: len(found)] = found[:size]
        first, count = one.windows
        centres = (np.arange(count) + 0.5) * WINDOW_S * RATE_HZ
        apart = np.abs(centres - (start + size / 2)) + rng.random(count)
        return wave, self.vectors[first + int(apart.argmax())]
