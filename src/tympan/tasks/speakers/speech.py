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
        onset: probability from which a window is worth a vector.

    Raises:
        ArgumentError: the model has several labels.
    """

    def __init__(self, model: SegmentModel, frame: int, onset: float = 0.5) -> None:
        if len(model.labels) != 1:
            what = f"the model {model.name} has {len(model.labels)} labels"
            raise ArgumentError(what, fix="give a model of speech alone")
        self._session, self._frame = model.session(), frame
        self._session.kept = []
        self._onset = onset
        self._own, self._rate_hz = model.config.frame, model.rate_hz
        self._found = bytearray()  # probabilities in steps of 1 / 255

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
            self._found += np.round(255 * probabilities[0]).astype(np.uint8).tobytes()
        self._session.kept = []

    @property
    def decided(self) -> int:
        """Samples of which it is known whether they are speech."""
        return len(self._found) * self._own

    def share(self, start: int, end: int) -> float:
        """The share of speech between two samples."""
        first, last = start // self._own, -(-end // self._own)
        part = self._found[first:last]
        return sum(p >= 255 * self._onset for p in part) / max(1, len(part))

    def frames(self, samples: int, onset: float, pad_s: float = 0.0) -> npt.NDArray[np.bool_]:
        """Which frames of a recording of so many samples are speech `(n,)`.

        Args:
            samples: of the recording.
            onset: probability from which a frame is speech.
            pad_s: so much before and behind speech is speech too.
        """
        active = np.frombuffer(bytes(self._found), np.uint8) >= 255 * onset
        if not len(active):
            return np.zeros(0, bool)
        around = round(pad_s * self._rate_hz / self._own)
        if around:
            active = np.convolve(active, np.ones(2 * around + 1), "same") > 0.5
        middles = np.arange(0, samples, self._frame) + self._frame // 2
        return np.asarray(active[np.minimum(middles // self._own, len(active) - 1)])
