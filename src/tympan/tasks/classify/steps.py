"""From the windows of a recording to its steps: joined, averaged, and how familiar they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.classify.timeline import Piece, Probabilities, Step
from tympan.tasks.familiarity import SEVERAL, WHOLE, WINDOW, KnownSounds
from tympan.tasks.inputs import SILENT_PEAK
from tympan.tasks.results.parts import UNKNOWN
from tympan.tasks.windows import Window

# A step so far below its own window holds nothing: the net answered what lies around it.
NOTHING = 10 ** (-60 / 20)

Maps = tuple[npt.NDArray[np.float32], ...]
# Probabilities (k,), distances (1 + k,) where they are known, and feature maps.
Output = tuple[Probabilities, npt.NDArray[np.float32] | None, Maps]


class Judge:
    """Says how familiar the steps of a recording are, and the whole of it.

    Args:
        known: what the model knows of its training recordings; None: nothing.
        reject: what is unfamiliar is to be left without a label of the model.
        least: below this familiarity it is.
        may_be_whole: whether a single window is the whole recording, as in training.

    Raises:
        ArgumentError: `least` is no share, or the model cannot reject.
    """

    def __init__(
        self, known: KnownSounds | None, reject: bool, least: float, may_be_whole: bool
    ) -> None:
        if not 0 <= least <= 1:
            what = f"min_familiarity={least} must be between 0 and 1"
            raise ArgumentError(what, option="min_familiarity")
        if reject and (known is None or not known.held_out):
            what = "the model does not know what is unlike its training recordings"
            raise ArgumentError(f"{what}, so it cannot reject", fix="train the model again")
        self.known, self.reject, self.least = known, reject, least
        self._may_be_whole = may_be_whole
        self._steps, self._is_whole = 0, False
        self._mean: Mean | None = None

    def parts(self, output: Any) -> Output:
        """The parts of what the batcher gave for a window."""
        row, *others = output if isinstance(output, tuple) else (output,)
        distances = others.pop(0) if self.known is not None else None
        return row, distances, tuple(others)

    def judged(self, step: Step) -> Step:
        """The step with its familiarity; it counts for that of the recording."""
        if self.known is None or step.distances is None:
            return step
        if self._mean is None:
            self._mean = Mean(len(step.distances))
        self._mean.add(replace(step, probabilities=step.distances))
        self._steps += 1
        kind = WHOLE if step.whole and self._may_be_whole else WINDOW
        self._is_whole = kind == WHOLE
        return replace(step, familiarity=self.known.familiarity(float(step.distances[0]), kind))

    def evidence(self, step: Step) -> Step:
        """The step with an unknown sound as one more label, where those are rejected.

        It is as likely as the best label where the familiarity is the least, and the more so, the
        lower it is; so a change to it must be worth as much as any other.
        """
        if not self.reject or step.familiarity is None:
            return step
        value = step.probabilities.max() * self.least / step.familiarity
        return replace(step, probabilities=np.append(step.probabilities, value))

    def scores(self, step: Step, labels: Sequence[str]) -> dict[str, float]:
        """Label → score of a step: none of silence, nor of what is rejected as unknown."""
        scores = dict(zip(labels, step.probabilities.tolist(), strict=False))
        if self.reject and self.is_unfamiliar(step.familiarity):
            return {**dict.fromkeys(scores, 0.0), UNKNOWN: 1 - (step.familiarity or 0.0)}
        if step.silent:
            scores = dict.fromkeys(scores, 0.0)
        return {**scores, UNKNOWN: 0.0} if self.reject else scores

    def score_labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Every label that `scores` gives a score."""
        return (*labels, UNKNOWN) if self.reject else tuple(labels)

    def distances(self) -> npt.NDArray[np.floating] | None:
        """The mean distances `(1 + k,)` of the steps with sound, or of all if there are none."""
        return None if self._mean is None else self._mean.value()

    def familiarity(self) -> float | None:
        """That of the recording; None where nothing is known, or there was nothing."""
        distances = self.distances()
        if self.known is None or distances is None:
            return None
        kind = WHOLE if self._steps == 1 and self._is_whole else SEVERAL
        return self.known.familiarity(float(distances[0]), kind)

    def is_unfamiliar(self, familiarity: float | None) -> bool:
        """Whether a familiarity is too low."""
        return familiarity is not None and familiarity < self.least


class StepJoiner:
    """Joins answered windows to steps: a step longer than a window is answered in parts."""

    def __init__(self, rate_hz: int, parts: int) -> None:
        self._rate_hz, self._parts = rate_hz, parts
        self._group: list[tuple[Window, Output, bool, Piece | None, int]] = []

    def add(self, window: Window, output: Output, *, keep: bool = False) -> list[Step]:
        """Take a window; with `keep`, its samples and feature maps stay with the step."""
        row, _, maps = output
        peak = float(np.abs(window.wave).max(initial=0.0))
        own = float(np.abs(window.own).max(initial=0.0))
        silent = own < max(SILENT_PEAK, NOTHING * peak)
        offset_s = window.offset / self._rate_hz
        piece = Piece(offset_s, row, window.wave.copy(), maps) if keep else None
        bare, size = replace(window, wave=window.wave[:0]), len(window.wave)
        self._group.append((bare, output, silent, piece, size))
        return self.finish() if len(self._group) == self._parts else []

    def finish(self) -> list[Step]:
        """The step that is complete now, or that ends with the recording."""
        group, self._group = self._group, []
        if not group:
            return []
        silent = all(quiet for _, _, quiet, *_ in group)
        weights = np.array([w.end - w.start if silent or not q else 0 for w, _, q, *_ in group])

        def mean(rows: list[Any]) -> Any:
            return rows[0] if self._parts == 1 else weights @ np.stack(rows) / max(weights.sum(), 1)

        probabilities = mean([output[0] for _, output, *_ in group])
        known = [output[1] for _, output, *_ in group if output[1] is not None]
        start_s, end_s = (group[0][0].start / self._rate_hz, group[-1][0].end / self._rate_hz)
        pieces = tuple(piece for *_, piece, _ in group if piece is not None)
        distances = mean(known) if known else None
        whole = all(w.start == w.offset and w.end >= w.offset + n for w, *_, n in group)
        return [Step(start_s, end_s, probabilities, silent, pieces, distances, whole=whole)]


class Mean:
    """Mean probabilities of a recording: of its steps with sound, if it has any."""

    def __init__(self, k: int) -> None:
        self._sums, self._lengths = np.zeros((2, k)), np.zeros(2)

    def add(self, step: Step) -> None:
        """Take the next step."""
        length = step.end_s - step.start_s
        # An unknown sound may stand after the k labels of the model.
        self._sums[int(step.silent)] += step.probabilities[: self._sums.shape[1]] * length
        self._lengths[int(step.silent)] += length

    def value(self) -> Probabilities:
        """The mean `(k,)`."""
        which = 0 if self._lengths[0] > 0 else 1
        mean: Probabilities = self._sums[which] / max(self._lengths[which], 1e-9)
        return mean
