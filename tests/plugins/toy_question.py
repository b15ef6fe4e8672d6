"""A question in one file outside the package, as another package would bring it: how loud is it?"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tympan.tasks.commands import Command
from tympan.tasks.engines import Engine
from tympan.tasks.results import Result
from tympan.tasks.verbs import Option, Verb


@dataclass(frozen=True)
class Loudness(Result):
    """The answer: the peak of a recording."""

    file: str
    peak: float
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()

    def shown(self) -> str:
        return f"peak {self.peak:.2f}"

    def columns(self) -> tuple[str, ...]:
        return ("peak",)

    def cells(self) -> Iterable[tuple[Any, ...]]:
        return [(self.peak,)]


class ToySession:
    """One recording on its way."""

    def __init__(self, name: str, scale: float) -> None:
        self._name, self._scale, self._peak, self._count = name, scale, 0.0, 0

    def push(self, wave: np.ndarray) -> Iterable[Any]:
        self._peak = max(self._peak, float(np.abs(wave).max(initial=0.0)))
        self._count += wave.shape[-1]
        return ()

    def result(self) -> Loudness:
        return Loudness(self._name, self._scale * self._peak, self._count / 8000, "toy-engine")


class ToyModel:
    """Ready to answer."""

    name, task, rate_hz, mono, labels = "toy-engine", "toy", 8000, True, ()

    def session(
        self, *, name: str = "", scale: float = 1.0, unit: str = "full", loud: bool = False
    ) -> ToySession:
        return ToySession(name, scale)

    def __call__(self, source: Any, **options: Any) -> Loudness:
        import tympan

        clip = tympan.load(source, rate_hz=self.rate_hz, mono=True)
        name = str(source) if isinstance(source, str) or hasattr(source, "parts") else clip.name
        session = self.session(name=name, **options)
        session.push(clip.samples)
        return session.result()

    def stream(self, blocks: Iterable[np.ndarray], **options: Any) -> Iterator[Any]:
        session = self.session(**options)
        for wave in blocks:
            yield from session.push(wave)


class ToyTask:
    """The task."""

    name = "toy"
    accepts = ("toy",)

    def load(self, model: Any, device: str) -> ToyModel:
        return ToyModel()


def louder(
    source: Any, models: list[ToyModel], *, second: Any, by: float
) -> Generator[float, None, Loudness]:
    """Which of two recordings is louder?"""
    first = models[0](source)
    yield first.duration_s
    other = models[0](second)
    return first if first.peak > by * other.peak else other


def load(device: str) -> ToyModel:
    return ToyModel()


TASK = ToyTask()
VERB = Verb(
    name="toy",
    help="How loud is it?",
    task="toy_question:TASK",
    options=(
        Option("scale", float, 1.0, "Factor of the peak.", low=0, high=10),
        Option("unit", str, "full", "How it is given.", choices=("full", "half")),
        Option("loud", bool, False, "Say it loudly."),
    ),
    save_as=(".json", ".csv"),
    commands=(
        Command(
            name="louder",
            help="Which is louder?",
            function="toy_question:louder",
            models="toy",
            options=(
                Option("second", str, None, "The other recording.", reads="recording"),
                Option("by", float, 1.0, "So many times.", low=1),
            ),
            needs=("second",),
            save_as=(".json", ".csv"),
        ),
    ),
)
ENGINE = Engine(
    name="toy-engine",
    task="toy",
    package="toy-question",
    extra="",
    licence="MIT",
    size_mb=0.1,
    description="The peak of the samples.",
    load="toy_question:load",
)
