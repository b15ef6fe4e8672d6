"""What the tests of `watch` share: a model without PyTorch, sound with loud parts, a source."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tympan.live.event import Event
from tympan.live.listener import Loaded
from tympan.live.sources.base import Chunk, Source

RATE_HZ = 8000
STEP_S = 0.25
T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class LevelSession:
    """The level of each quarter of a second as the score of `loud`."""

    on_step: Callable[[float, float, Mapping[str, float]], None] | None = None
    thresholds = None

    def __init__(self) -> None:
        self._held, self._at = np.zeros(0, np.float32), 0

    def push(self, wave: np.ndarray) -> list[Any]:
        self._held = np.concatenate([self._held, wave[0]])
        size = int(STEP_S * RATE_HZ)
        while len(self._held) >= size:
            own, self._held = self._held[:size], self._held[size:]
            score = min(1.0, float(np.abs(own).max()))
            start_s = self._at / RATE_HZ
            self._at += size
            if self.on_step is not None:
                self.on_step(start_s, start_s + STEP_S, {"loud": score, "quiet": 1 - score})
        return []

    def score_labels(self) -> tuple[str, ...]:
        return LevelModel.labels

    def forget(self) -> None:
        pass

    def result(self) -> None:
        return None


class LevelModel:
    """A model of two labels that needs no weights."""

    name, task, rate_hz, mono, labels = "level", "classify", RATE_HZ, True, ("loud", "quiet")

    def session(self, **options: Any) -> LevelSession:
        return LevelSession()


LEVEL = Loaded("level", LevelModel(), {})  # type: ignore[arg-type]


def bursts(spans: Sequence[tuple[float, float]], duration_s: float) -> np.ndarray:
    """A tone `(1, t)` of amplitude 0.8 in the given spans of seconds, almost silence elsewhere."""
    t = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    loud = np.zeros(len(t))
    for start_s, end_s in spans:
        loud[(t >= start_s) & (t < end_s)] = 1
    wave = (0.001 + 0.8 * loud) * np.sin(2 * np.pi * 440 * t)
    return wave[None].astype(np.float32)


class Given(Source):
    """A source that gives what it was given; `None` in between begins anew."""

    name, live = "given", False

    def __init__(self, *waves: np.ndarray, time_s: float = T0.timestamp(), live: bool = False):
        self._waves, self._time_s, self.live = waves, time_s, live

    def chunks(self, stop: threading.Event, say: Callable[[str], None]) -> Iterator[Chunk]:
        time_s = self._time_s
        for i, wave in enumerate(self._waves):
            yield Chunk(wave, RATE_HZ, True, f"part {i}", time_s)
            time_s += wave.shape[1] / RATE_HZ


class Collect:
    """Keeps events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lines: list[str] = []

    def event(self, event: Event) -> None:
        self.events.append(event)

    def say(self, line: str) -> None:
        self.lines.append(line)

    @property
    def spans(self) -> list[tuple[float, float]]:
        return [(e.start_s, e.end_s) for e in self.events if e.end_s is not None]


def write_rules(folder: Path, text: str, name: str = "rules.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
