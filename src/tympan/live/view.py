"""The terminal's view of `tympan watch`: level, rolling spectrogram, last events."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

import numpy as np

from tympan.live.event import Event
from tympan.live.sources.base import Chunk

ROWS, COLUMNS = 12, 72
FLOOR_DB = -90.0
# From quiet to loud, in the 256 colours of a terminal: the order of the colour map "magma".
_COLOURS = (16, 17, 53, 54, 90, 126, 162, 198, 204, 209, 215, 221, 228, 230)


class LiveView:
    """Draws what is heard, with Rich, four times a second.

    Args:
        source: name of the source, for the title.
        models: names of the models.
        console: of Rich; None: standard error, so that events can be piped.
    """

    def __init__(self, source: str, models: list[str], console: Any = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._title = f"{source} · {', '.join(models)}"
        self._columns: deque[np.ndarray] = deque(maxlen=COLUMNS)
        self._events: deque[Event] = deque(maxlen=8)
        self._lines: deque[str] = deque(maxlen=3)
        self._level_db, self._peak_db, self._seconds = FLOOR_DB, FLOOR_DB, 0.0
        self._answers: dict[str, str] = {}
        self._lock, self._drawn = threading.Lock(), 0.0
        self._live = Live(
            self.picture(), console=console or Console(stderr=True), auto_refresh=False,
            transient=False,
        )  # fmt: skip

    def __enter__(self) -> LiveView:
        self._live.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._live.__exit__(*raised)

    def chunk(self, chunk: Chunk) -> None:
        """Take the sound of a quarter of a second."""
        mono = chunk.samples.mean(0)
        self._seconds += chunk.duration_s
        rms = float(np.sqrt(np.mean(np.square(mono)))) if mono.size else 0.0
        peak = float(np.abs(mono).max(initial=0.0))
        self._level_db, self._peak_db = _db(rms), max(_db(peak), self._peak_db - 1.5)
        self._columns.append(_bands(mono, chunk.rate_hz))
        self._draw()

    def event(self, event: Event) -> None:
        """Take an event that has begun or ended."""
        with self._lock:
            for i, one in enumerate(self._events):
                if one.key == event.key:
                    self._events[i] = event
                    return
            self._events.append(event)

    def decided(self, model: str, found: Any) -> None:
        """Take what a model decided last."""
        label = getattr(found, "label", None) or getattr(found, "speaker", None) or "score"
        score = getattr(found, "score", None)
        self._answers[model] = f"{label} {score:.2f}" if isinstance(score, float) else str(label)

    def say(self, line: str) -> None:
        """Take a line about what goes on."""
        with self._lock:
            self._lines.append(f"{time.strftime('%H:%M:%S')}  {line}")
        self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        if now - self._drawn > 0.2:
            self._drawn = now
            self._live.update(self.picture(), refresh=True)

    def picture(self) -> Any:
        """All of it, as Rich draws it."""
        from rich.console import Group
        from rich.panel import Panel
        from rich.text import Text

        with self._lock:
            events, lines = list(self._events), list(self._lines)
        parts = [self._meter(), self._spectrogram()]
        answers = "   ".join(f"{model}: {label}" for model, label in self._answers.items())
        parts.append(Text(answers or "no answer yet", style="dim"))
        for event in events:
            mark = "●" if event.open else "○"
            style = "bold red" if event.open else ""
            parts.append(Text(f"{mark} {event}", style=style))
        if not events:
            parts.append(Text("no event yet", style="dim"))
        parts += [Text(line, style="yellow") for line in lines]
        clock = (
            f"{int(self._seconds // 3600)}:{int(self._seconds // 60) % 60:02}:"
            f"{int(self._seconds) % 60:02}"
        )
        return Panel(
            Group(*parts), title=self._title, subtitle=f"{clock} · Ctrl-C ends", width=COLUMNS + 12
        )

    def _meter(self) -> Any:
        from rich.text import Text

        full = COLUMNS - 10
        share = (self._level_db - FLOOR_DB) / -FLOOR_DB
        peak = (self._peak_db - FLOOR_DB) / -FLOOR_DB
        bar = ["█" if i < share * full else " " for i in range(full)]
        bar[min(full - 1, max(0, int(peak * full)))] = "│"
        colour = "red" if self._peak_db > -1 else "green"
        return Text(f"{self._level_db:4.0f} dBFS ", style="bold") + Text("".join(bar), style=colour)

    def _spectrogram(self) -> Any:
        from rich.text import Text

        text = Text()
        for row in reversed(range(ROWS)):
            name = {ROWS - 1: " 8 kHz ", 0: "50 Hz  "}.get(row, "       ")
            text.append(name, style="dim")
            for column in self._columns:
                share = min(1.0, max(0.0, (column[row] + 80) / 70))
                colour = _COLOURS[round(share * (len(_COLOURS) - 1))]
                text.append(" ", style=f"on color({colour})")
            if row:
                text.append("\n")
        return text


def _db(amplitude: float) -> float:
    return max(FLOOR_DB, 20 * float(np.log10(max(amplitude, 1e-9))))


def _bands(mono: np.ndarray, rate_hz: int) -> np.ndarray:
    """Level of each row's band in dB `(ROWS,)`, 50 Hz to 8 kHz in equal steps of pitch."""
    found = np.full(ROWS, FLOOR_DB)
    if mono.size < 16:
        return found
    power = np.abs(np.fft.rfft(mono * np.hanning(mono.size))) ** 2 / mono.size**2 * 8
    frequency = np.fft.rfftfreq(mono.size, 1 / rate_hz)
    edges = np.geomspace(50, 8000, ROWS + 1)
    for row in range(ROWS):
        inside = power[(frequency >= edges[row]) & (frequency < edges[row + 1])]
        if inside.size:
            found[row] = 10 * np.log10(max(inside.sum(), 1e-12))
    return found
