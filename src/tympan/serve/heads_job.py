"""Heads that a worker fits to labelled windows, see `tympan.tasks.embed.proposing`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tympan._files import atomic_write
from tympan.serve.frames import Message
from tympan.serve.held import Held
from tympan.serve.jobs import Job, Say


class HeadsJob(Job):
    """The scores of all windows of a folder.

    Args:
        number, held, say: as of `Job`.
        order: `windows`, an `.npz` of the server with `vectors` `(m, d)` and `known` `(m, k)`;
            `save`, the `.npy` that gets the scores `(m, k)`.
    """

    def __init__(self, number: int, held: Held, say: Say, order: Message) -> None:
        super().__init__(number, held, say)
        self._order = order

    def step(self) -> None:
        """All of it, which takes a second."""
        from tympan.tasks.embed.proposing import window_scores

        with np.load(Path(self._order["windows"]), allow_pickle=False) as given:
            scores = window_scores(given["vectors"], given["known"])
        with atomic_write(Path(self._order["save"])) as beside:
            np.save(beside, scores)
        self.ended = True

    def finish(self) -> None:
        """Say that they are there."""
        self._say(id=self.number, answer={})
