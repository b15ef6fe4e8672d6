"""Mixtures to train the model `speech` on: who speaks is clean, so when is known.

Rendered once are scenes of speech (one voice or several, pauses, rooms) with their truth, and
backgrounds (noises, music, coloured noise). A training row is one of each at a drawn level, through
a drawn channel, so no two epochs have the same mixtures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.audio import load
from tympan.augment import CodecLoss, Reverb

RATE_HZ = 16_000
SCENE_S = 8.0
TRUTH_S = 0.01
# What is left out of the noises: voices, or what nearly always comes with them.
VOICES = ("laughing", "crying_baby")
TRAIN_FOLDS, VAL_FOLD, TEST_FOLD = ("1", "2", "3"), "4", "5"
LICENCES = ("CC0", "CC-BY")
Wave = np.ndarray


# -- what is speech --------------------------------------------------------------------------------


def spoken(wave: Wave, rate_hz: int = RATE_HZ, *, below_db: float = 30.0) -> np.ndarray:
    """The truth: where a clean recording holds speech, one value each 10 ms.

    Speech is where the level of 25 ms (Hann) is less than `below_db` below the 95th percentile of
    the levels, and 8 dB or more above the 5th; pauses shorter than 0.2 s are bridged, and what is
    then shorter than 0.06 s is dropped.

    Args:
        wave: `(t,)`, one voice with little noise.
        rate_hz: its rate.
        below_db: how far below the loud parts speech still is.

    Returns:
        `(n,)` of 0 and 1.
    """
    hop = round(TRUTH_S * rate_hz)
    from scipy.signal import oaconvolve

    window = np.hanning(round(0.025 * rate_hz) + 2)[1:-1]
    power = oaconvolve(np.square(wave, dtype=np.float64), window / window.sum(), "same").clip(0)
    centers = np.arange(len(wave) // hop) * hop + hop // 2
    level_db = 10 * np.log10(power[centers] + 1e-12)
    quiet, loud = np.percentile(level_db, [5, 95])
    found = level_db > max(loud - below_db, min(quiet + 8, loud - 15))
    return without_short(without_short(found, False, 0.2), True, 0.06).astype(np.uint8)


def without_short(found: np.ndarray, value: bool, shortest_s: float) -> np.ndarray:
    """Runs of a value that are shorter than so take the other value; at the ends only `True`s."""
    found = found.copy()
    edges = np.flatnonzero(np.diff(found.astype(int))) + 1
    bounds = [0, *edges.tolist(), len(found)]
    for first, last in pairwise(bounds):
        inside = first > 0 and last < len(found)
        short = (last - first) * TRUTH_S < shortest_s
        if last > first and bool(found[first]) is value and short and (inside or value):
            found[first:last] = not value
    return found


def is_clean(wave: Wave, least_db: float = 25.0) -> bool:
    """Whether speech stands so far above what is between it that its times can be measured."""
    hop = round(0.02 * RATE_HZ)
    frames = wave[: len(wave) // hop * hop].reshape(-1, hop)
    level_db = 10 * np.log10(np.square(frames, dtype=np.float64).mean(1) + 1e-9)
    return bool(np.percentile(level_db, 95) - np.percentile(level_db, 5) >= least_db)


# -- scenes ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sources:
    """Decoded recordings of one part (train, val or test)."""

    speech: Sequence[tuple[Wave, np.ndarray]]  # with their truth
    noises: Sequence[Wave]
    music: Sequence[Wave]


def sources(shared: Path, music: Path | None, part: str) -> Sources:
    """The recordings of a part; no speaker and no recording is in two of them."""
    speech = [
        (wave, spoken(wave.astype(np.float32) / 32767))
        for wave in _voices(shared, part)
        if is_clean(wave)
    ]
    folds = TRAIN_FOLDS if part == "train" else (VAL_FOLD,) if part == "val" else (TEST_FOLD,)
    noises = [
        decoded(shared / "esc50" / row["file_name"])
        for row in rows_of(shared / "esc50")
        if row["fold"] in folds and row["label"] not in VOICES and row["licence"] in LICENCES
    ]
    pieces = [] if music is None else [
        decoded(music / row["file_name"]) for row in rows_of(music) if row["split"] == part
    ]  # fmt: skip
    return Sources(speech, noises, pieces)


def rows_of(folder: Path) -> list[dict[str, str]]:
    """The rows of a folder's metadata."""
    import csv

    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def decoded(path: Path) -> Wave:
    """A recording in mono at 16 kHz, as 16 bits."""
    wave = load(path, rate_hz=RATE_HZ, mono=True).samples[0]
    return np.round(np.clip(wave, -1, 1) * 32767).astype(np.int16)


