"""The speech that `recipes/voices.py` trains on, in one file of samples and one table.

*Speakers that are known*: LibriSpeech train-clean (251), made voices (`recipes/made_voices.py`),
Kerstin. Played faster or slower by an eighth each is two more: pitch and formants move as between
people. *Speakers that are not known* (wake words, spoken commands: over 100 people) have no label
and are learned from the teacher alone.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

RATE_HZ = 16000
SPEEDS = (1.0, 0.885, 1.13)
LONGEST_S = 14.0
KERSTIN = 60


@dataclass(frozen=True)
class Recording:
    """One stretch of the file of samples.

    Attributes:
        name: where it is from.
        group: the data set.
        speaker: who speaks; empty: not known.
        sex: `"F"`, `"M"` or empty.
        speed: at which it is played.
        start: first sample.
        length: samples.
    """

    name: str
    group: str
    speaker: str
    sex: str
    speed: float
    start: int
    length: int


def sources(shared: Path, made: Path) -> Iterator[tuple[Path, str, str, str, Sequence[float]]]:
    """File, data set, speaker, sex, and the speeds that count as speakers of their own."""
    for row in rows_of(shared / "librispeech"):
        if row["split"] == "train-clean":
            path = shared / "librispeech" / row["file_name"]
            yield path, "librispeech", row["speaker"], row["sex"], SPEEDS
    if (made / "metadata.csv").exists():
        for row in rows_of(made):
            yield made / row["file_name"], "made", row["speaker"], row["sex"], SPEEDS[:1]
    for row in rows_of(shared / "kerstin")[:KERSTIN]:
        yield shared / "kerstin" / row["file_name"], "kerstin", "kerstin", "F", SPEEDS[:1]
    for name in ("wake_words", "speech_to_intent"):
        for row in rows_of(shared / name):
            if float(row["duration_s"]) >= 1.0:
                yield shared / name / row["file_name"], name, "", "", SPEEDS[:1]


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows of a set's table."""
    with open(folder / "metadata.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def prepare(shared: Path, made: Path, out: Path) -> None:
    """Decode everything: `speech.pcm` (16 bit), `speech.json`; noise too."""
    out.mkdir(parents=True, exist_ok=True)
    found: list[Recording] = []
    with open(out / "speech.pcm", "wb") as pcm:
        place = 0
        for path, group, speaker, sex, speeds in sources(shared, made):
            wave = decoded(path)[: round(LONGEST_S * RATE_HZ)]
            for speed in speeds:
                played = wave if speed == 1.0 else faster(wave, speed)
                other = f"{speaker}*{speed}" if speed != 1.0 else speaker
                pcm.write(np.round(played * 32767).astype("<i2").tobytes())
                found.append(Recording(path.name, group, other, sex, speed, place, len(played)))
                place += len(played)
    (out / "speech.json").write_text(json.dumps([asdict(r) for r in found]), encoding="utf-8")
    print(len(found), "recordings,", round(place / RATE_HZ / 60, 1), "minutes")
    noise = [
        decoded(shared / "esc50" / row["file_name"])
        for row in rows_of(shared / "esc50")
        if row["fold"] != "5" and row["licence"] in ("CC0", "CC-BY")
    ]
    loud = [n for n in noise if n.std() > 1e-3]
    np.save(out / "noise.npy", np.stack([levelled(np.resize(n, 5 * RATE_HZ)) for n in loud]))
    print(len(loud), "noises")


def decoded(path: Path) -> np.ndarray:
    """Samples `(t,)` at 16 kHz, at a common level."""
    from tympan.audio import load

    wave: np.ndarray = load(path, rate_hz=RATE_HZ, mono=True).samples[0]
    return np.asarray(wave / max(1.0, float(np.abs(wave).max())), np.float32)


def faster(wave: np.ndarray, speed: float) -> np.ndarray:
    """The same, played faster: pitch and formants move with it."""
    import soxr

    found: np.ndarray = soxr.resample(wave, round(RATE_HZ * speed), RATE_HZ)
    return np.clip(found, -1, 1)


def levelled(wave: np.ndarray) -> np.ndarray:
    """At a root mean square of 0.1, in half the space."""
    return np.asarray(0.1 * wave / max(float(wave.std()), 1e-6), np.float16)


class Speech:
    """What `prepare` made, and the teacher's vectors beside it.

    Attributes:
        recordings: all of them.
        pcm: the samples.
        noise: `(m, t)`.
        teacher: `(recordings, d)`; None: there are none.
    """

    def __init__(self, folder: Path) -> None:
        rows = json.loads((folder / "speech.json").read_text(encoding="utf-8"))
        self.recordings = [Recording(**row) for row in rows]
        self.pcm = np.memmap(folder / "speech.pcm", "<i2", "r")
        self.noise = np.load(folder / "noise.npy", mmap_mode="r")
        path = folder / "teacher.npy"
        self.teacher = np.load(path) if path.exists() else None

    def wave(self, row: int, start: int = 0, length: int | None = None) -> np.ndarray:
        """Samples `(t,)` of a recording."""
        one = self.recordings[row]
        stop = one.length if length is None else min(one.length, start + length)
        found = self.pcm[one.start + start : one.start + stop].astype(np.float32) / 32767
        return np.asarray(found)
