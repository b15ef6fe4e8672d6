"""From a recording of any length to vectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.cleaned import fingerprint_of
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.model import BaseModel, WindowSession
from tympan.tasks.results import Embedding
from tympan.tasks.windows import Batcher, CenteredWindows, Window

if TYPE_CHECKING:
    from tympan.tasks.classify.config import ClassifyConfig
    from tympan.tasks.embed.net import Embedder
    from tympan.tasks.graphs import Graph

BATCH = 8


@dataclass(frozen=True, eq=False)
class EmbedModel(BaseModel[Embedding]):
    """A loaded model whose answers are vectors.

    Attributes:
        net: the net, in evaluation mode.
        config: that of the model it comes from.
        name: of the catalogue or folder.
        device: where it computes.
        labels: none.
    """

    net: Embedder
    config: ClassifyConfig
    name: str
    device: str = "cpu"
    labels: tuple[str, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"embed"`."""
        return "embed"

    @property
    def fingerprint(self) -> str:
        """A digest of what decides the vectors, see `Embedder.fingerprint`."""
        return fingerprint_of(self._digest, self)

    @cached_property
    def _digest(self) -> str:
        return self.net.fingerprint()

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.config.rate_hz

    @property
    def window_s(self) -> float:
        """Length of what becomes one vector."""
        return self.config.clip_s * self.config.crop

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return Batcher(self.net, device=self.device, batch=BATCH)

    def graph(self) -> Graph:
        """Its net for the export: spectrogram in, vectors `(b, d)` out."""
        from tympan.tasks.classify.graph import embed_graph

        return embed_graph(self.net.net, self.window_s)

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        every_s: float | None = None,
        **options: Any,
    ) -> EmbedSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            every_s: seconds from one vector to the next; None: one window after another.
            options: there are no others.

        Raises:
            ArgumentError: `every_s` is no usable length, or there is another option.
        """
        if options:
            raise ArgumentError(
                f"embed has no option {next(iter(options))!r}", fix="it has every_s"
            )
        if every_s is not None and not 0.01 <= every_s <= 3600:
            what = f"every_s={every_s} is no usable step"
            raise ArgumentError(what, fix="give 0.01 to 3600 s", option="every_s")
        return EmbedSession(self, name, every_s or self.window_s, batcher or self.batcher())


class EmbedSession(WindowSession[Embedding]):
    """A recording on its way to vectors; `push` gives `(start_s, end_s, vector)`."""

    def __init__(self, model: EmbedModel, name: str, step_s: float, batcher: Batcher) -> None:
        # A short recording is one window; of a long one only what a step lacks is padded.
        geometry = CenteredWindows(
            model.rate_hz, model.window_s, step_s, model.window_s, SHORTEST_S
        )
        super().__init__(geometry.cutter(), batcher)
        self._model, self._name = model, name
        # What is left at the end and is shorter belongs to the step before it.
        self._least_s = min(SHORTEST_S, step_s / 2)
        self._vectors: list[np.ndarray] = []
        self._times_s: list[tuple[float, float]] = []

    def take(self, window: Window, output: np.ndarray) -> None:
        """Take the vector `(d,)` of the next window."""
        start_s, end_s = window.start / self._model.rate_hz, window.end / self._model.rate_hz
        if self._vectors and end_s - start_s < self._least_s:
            self._times_s[-1] = (self._times_s[-1][0], end_s)
            return
        self._vectors.append(np.asarray(output, np.float32))
        self._times_s.append((start_s, end_s))
        self.decide([(start_s, end_s, self._vectors[-1])])

    def forget(self) -> None:
        """Keep only the last vector, whose time what is left at the end may lengthen."""
        del self._vectors[:-1], self._times_s[:-1]

    def answer(self) -> Embedding:
        """The vectors of all windows, and their mean, of unit length."""
        if not self._vectors:
            return Embedding(
                self._name, (), model=self._model.name, fingerprint=self._model.fingerprint
            )
        vectors, times_s = np.stack(self._vectors), np.array(self._times_s)
        mean = (times_s[:, 1] - times_s[:, 0]) @ vectors
        mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return Embedding(
            self._name,
            tuple(map(float, mean)),
            duration_s=float(times_s[-1, 1]),
            model=self._model.name,
            vectors=vectors,
            times_s=times_s,
            fingerprint=self._model.fingerprint,
        )
