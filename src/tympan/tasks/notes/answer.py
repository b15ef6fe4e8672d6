"""A transcriber of notes that is loaded: its net, its rules, and how recordings are cut for it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.tasks.model import BaseModel
from tympan.tasks.notes.decode import NoteRules, Values
from tympan.tasks.notes.net import HEADS
from tympan.tasks.notes.session import STANDARD_HZ, Choice, NotesSession
from tympan.tasks.results.notes import Notes
from tympan.tasks.windows import Batcher, OverlappingWindows

if TYPE_CHECKING:
    import torch

    from tympan.tasks.graphs import Graph
    from tympan.tasks.notes.config import NotesConfig
    from tympan.tasks.notes.net import NoteNet

# One window at a time: rounding depends on the size of a batch, and the answer on a file is that
# on its blocks, to the last bit.
BATCH = 1


@dataclass(frozen=True, eq=False)
class NotesModel(BaseModel[Notes]):
    """A loaded transcriber of notes, ready to answer.

    Attributes:
        net: the net, in evaluation mode.
        config: its configuration.
        name: of the catalogue or folder.
        device: where it computes.
    """

    net: NoteNet
    config: NotesConfig
    name: str
    device: str = "cpu"
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"notes"`."""
        return "notes"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.config.rate_hz

    @property
    def windows(self) -> OverlappingWindows:
        """How recordings are cut."""
        config, around = self.config, self.net.around
        core = config.frames * config.hop
        # The net sees all that it needs on both sides, so that what it answers does not depend on
        # where a window begins, and none need overlap.
        return OverlappingWindows(core, core, around, around, config.step)

    def graph(self) -> Graph:
        """Its net for the export: a window in, scores `(b, k, n)` of each pitch and frame out."""
        from tympan.tasks.notes.graph import notes_graph

        return notes_graph(self)

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return Batcher(self._outputs, device=self.device, batch=BATCH)

    def _outputs(self, waves: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Scores `(b, 4, p, n)`, what begins `(b, n)`, and bends `(b, p, n)`."""
        from tympan.tasks.notes.net import bends_of, flux_of

        levels = self.net.levels(waves)
        scores = self.net(levels).sigmoid()
        context, n = self.config.context, scores.shape[-1]
        return scores, flux_of(levels, context, n), bends_of(levels, self.config, n)

    def tuned(self, cents: float) -> NotesModel:
        """The same for instruments that are tuned higher, or lower, than A = 440 Hz."""
        from tympan.tasks.notes.net import PitchSpectrogram

        net = copy.copy(self.net)  # the same weights
        net._modules = dict(self.net._modules)
        net.front = PitchSpectrogram(self.config, cents)
        return replace(self, net=net.eval())

    def scores(self, blocks: Iterable[Values]) -> Values:
        """Onset, frame, offset and velocity of each pitch and frame `(4, p, n)`."""
        session = self.session(tuning_hz=STANDARD_HZ)
        session.kept = []
        for block in blocks:
            session.push(block)
        session.result()
        if not session.kept:
            return np.zeros((len(HEADS), self.config.pitches, 0), np.float32)
        return np.concatenate(session.kept, axis=-1)

    def rules(
        self,
        *,
        onset: float | None = None,
        frame: float | None = None,
        shortest_s: float | None = None,
        lowest: int | None = None,
        highest: int | None = None,
        clean_notes: bool = False,
    ) -> NoteRules:
        """The rules given, else those chosen after the training."""
        config = self.config
        usual = config.clean_onset if clean_notes else config.onset
        return NoteRules(
            usual if onset is None else onset,
            config.frame if frame is None else frame,
            config.offset,
            2.0 if clean_notes else config.ghost,
            config.shortest_s if shortest_s is None else shortest_s,
            0 if lowest is None else lowest,
            127 if highest is None else highest,
        )

    def session(
        self, *, name: str = "", batcher: Batcher | None = None, **options: Any
    ) -> NotesSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            options: those of the verb, see `rules`.

        Raises:
            ArgumentError: an option out of range, or another one.
        """
        found = Choice.of(options)
        return NotesSession(self, name, self.rules(**options), found, batcher or self.batcher())
