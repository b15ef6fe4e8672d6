"""Words made of tones, one tone a phoneme: what a small recogniser learns in seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from tympan.audio import Clip
from tympan.tasks.transcribe.command_net import NONE, CommandConfig, CommandNet
from tympan.tasks.transcribe.language_model import LanguageModel
from tympan.tasks.transcribe.ngrams import learned
from tympan.tasks.transcribe.sounds import CHARACTERS, phonemes_of, spoken

RATE_HZ = 16_000
SOUND_S = 0.1
WORDS = ("tea", "no", "stop", "coffee")
PHONEMES = phonemes_of("en")
SMALL = {
    "size": 48, "blocks": 2, "kernel": 7, "dropout": 0.0, "variation": 0.3, "batch_size": 8,
    "lr": 4e-3, "bucket": 0, "warmup_epochs": 1.0,
}  # fmt: skip


COMMANDS = CommandConfig(size=16, blocks=1)
COMMAND_LABELS = (NONE, "low", "high")


class Pitched(CommandNet):
    """Hears `high` or `low` where the loudest band of a window is, and nothing in silence."""

    def forward(self, mels: torch.Tensor) -> torch.Tensor:
        middle = mels[:, :, 55:75].mean(2)
        band = middle.argmax(1)
        found = torch.zeros(len(mels), 3)
        found[:, 1], found[:, 2] = (band < 15).float(), (band >= 25).float()
        found[middle.amax(1) < -40] = torch.tensor([1.0, 0.0, 0.0])
        return 9 * found


def tone(hz: float, at_s: float, duration_s: float, length_s: float) -> np.ndarray:
    time = np.arange(round(length_s * 16_000)) / 16_000
    there = (time >= at_s) & (time < at_s + duration_s)
    quiet = 1e-4 * np.random.default_rng(0).standard_normal(len(time))
    return (0.3 * np.sin(2 * np.pi * hz * time) * there + quiet).astype(np.float32)


def tone_of(phoneme: str, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Two partials that no other phoneme has together."""
    number = PHONEMES.index(phoneme)
    low, high = 300 * 1.18 ** (number % 7), 1400 * 1.22 ** (number // 7)
    time = np.arange(round(SOUND_S * rng.uniform(0.9, 1.2) * RATE_HZ)) / RATE_HZ
    wave = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
    return (0.2 * np.hanning(len(time)) ** 0.3 * wave).astype(np.float32)


def said(text: str, seed: int = 0) -> tuple[npt.NDArray[np.float32], list[tuple[float, float]]]:
    """A wave of tones, and when each word is."""
    rng = np.random.default_rng(seed)
    parts = [np.zeros(RATE_HZ // 5, np.float32)]
    at, times = len(parts[0]), []
    for word in spoken(text):
        sounds = np.concatenate([tone_of(one, rng) for one in word.phonemes])
        times.append((at / RATE_HZ, (at + len(sounds)) / RATE_HZ))
        parts += [sounds, np.zeros(RATE_HZ // 10, np.float32)]
        at += len(sounds) + RATE_HZ // 10
    wave = np.concatenate([*parts, np.zeros(RATE_HZ // 10, np.float32)])
    return wave + 1e-4 * rng.standard_normal(len(wave)).astype(np.float32), times


def made_folder(folder: Path, count: int = 40) -> Path:
    """Recordings with their texts, in the layout that `tympan train` takes."""
    rng = np.random.default_rng(1)
    (folder / "audio").mkdir(parents=True)
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file_name", "text"))
        for number in range(count):
            words = rng.choice(WORDS, int(rng.integers(1, 4)))
            name = f"audio/{number:02d}.wav"
            Clip(said(" ".join(words), number)[0][None], RATE_HZ).save(folder / name)
            writer.writerow((name, f"{' '.join(words).capitalize()}!" + " " * (number % 2)))
    return folder


def small_words() -> LanguageModel:
    """A language model of the words."""
    sounds = {one: "".join(w.phonemes for w in spoken(one)) for one in WORDS}
    return learned([["no", "tea"], ["stop", "coffee"], ["no", "coffee"]], sounds)


def answers(phonemes: str, each: int = 3, sure: float = 0.9) -> npt.NDArray[np.float32]:
    """Log probabilities `(m, k)` as a net gives them: each phoneme once, between blanks."""
    rows = np.full((len(phonemes) * each, len(PHONEMES) + 1), (1 - sure) / len(PHONEMES))
    for place, one in enumerate(phonemes):
        for step in range(each):
            symbol = PHONEMES.index(one) + 1 if step == each // 2 else 0
            rows[place * each + step, symbol] = sure
    return np.log(rows / rows.sum(1, keepdims=True)).astype(np.float32)


__all__ = [
    "CHARACTERS",
    "COMMANDS",
    "COMMAND_LABELS",
    "PHONEMES",
    "RATE_HZ",
    "SMALL",
    "WORDS",
    "Pitched",
    "answers",
    "made_folder",
    "said",
    "small_words",
    "tone",
]  # fmt: skip
