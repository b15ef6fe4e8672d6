"""What `recipes/transcribe.py` trains on: made speech, real speech, noises; all as log mels."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipes.transcribe_speech import Line
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.learner import UNKNOWN
from tympan.tasks.transcribe.net import FRAMES_OF_ANSWER, log_mels
from tympan.tasks.transcribe.sounds import numbers, spoken
from tympan.tasks.transcribe.variation import Levels, band_centres_hz, varied

REAL, REAL_HELD = "real.npz", 20
ORDERS = "orders.npz"
# Kinds of which each sentence is by another voice are met so often for once of the others; all
# orders are made of the same few words.
TIMES = {"real": 8, "kokoro": 8, "orders": 3}
# Of each folder: judges agree where they differ by at most this share of the words. Where they
# differ more in orders, both are wrong.
APART = {"librispeech": 0.25, "speech_to_intent": 0.09}
# Lines of these parts choose an epoch and are not trained on.
HELD = {"0000-en.npz": 30, "0001-slt.npz": 15, "0003-rms.npz": 15}
ROWS_IN_EPOCH = 1024
LONGEST_FRAMES = 1600
# So often what lies above some frequency is lost, as in strongly compressed files.
DULL, DULL_HZ, DULL_DB = 0.2, (2500.0, 7000.0), 40.0
# So often phrases of real clips, of so many words, are put together anew.
SPLICED, PHRASE = 0.75, (3, 10)


def write_part(out: Path, lines: Sequence[Line], mels: Sequence[np.ndarray]) -> None:
    """Keep spectrograms `(n, n_mels)` and what is said in them."""
    from tympan._files import atomic_write

    with atomic_write(out) as beside, open(beside, "wb") as file:
        text = json.dumps([asdict(one) for one in lines])
        np.savez(file, mels=np.concatenate(mels).astype(np.float16), lines=np.array(text))


def read_part(path: Path) -> tuple[np.ndarray, list[Line]]:
    """What `write_part` kept."""
    with np.load(path) as found:
        return found["mels"], [Line(**one) for one in json.loads(str(found["lines"]))]


def agreed(folder: Path, judged: Path, apart: float) -> Iterator[tuple[float, str, Path, str]]:
    """Of each recording on whose words both judges agree: how far not, its speaker, file, words."""
    from benchmarks._judges import _key, word_errors, words_of

    for row in csv.DictReader((folder / "metadata.csv").open(encoding="utf-8")):
        file = folder / row["file_name"]
        answer = judged / f"{_key(file, None, [])}.json"
        if row.get("split") == "test-other" or not answer.exists():
            continue
        heard = json.loads(answer.read_text(encoding="utf-8"))
        one, other = words_of(heard["whisper"]), words_of(heard["moonshine"])
        differ = word_errors(one, other)
        if differ <= apart * len(one):
            yield differ, row.get("speaker", folder.name), file, heard["moonshine"]


def real_part(folder: Path, judged: Path, out: Path) -> None:
    """Keep the real recordings on whose words both judges agree, as far as they were judged.

    Those on which they agree to the word come first: of LibriSpeech's some are held out.
    """
    from tympan.audio import load
    from tympan.models import load_model
    from tympan.tasks.transcribe.task import TASK

    config = TranscribeConfig()
    aligner = TASK.recogniser(load_model("english"), "cpu", vocabulary=False)
    lines, mels, at = [], [], 0
    found = sorted(agreed(folder, judged, APART[folder.name]), key=lambda one: one[0])
    for _, speaker, file, said in found:
        words = spoken(said)
        wave = load(file, rate_hz=config.rate_hz).mono().samples[0].astype(np.float32)
        mels.append(log_mels(wave, config).T.half().numpy())
        text, sounds = " ".join(w.text for w in words), "".join(w.phonemes for w in words)
        found_at = aligner.align(wave, [w.text for w in words])
        times = [
            (w.text, w.phonemes, one.start_s, one.end_s)
            for w, one in zip(words, found_at, strict=True)
        ] if len(found_at) == len(words) else []  # fmt: skip
        lines.append(Line(at, len(mels[-1]), text, sounds, f"real {speaker}", words=times))
        at += len(mels[-1])
    write_part(out, lines, mels)
    print(f"{folder.name}: {len(lines)} recordings, {at * config.frame_s / 60:.0f} minutes")


def noise_part(shared: Path, out: Path) -> None:
    """Keep recorded noises that are in the public domain."""
    from recipes.speech_data import TRAIN_FOLDS, VOICES, decoded, rows_of

    config = TranscribeConfig()
    mels = [
        log_mels(decoded(shared / "esc50" / row["file_name"]).astype(np.float32) / 32767, config)
        for row in rows_of(shared / "esc50")
        if row["fold"] in TRAIN_FOLDS and row["label"] not in VOICES and row["licence"] == "CC0"
    ]
    loud = [one.half().numpy() for one in mels if float(one.max()) > -60]
    lengths = np.array([one.shape[1] for one in loud])
    np.savez(out, mels=np.concatenate(loud, 1), lengths=lengths)
    print(f"{len(loud)} noises")


def frames_of(line: Line, tempo: float, frames: int, config: TranscribeConfig) -> Tensor:
    """The phoneme at the middle of each answer, 0 in pauses; unknown where no times are."""
    answers = frames // FRAMES_OF_ANSWER
    if not line.symbols:
        return torch.full((answers,), UNKNOWN)
    middles = (np.arange(answers) + 0.25) * FRAMES_OF_ANSWER * config.frame_s
    place = np.searchsorted(np.array(line.ends_s) / tempo, middles, side="right")
    return torch.from_numpy(np.append(np.array(line.symbols, np.int64), 0)[place])


def cuts_of(line: Line, first: int, last: int, frame_s: float) -> tuple[int, int]:
    """The frames between which words `first` to `last` lie: halfway to their neighbours."""
    begin_s = line.words[first][2]
    before_s = line.words[first - 1][3] if first else 0.0
    end_s = line.words[last][3]
    after_s = line.words[last + 1][2] if last + 1 < len(line.words) else line.frames * frame_s
    begin = (before_s + begin_s) / 2 if begin_s - before_s < 0.4 else begin_s - 0.2
    end = (end_s + after_s) / 2 if after_s - end_s < 0.4 else end_s + 0.2
    return round(begin / frame_s), round(end / frame_s)


class Pool:
    """Lines of all parts, varied at each visit.

    A row is a place in the order of lengths and not a line: the pool may grow between two calls of
    the training, and rows stay of alike length.

    Args:
        folder: with the parts.
        config: of the recogniser.
        training: of the lines that are trained on; else those held out, as they are.
    """

    padding: Mapping[str, float] = {
        "mels": -100.0, "phonemes": 0, "characters": 0, "frames": UNKNOWN,
    }  # fmt: skip
    weights = None

    def __init__(self, folder: Path, config: TranscribeConfig, training: bool) -> None:
        self.config, self.training = config, training
        self.mels: list[np.ndarray] = []
        self.lines: list[tuple[int, Line]] = []
        paths = sorted((folder / "made").glob("*.npz"))
        for path in [*paths, *(p for p in (folder / REAL, folder / ORDERS) if p.exists())]:
            mels, lines = read_part(path)
            held = REAL_HELD if path.name == REAL else HELD.get(path.name, 0)
            times = TIMES.get(path.stem.split("-")[-1], 1) if training else 1
            kept = lines[held:] if training else lines[:held]
            self.lines += times * [(len(self.mels), one) for one in self.usable(kept)]
            self.mels.append(mels)
        self.real = [one for one in self.lines if one[1].words]
        self.lines.sort(key=lambda one: one[1].frames)
        rows = ROWS_IN_EPOCH if training else len(self.lines)
        self.sizes = np.arange(rows)
        self.noises: list[Levels] = []
        if training and (folder / "noises.npz").exists():
            with np.load(folder / "noises.npz") as found:
                ends = np.cumsum(found["lengths"])
                self.noises = np.split(found["mels"], ends[:-1], 1)

    def usable(self, lines: Iterable[Line]) -> list[Line]:
        """Those that are neither too long nor too fast for what is said."""
        return [
            one for one in lines
            if 50 < one.frames < LONGEST_FRAMES and one.phonemes
            and len(one.phonemes) < 0.6 * one.frames / FRAMES_OF_ANSWER
        ]  # fmt: skip

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One line, see `TranscribeExamples`."""
        place = row
        if rng is not None:
            place = int((row + rng.random()) * len(self.lines) / len(self.sizes))
        number, line = self.lines[place]
        mels = self.mels[number][line.start : line.start + line.frames].T.astype(np.float32)
        tempo, sounds, text = 1.0, line.phonemes, line.text
        if rng is not None and line.words and rng.random() < SPLICED:
            mels, sounds, text = self.spliced(line.frames, rng)
        if rng is not None:
            mels, tempo = varied(mels, self.config, rng, self.noises)
            if rng.random() < DULL:
                cut_hz = float(np.exp(rng.uniform(*np.log(DULL_HZ))))
                mels[band_centres_hz(self.config) > cut_hz] -= DULL_DB
        config = self.config
        return {
            "mels": torch.from_numpy(np.ascontiguousarray(mels)),
            "phonemes": torch.from_numpy(numbers(sounds, config.phonemes)),
            "characters": torch.from_numpy(numbers(text, config.characters)),
            "frames": frames_of(line, tempo, mels.shape[1], config),
        }

    def spliced(self, frames: int, rng: np.random.Generator) -> tuple[Levels, str, str]:
        """Phrases of several real clips behind one another: log mels, phonemes and text.

        A net that meets three quarters of an hour of real speech dozens of times learns its
        sentences by heart; so it never meets the same twice.
        """
        parts: list[Levels] = []
        sounds = ""
        texts: list[str] = []
        longest_s, level = frames * self.config.frame_s, 0.0
        while not parts or sum(x.shape[1] for x in parts) * self.config.frame_s < longest_s - 1.5:
            number, line = self.real[int(rng.integers(len(self.real)))]
            first = int(rng.integers(len(line.words)))
            last = min(first + int(rng.integers(*PHRASE)), len(line.words) - 1)
            words = line.words[first : last + 1]
            begin, end = cuts_of(line, first, last, self.config.frame_s)
            part = self.mels[number][line.start + begin : line.start + end].T.astype(np.float32)
            if not part.shape[1] or begin >= end:
                continue
            loud = float(np.percentile(part.mean(0), 80))
            level = level or loud
            parts.append(part + level - loud)
            sounds += "".join(one[1] for one in words)
            texts += [one[0] for one in words]
        return np.concatenate(parts, 1), sounds, " ".join(texts)

    def fingerprint(self) -> dict[str, Any]:
        """Nothing: more speech may come while it is trained."""
        return {}

    def hours(self) -> float:
        """Of all its lines, as often as they are in it."""
        return sum(one.frames for _, one in self.lines) * self.config.frame_s / 3600
