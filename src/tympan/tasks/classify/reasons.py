"""Keep, while a recording is answered, what explains its segments."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tympan.tasks.classify.activation import heat_of
from tympan.tasks.classify.explanation import Explanation, Reason
from tympan.tasks.classify.timeline import Piece, Step

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.classify.answer import ClassifyModel
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.results import Segment

BATCH = 8  # windows that are explained at once
# So many segments are explained, the clearest of so many labels among them.
MOST_REASONS, MOST_LABELS = 24, 6
GUESSED = 0.3  # Below it, a label is no more than a guess.
# So many windows of undecided steps are kept, and the clearest ones of so many labels.
MOST_UNDECIDED, MOST_LABELS_KEPT = 128, 32


class Clearest:
    """Keeps, while a recording is answered, the windows that explain its segments.

    Of each segment the window in which its label scores highest; in the end of at most 24
    segments: the clearest one of each of the six labels that lasted longest, and the clearest
    others. Memory is bounded: of steps that are long undecided, windows are let go.

    Args:
        window_s: length of a window; a longer segment is no clearer for that.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._undecided: deque[Piece] = deque()
        self._number = 0  # of the segment that is open, from 1
        self._open: tuple[int, Piece] | None = None
        self._best: dict[str, _Candidate] = {}
        self._others: list[tuple[float, int, _Candidate]] = []  # a heap, the least clear first
        self._weight: dict[str, float] = {}

    def hold(self, step: Step) -> None:
        """Keep the windows of a step until it is decided, unless that takes long."""
        self._undecided.extend(step.pieces)
        while len(self._undecided) > MOST_UNDECIDED:
            self._undecided.popleft().release()

    def add(self, step: Step, label: int, timeline: Sequence[Segment]) -> None:
        """Take a step that is decided and has been added to the timeline."""
        if len(timeline) != self._number:
            self._close(timeline)
            self._number = len(timeline)
        for piece in step.pieces:
            clearer = self._open is None or (
                piece.probabilities[label] > self._open[1].probabilities[label]
            )
            if piece.wave is not None and clearer:
                # A piece of its own: the other one is let go when its step is long ago.
                self._open = label, piece.copy()

    def _close(self, timeline: Sequence[Segment]) -> None:
        """The open segment has ended."""
        if self._number == 0:
            return
        segment, found = timeline[self._number - 1], self._open
        self._open = None
        length_s = segment.end_s - segment.start_s
        weight = self._weight.get(segment.label, 0.0) + segment.score * length_s
        self._weight[segment.label] = weight
        if found is None:
            return
        value = segment.score * min(length_s, self._window_s)
        candidate = _Candidate(self._number, segment, *found, value)
        best = self._best.get(segment.label)
        if best is None or value > best.value:
            self._best[segment.label] = candidate
            if len(self._best) > MOST_LABELS_KEPT:
                least = min(self._best, key=lambda name: self._weight[name])
                self._keep(self._best.pop(least))
            candidate = best or candidate
        if candidate is not self._best.get(segment.label):
            self._keep(candidate)

    def _keep(self, candidate: _Candidate) -> None:
        if candidate.segment.score >= GUESSED:
            heapq.heappush(self._others, (candidate.value, -candidate.number, candidate))
            if len(self._others) > MOST_REASONS:
                heapq.heappop(self._others)

    def reasons(
        self, model: ClassifyModel, name: str, timeline: Sequence[Segment], duration_s: float
    ) -> list[Reason]:
        """The reasons for the segments of a timeline that is complete, in order of time."""
        self._close(timeline)
        chosen = _most_important(self._best, self._weight)
        others = [one for *_, one in self._others]
        others += [one for one in self._best.values() if one.segment.score >= GUESSED]
        others = [one for one in others if one not in chosen]
        others = sorted(others, key=lambda one: (-one.value, one.number))
        kept = chosen + others[: MOST_REASONS - len(chosen)]
        kept = sorted(kept, key=lambda one: one.number)
        pieces = [(one.label, one.piece) for one in kept]
        found = explain_pieces(model, pieces, name, duration_s)
        return [
            Reason(one.segment, explanation, one in chosen)
            for one, explanation in zip(kept, found, strict=True)
        ]


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A segment that may be explained: its number, its label's number, its clearest window."""

    number: int
    segment: Segment
    label: int
    piece: Piece
    value: float


def _most_important(
    best: Mapping[str, _Candidate], weight: Mapping[str, float]
) -> list[_Candidate]:
    """The clearest segments of the labels that lasted longest; guesses if there is nothing else."""
    names = [name for name in best if best[name].segment.score >= GUESSED] or list(best)
    return [best[name] for name in sorted(names, key=lambda name: -weight[name])[:MOST_LABELS]]


def explain_pieces(
    model: ClassifyModel, pieces: Sequence[tuple[int, Piece]], name: str, duration_s: float
) -> list[Explanation]:
    """Explain labels, given by their numbers, in windows that were kept.

    Args:
        model: the classifier.
        pieces: label and window.
        name: of the recording.
        duration_s: of the recording.
    """
    found: dict[int, Explanation] = {}
    lengths = [0 if piece.wave is None else len(piece.wave) for _, piece in pieces]
    for length in sorted(set(lengths) - {0}):
        same = [i for i, other in enumerate(lengths) if other == length]
        for start in range(0, len(same), BATCH):
            rows = same[start : start + BATCH]
            batch = [pieces[i] for i in rows]
            found |= zip(rows, _explained(model, batch, name, duration_s), strict=True)
    return [found[i] for i in range(len(pieces))]


def _explained(
    model: ClassifyModel, pieces: Sequence[tuple[int, Piece]], name: str, duration_s: float
) -> Iterator[Explanation]:
    """Explain windows of one length together."""
    import torch

    waves = np.stack([piece.wave for _, piece in pieces if piece.wave is not None])
    labels = [label for label, _ in pieces]
    with torch.inference_mode():
        batch = torch.from_numpy(waves).to(model.device)
        spectrograms = _decibels(model.first_net.front(batch))
        kept = [piece.maps for _, piece in pieces]
        maps = [torch.from_numpy(np.stack(one)) for one in zip(*kept, strict=True)]
        heat = heat_of(model.net, batch, labels, [m.to(model.device) for m in maps]).cpu().numpy()
    middles_hz = _band_middles_hz(model.first_net)
    for i, (label, piece) in enumerate(pieces):
        length_s = waves.shape[1] / model.rate_hz
        yield Explanation(
            file=Path(name).name or "recording",
            label=model.labels[label],
            score=float(piece.probabilities[label]),
            start_s=piece.offset_s,
            # A recording too short for a spectrogram was padded.
            duration_s=min(length_s, duration_s - piece.offset_s),
            spectrogram=spectrograms[i],
            heat=heat[i],
            frequencies_hz=middles_hz,
        )


def _decibels(spectrograms: Tensor) -> np.ndarray:
    from tympan.tasks.classify.net import MEAN_DB, SPREAD_DB

    found: np.ndarray = (spectrograms[:, 0] * SPREAD_DB + MEAN_DB).cpu().numpy()
    return found


def _band_middles_hz(net: Classifier) -> np.ndarray:
    from tympan.spectra import hz_to_mel, mel_to_hz

    config = net.config
    low, high = hz_to_mel(config.f_min_hz), hz_to_mel(config.rate_hz / 2)
    return mel_to_hz(np.linspace(low, high, config.n_mels + 2))[1:-1]
