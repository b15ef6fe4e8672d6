"""What is measured of a model of a few words: words heard, and false alarms for each hour."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recipes.commands import CONFIG, rows_of
from tympan.audio import load
from tympan.data import AudioStore, Table
from tympan.data.table import Example
from tympan.tasks.transcribe.command_net import NONE

Wave = np.ndarray
RATE_HZ = 16_000
TELEPHONE_HZ = 8000
DRAWS = 2000


@dataclass(frozen=True)
class Other:
    """A recording with none of the words but those that are in it by chance."""

    wave: Wave
    said: frozenset[str] = frozenset()


def narrowed(wave: Wave, rate_hz: int) -> Wave:
    """What is left of a wave at 16 kHz that went through another rate."""
    import soxr

    if rate_hz == RATE_HZ:
        return wave
    back = soxr.resample(soxr.resample(wave, RATE_HZ, rate_hz), rate_hz, RATE_HZ)
    found: Wave = back.astype(np.float32)
    return found


def waves_of(examples: Sequence[Example]) -> list[Wave]:
    """The recordings at the model's rate."""
    table = Table(Path("."), tuple(examples))
    store = AudioStore.open(table, CONFIG.rate_hz)
    return [np.ascontiguousarray(store.mono(one.path), np.float32) for one in table]


def other_speech(shared: Path) -> list[Other]:
    """LibriSpeech test-other, whose texts are known."""
    found = []
    for row in rows_of(shared / "librispeech"):
        if row["split"] != "test-other":
            continue
        wave = load(shared / "librispeech" / row["file_name"], rate_hz=RATE_HZ, mono=True)
        found.append(Other(wave.samples[0], frozenset(row["text"].lower().split())))
    return found


def orders(shared: Path, every: int = 1) -> list[Other]:
    """Spoken orders of coffee: short, said to a machine, by more than fifty speakers."""
    found = []
    with (shared / "speech_to_intent" / "metadata.csv").open(encoding="utf-8") as file:
        for row in list(csv.DictReader(file))[::every]:
            text = " ".join(json.loads(row["label"])["slots"].values())
            path = shared / "speech_to_intent" / row["file_name"]
            wave = load(path, rate_hz=RATE_HZ, mono=True).samples[0]
            found.append(Other(wave, frozenset(text.lower().split())))
    return found


def accuracy(
    model: Any, scores: Iterable[np.ndarray], labels: Iterable[str]
) -> tuple[float, tuple[float, float], float, float]:
    """Shares of recordings heard right, its 95 % interval, heard as another word, and missed.

    Args:
        model: with its threshold.
        scores: of each recording, `(n, k)`.
        labels: what was said.
    """
    found = []
    for one, label in zip(scores, labels, strict=True):
        heard = model.label_in(one)[0]
        found.append((heard == label, heard not in (label, NONE), heard == NONE))
    shares = np.array(found, float)
    rows = np.random.default_rng(0).integers(len(shares), size=(DRAWS, len(shares)))
    low, high = np.percentile(shares[rows, 0].mean(1), (2.5, 97.5))
    right, wrong, missed = shares.mean(0).tolist()
    return right, (float(low), float(high)), wrong, missed


def alarms(scores: Iterable[np.ndarray], others: Sequence[Other], model: Any) -> dict[str, float]:
    """False alarms for each hour, the hours, and the upper end of the 95 % interval (Poisson).

    A word that is said in a recording is no false alarm.
    """
    from scipy.stats import chi2

    from tympan.tasks.transcribe.commands import peaks

    count, seconds = 0, 0.0
    for found, one in zip(scores, others, strict=True):
        heard = [model.labels[label] for _, label, _ in peaks(found, model.config)]
        count += sum(one.said.isdisjoint(word.split()) for word in heard)
        seconds += len(one.wave) / RATE_HZ
    hours = seconds / 3600
    most = float(chi2.ppf(0.975, 2 * count + 2)) / 2
    return {"an_hour": count / hours, "at_most": most / hours, "hours": hours}
