"""Where a recording is speech, by a model of speech that goes along with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.tasks.segment.answer import SegmentModel


class SpeechFrames:
    """Which frames are speech; of an hour it keeps 0.2 MB.

    Args:
        model: finds speech; it has one label.
        frame: samples of a frame of `frames`.

    Raises:
        ArgumentError: the model has several labels.
    """

    def __init__(self, model: SegmentModel, frame: int) -> None:
        if len(model.labels) != 1:
            what = f"the model {model.name} has {len(model.labels)} labels"
            raise ArgumentError(what, fix="give a model of speech alone")
        self._session, self._frame = model.session(), frame
        self._session.kept = []
        self._threshold = model.rules()[0].onset
        self._own = model.config.frame
        self._flags = bytearray()

    def push(self, wave: npt.NDArray[np.float32]) -> None:
        """Take the next samples `(t,)`."""
        self._session.push(wave[None])
        self._take()

    def finish(self) -> None:
        """The recording has ended."""
        self._session.result()
        self._take()

    def _take(self) -> None:
        for probabilities in self._session.kept or ():
            self._flags += (probabilities[0] >= self._threshold).astype(np.uint8).tobytes()
        self._session.kept = []

    @property
    def decided(self) -> int:
        """Samples of which it is known whether they are speech."""
        return len(self._flags) * self._own

    def share(self, start: int, end: int) -> float:
        """The share of speech between two samples."""
        first, last = start // self._own, -(-end // self._own)
        part = self._flags[first:last]
        return part.count(1) / max(1, len(part))

    def frames(self, samples: int) -> npt.NDArray[np.bool_]:
        """Which frames of a recording of so many samples are speech `(n,)`."""
        middles = np.arange(0, samples, self._frame) + self._frame // 2
        flags = np.frombuffer(bytes(self._flags), np.uint8)
        if not len(flags):
            return np.zeros(0, bool)
        return flags[np.minimum(middles // self._own, len(flags) - 1)] > 0
