"""From a recording of any length to the notes in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.model import BaseModel, WindowSession
from tympan.tasks.notes.decode import NoteDecoder, NoteRules, Values
from tympan.tasks.notes.net import HEADS
from tympan.tasks.results.notes import Note, Notes
from tympan.tasks.windows import Batcher, OverlappingWindows, Window

if TYPE_CHECKING:
    import torch

    from tympan.tasks.notes.config import NotesConfig
    from tympan.tasks.notes.net import NoteNet

BATCH = 4


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

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return Batcher(self._scores, device=self.device, batch=BATCH)

    def _scores(self, waves: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.net(waves)
        return found.sigmoid()

    def scores(self, blocks: Iterable[Values]) -> Values:
        """Onset, frame, offset and velocity of each pitch and frame `(4, p, n)`."""
        session = self.session()
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
        known = ("onset", "frame", "shortest_s", "lowest", "highest", "clean_notes")
        unknown = [one for one in options if one not in known]
        if unknown:
            what = f"notes has no option {unknown[0]!r}"
            raise ArgumentError(what, fix="see `tympan notes --help`")
        return NotesSession(self, name, self.rules(**options), batcher or self.batcher())


class NotesSession(WindowSession[Notes]):
    """A recording on its way to its notes; `push` gives each as soon as it has ended."""

    def __init__(
        self, model: NotesModel, name: str, rules: NoteRules, batcher: Batcher
    ) -> None:
        windows = model.windows
        super().__init__(windows.cutter(), batcher)
        self._model, self._name, self._windows = model, name, windows
        config = model.config
        self._decoder = NoteDecoder(rules, config.frame_s, config.lowest)
        self._notes: list[Note] = []
        self._samples = self._frames = 0
        self.kept: list[Values] | None = None

    def take(self, window: Window, output: Any) -> None:
        """Take the scores `(4, p, n)` of the next window."""
        self._samples = max(self._samples, window.end)
        hop = self._model.config.hop
        # The last window is moved inwards: its beginning is known already.
        skip = self._frames - (window.offset + self._windows.left) // hop
        count = -(-window.end // hop)
        self.add(output[..., skip : count - self._frames + skip])

    def add(self, scores: Values) -> None:
        """Take the next scores, which are final."""
        self._frames += scores.shape[-1]
        if self.kept is not None:
            self.kept.append(scores)
        self._keep(self._decoder.push(scores))

    def forget(self) -> None:
        """Let go of the notes that were given out."""
        self._notes.clear()

    def answer(self) -> Notes:
        """The notes of the whole recording."""
        self._keep(self._decoder.finish())
        duration_s = self._samples / self._model.config.rate_hz
        if self.input is not None:
            duration_s = self.input.duration_s
        notes = [] if self.input is not None and self.input.empty else self._notes
        ordered = sorted(notes, key=lambda n: (n.start_s, n.pitch, n.end_s))
        return Notes(self._name, tuple(ordered), duration_s=duration_s, model=self._model.name)

    def _keep(self, found: list[Note]) -> None:
        self._notes += found
        self.decide(found)