def _voices(shared: Path, part: str) -> Iterator[Wave]:
    """Speech of a part: every tenth speaker (clip, where speakers are not named) is held out."""
    wanted = {"train": "train-clean", "val": "train-clean", "test": "test-other"}[part]
    own = [row for row in rows_of(shared / "librispeech") if row["split"] == wanted]
    for i, row in enumerate(own):
        if part == "test" or (i % 10 == 9) == (part == "val"):
            yield decoded(shared / "librispeech" / row["file_name"])
    if part == "test":
        return
    for name, every in (("wake_words", 1), ("speech_to_intent", 1), ("kerstin", 8)):
        for i, row in enumerate(rows_of(shared / name)[::every]):
            if (i % 10 == 9) == (part == "val"):
                yield decoded(shared / name / row["file_name"])


def speech_scene(
    speech: Sequence[tuple[Wave, np.ndarray]], rng: np.random.Generator
) -> tuple[Wave, np.ndarray]:
    """Some utterances with pauses between them, dry, at a level of 0.1 where there is speech.

    Returns:
        `(t,)`, and the truth `(n,)`.
    """
    size, hop = round(SCENE_S * RATE_HZ), round(TRUTH_S * RATE_HZ)
    wave, truth = np.zeros(size, np.float32), np.zeros(size // hop, np.uint8)
    voices = int(rng.choice([1, 1, 1, 1, 2, 4]))
    for _ in range(voices):
        at = round(rng.uniform(-3, 3) * 100)
        voice_db = 0.0 if voices == 1 else rng.uniform(-6, 0)
        while at < len(truth):
            whole, there = speech[rng.integers(len(speech))]
            one = whole.astype(np.float32) / 32767
            first = int(rng.integers(max(1, len(there) - 150)))
            last = first + int(rng.uniform(0.8, 7) * 100)
            one, there = one[first * hop : last * hop], there[first:last]
            one = one[: len(there) * hop]
            if there.any():
                level = np.sqrt(np.square(one[np.repeat(there, hop) > 0]).mean())
                one = one * (0.1 / max(level, 1e-4) * 10 ** ((voice_db + rng.normal(0, 3)) / 20))
                _faded(one)
                begin, end = max(0, at), min(len(truth), at + len(there))
                if end > begin:
                    part = slice((begin - at) * hop, (end - at) * hop)
                    wave[begin * hop : end * hop] += one[part]
                    truth[begin:end] |= there[begin - at : end - at]
            at += len(there) + round(rng.exponential(1.2) * 100)
    return wave, truth


def background(own: Sources, rng: np.random.Generator) -> Wave:
    """Noise, music or coloured noise `(t,)` at a level of 0.1."""
    size = round(SCENE_S * RATE_HZ)
    kind = rng.choice(["noise", "noise", "noise", "noises", "music", "music", "colour", "hum"])
    if kind == "noise" or (kind == "music" and not own.music):
        wave = _filled(own.noises, size, rng)
    elif kind == "noises":
        wave = _filled(own.noises, size, rng) + _filled(own.noises, size, rng)
    elif kind == "music":
        wave = _filled(own.music, size, rng)
    else:
        wave = _coloured(size, rng)
        if kind == "hum":
            wave = 0.3 * wave + _hum(size, rng)
    return wave * (0.1 / max(float(np.sqrt(np.square(wave).mean())), 1e-4))


def _filled(waves: Sequence[Wave], size: int, rng: np.random.Generator) -> Wave:
    """Recordings one after another, each with its silence, at equal levels."""
    found = np.zeros(size, np.float32)
    at = 0
    while at < size:
        one = waves[rng.integers(len(waves))].astype(np.float32) / 32767
        start = int(rng.integers(max(1, len(one) // 2)))
        one = one[start : start + size - at].copy()
        level = np.sqrt(np.square(one).mean())
        if level > 1e-4:
            _faded(one)
            found[at : at + len(one)] = one * (0.1 / level)
        at += max(len(one), 1)
    return found


def _faded(wave: Wave) -> None:
    length = min(160, len(wave) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    wave[:length] *= ramp
    wave[len(wave) - length :] *= ramp[::-1]


def _coloured(size: int, rng: np.random.Generator) -> Wave:
    """Noise whose spectrum falls (or rises) by a drawn slope, at a drawn slow modulation."""
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.arange(len(spectrum)) + 40.0
    wave = np.fft.irfft(spectrum * frequency ** rng.uniform(-1.2, 0.2), size)
    wave = wave / np.sqrt(np.square(wave).mean())
    depth, hz = rng.uniform(0, 0.8), rng.uniform(0.1, 6)
    swell = 1 + depth * np.sin(2 * np.pi * (hz * np.arange(size) / RATE_HZ + rng.random()))
    return (wave * swell).astype(np.float32)


def _hum(size: int, rng: np.random.Generator) -> Wave:
    """Mains hum or a motor: harmonics of one frequency."""
    base = float(rng.choice([50, 60, 100, 120, rng.uniform(40, 400)]))
    t = np.arange(size) / RATE_HZ
    tones = [
        rng.uniform(0.1, 1) / n * np.sin(2 * np.pi * (n * base * t + rng.random()))
        for n in range(1, 12)
        if n * base < RATE_HZ / 2
    ]
    return np.sum(tones, 0).astype(np.float32)


# -- stems on disk ---------------------------------------------------------------------------------


def render(own: Sources, out: Path, scenes: int, backgrounds: int, seed: int) -> None:
    """Write scenes of speech with their truth, and backgrounds, as arrays of 16 bits."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)
    room = Reverb(rate_hz=RATE_HZ, p=0.5)
    size, hop = round(SCENE_S * RATE_HZ), round(TRUTH_S * RATE_HZ)
    speech = np.lib.format.open_memmap(out / "speech.npy", "w+", np.int16, (scenes, size))
    truth = np.lib.format.open_memmap(out / "truth.npy", "w+", np.uint8, (scenes, size // hop))
    noise = np.lib.format.open_memmap(out / "noise.npy", "w+", np.int16, (backgrounds, size))
    for first in range(0, scenes, 8):
        pairs = [speech_scene(own.speech, rng) for _ in range(min(8, scenes - first))]
        dry = torch.from_numpy(np.stack([wave for wave, _ in pairs]))[:, None]
        wet = room(dry, generator)[:, 0].numpy()
        speech[first : first + len(pairs)] = _int16(wet)
        truth[first : first + len(pairs)] = np.stack([there for _, there in pairs])
    for i in range(backgrounds):
        noise[i] = _int16(background(own, rng))


def _int16(wave: Wave) -> Wave:
    """A quarter of the level, so that peaks have room."""
    return np.round(np.clip(wave * 0.25, -1, 1) * 32767).astype(np.int16)


class SpeechMixtures:
    """Rows for the learner of `segment`: speech and a background at a drawn level and channel.

    Args:
        folder: what `render` made.
        rows: rows of an epoch.
        frames: frames of the answer in a crop.
        frame: samples of one.
        geometry: of the net's windows.
        seed: of the rows of an evaluation, which are the same in each epoch.
    """

    padding: Mapping[str, float] = {}
    weights = None

    def __init__(
        self, folder: Path, rows: int, frames: int, frame: int, geometry: Any, seed: int = 1
    ) -> None:
        self.folder, self.seed, self.geometry = folder, seed, geometry
        self.frames, self.frame = frames, frame
        self.core = frames * frame
        self.sizes = np.full(rows, self.core, np.int64)
        self.speech, self.truth, self.noise = (
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("speech", "truth", "noise")
        )
        self.codecs = CodecLoss(("vorbis", "mulaw"), rate_hz=RATE_HZ)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One mixture, see `tympan.tasks.segment.examples`."""
        rng = np.random.default_rng([self.seed, row]) if rng is None else rng
        whole = self.geometry.left + self.core + self.geometry.right
        wave, truth = np.zeros(whole, np.float32), np.zeros(self.frames, np.float32)
        if rng.random() < 0.78:
            i = rng.integers(len(self.speech))
            hop = round(TRUTH_S * RATE_HZ)
            start = int(rng.integers((self.speech.shape[1] - whole) // hop)) * hop
            wave = self.speech[i, start : start + whole] / np.float32(32767 * 0.025)
            there = self.truth[i, (start + self.geometry.left) // hop :]
            truth = there[: self.frames * (self.frame // hop)].reshape(self.frames, -1).mean(1)
            truth = (truth >= 0.5).astype(np.float32)
        wave = wave + self._noise(whole, rng)
        wave = self._channel(wave, rng)
        return {
            "wave": torch.from_numpy(wave.astype(np.float32)),
            "roll": torch.from_numpy(truth)[None],
            "known": torch.ones(self.frames),
            "clip": torch.tensor([float(truth.any())]),
            "strong": torch.tensor(1.0),
        }

    def _noise(self, size: int, rng: np.random.Generator) -> Wave:
        """A background at −10 … 40 dB below speech of level 1; sometimes none."""
        floor = 10 ** (rng.uniform(-70, -35) / 20) * rng.standard_normal(size)
        if rng.random() < 0.08:
            return floor.astype(np.float32)
        i, start = rng.integers(len(self.noise)), rng.integers(self.noise.shape[1] - size)
        one = self.noise[i, start : start + size] / np.float32(32767 * 0.025)
        snr_db = rng.uniform(-10, 40) if rng.random() < 0.6 else rng.uniform(-5, 15)
        return one * 10 ** (-snr_db / 20) + floor.astype(np.float32)

    def _channel(self, wave: Wave, rng: np.random.Generator) -> Wave:
        """Tilt, band, codec and level: −60 … −3 dBFS, sometimes clipped or silent."""
        spectrum = np.fft.rfft(wave)
        frequency = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
        if rng.random() < 0.6:
            tilt_db = rng.uniform(-4, 4) * np.log2(np.maximum(frequency, 60) / 1000)
            spectrum *= 10 ** (np.clip(tilt_db, -20, 20) / 20)
        kind = rng.random()
        if kind < 0.15:  # a telephone
            low, high = rng.uniform(150, 350), rng.uniform(3000, 3900)
            spectrum *= 1 / (1 + (low / np.maximum(frequency, 1)) ** 8)
            spectrum *= 1 / (1 + (frequency / high) ** 24)
        elif kind < 0.3:
            spectrum *= 1 / (1 + (frequency / rng.uniform(3000, 7500)) ** 16)
        wave = np.fft.irfft(spectrum, len(wave)).astype(np.float32)
        peak = max(float(np.abs(wave).max()), 1e-6)
        wave *= 10 ** (rng.uniform(-60, -3) / 20) / peak
        codec = rng.random()
        if codec < 0.04:
            seed = int(rng.integers(2**31))
            wave = self.codecs(torch.from_numpy(wave)[None, None], seed)[0, 0].numpy()
        elif codec < 0.12:
            limit = float(np.abs(wave).max()) * rng.uniform(0.2, 0.9)
            wave = np.clip(wave, -limit, limit)
        elif codec < 0.14:
            wave = np.round(wave * 32767) / 32767
        return wave

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        shapes = [one.shape for one in (self.speech, self.noise)]
        return {"stems": str(shapes), "core": self.core, "seed": self.seed}
