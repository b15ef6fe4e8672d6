"""From a recording of any length to what happens when in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.results.parts import Segment
from tympan.tasks.results.segments import Segments
from tympan.tasks.segment.decode import SegmentDecoder, SegmentRules, Values
from tympan.tasks.windows import Batcher, OverlapAdd, OverlappingWindows, Window

if TYPE_CHECKING:
    import torch

    from tympan.tasks.graphs import Graph
    from tympan.tasks.segment.config import SegmentConfig
    from tympan.tasks.segment.net import Segmenter

BATCH = 8
STEP_S = 0.1


@dataclass(frozen=True, eq=False)
class SegmentModel(BaseModel[Segments]):
    """A loaded segmenter, ready to answer.

    Attributes:
        net: the net, in evaluation mode.
        config: its configuration.
        labels: names of its outputs.
        name: of the catalogue or folder.
        device: where it computes.
        lacks: options of the verb that only other models have.
    """

    net: Segmenter
    config: SegmentConfig
    labels: tuple[str, ...]
    name: str
    device: str = "cpu"
    lacks: ClassVar[tuple[str, ...]] = ("speakers", "min_speakers", "max_speakers", "book")

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"segment"`."""
        return "segment"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.config.rate_hz

    @property
    def latency_s(self) -> float:
        """So long after a moment, at most, it is decided what happens in it, before the rules."""
        return self.windows.latency / self.rate_hz

    @property
    def windows(self) -> OverlappingWindows:
        """How recordings are cut."""
        config, around = self.config, self.net.geometry
        frame = config.frame
        core = max(1, round((config.chunk_s if config.causal else config.crop_s) / config.frame_s))
        hop = core if config.causal else max(1, core * 3 // 4)
        return OverlappingWindows(core * frame, hop * frame, around.left, around.right, frame)

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net; of a causal one up to its memory."""
        if self.config.causal:
            # Always one at a time: rounding depends on the size of a batch, and the answer on a
            # file is that on its blocks, to the last bit.
            return Batcher(self._features, device=self.device, batch=1)
        return Batcher(self._probabilities, device=self.device, batch=BATCH)

    def graph(self) -> Graph:
        """Its net for the export, one window at a time: probabilities `(b, k, n)` out."""
        from tympan.tasks.segment.graph import segment_graph

        return segment_graph(self)

    def stream_graph(self) -> Graph:
        """The same from block to block, its memory going along.

        Raises:
            ArgumentError: its memory reads backwards too.
        """
        from tympan.tasks.segment.graph import stream_graph

        return stream_graph(self)

    def _features(self, waves: torch.Tensor) -> torch.Tensor:
        return self.net.features(self.net.levels(waves))

    def _probabilities(self, waves: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.net(waves)
        return found.sigmoid()

    def probabilities(self, blocks: Iterable[Values]) -> Values:
        """The probability of each label in each frame `(k, n)`, of blocks `(1, t)`."""
        session = self.session()
        session.kept = []
        for block in blocks:
            session.push(block)
        session.result()
        if not session.kept:
            return np.zeros((len(self.labels), 0), np.float32)
        return np.concatenate(session.kept, axis=1)

    def rules(
        self,
        *,
        onset: float | None = None,
        offset: float | None = None,
        shortest_s: float | None = None,
        gap_s: float | None = None,
        pad_s: float | None = None,
        longest_s: float | None = None,
    ) -> tuple[SegmentRules, ...]:
        """The rules of each label: those given, else those chosen after the training.

        Raises:
            ArgumentError: they contradict each other.
        """
        config, k = self.config, len(self.labels)
        own = (shortest_s, gap_s, pad_s, longest_s)
        usual = (config.shortest_s, config.gap_s, config.pad_s, config.longest_s)
        times = [b if a is None else a for a, b in zip(own, usual, strict=True)]
        found = []
        for i in range(k):
            begin = _of_label(config.onset, i, 0.5)
            end = _of_label(config.offset, i, begin)
            if onset is not None:
                # The hysteresis stays as wide as it was, in proportion.
                end, begin = (onset * end / begin if begin else 0.0), onset
            if offset is not None:
                end = offset
                begin = max(begin, end) if onset is None else begin
            found.append(SegmentRules(begin, end, *times))
        return tuple(found)

    def session(
        self, *, name: str = "", batcher: Batcher | None = None, **options: Any
    ) -> SegmentSession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            options: those of the verb, see `rules`.

        Raises:
            ArgumentError: an option out of range, or another one.
        """
        known = ("onset", "offset", "shortest_s", "gap_s", "pad_s", "longest_s")
        for one in self.lacks:
            if options.pop(one, None) is not None:
                what = f"the model {self.name} has no option {one!r}"
                raise ArgumentError(what, fix="it is one of the model speakers", option=one)
        unknown = [one for one in options if one not in known]
        if unknown:
            what = f"segment has no option {unknown[0]!r}"
            raise ArgumentError(what, local="see `tympan segment --help`", option=unknown[0])
        rules = self.rules(**options)
        kind = CausalSession if self.config.causal else SegmentSession
        return kind(self, name, rules, batcher or self.batcher())


def _of_label(values: Sequence[float], i: int, default: float) -> float:
    return float(values[i]) if values else default


class SegmentSession(ScoringSession[Segments]):
    """A recording on its way to its segments; `push` gives each as soon as it is final."""

    def __init__(
        self, model: SegmentModel, name: str, rules: Sequence[SegmentRules], batcher: Batcher
    ) -> None:
        windows = model.windows
        super().__init__(windows.cutter(), batcher)
        self._model, self._name, self._windows = model, name, windows
        self._joined = OverlapAdd(windows)
        self._onsets = {label: own.onset for own, label in zip(rules, model.labels, strict=True)}
        frame_s = model.config.frame_s
        self._decoders = [
            SegmentDecoder(own, frame_s, label)
            for own, label in zip(rules, model.labels, strict=True)
        ]
        self._segments: list[Segment] = []
        self._samples = self._told = 0
        self.kept: list[Values] | None = None  # the probabilities, where they are wanted

    def take(self, window: Window, output: Any) -> None:
        """Take the probabilities `(k, n)` of the next window."""
        self._samples = max(self._samples, window.end)
        windows = self._windows
        around = (windows.left // windows.align, windows.right // windows.align)
        self.add(self._joined.push(window, np.pad(output, ((0, 0), around))))

    def add(self, probabilities: Values) -> None:
        """Take the next probabilities `(k, n)`, which are final."""
        if self.kept is not None:
            self.kept.append(probabilities)
        if self.on_step is not None:
            self._tell(probabilities)
        for i, decoder in enumerate(self._decoders):
            self._keep(i, decoder.push(probabilities[i]))

    def _tell(self, probabilities: Values) -> None:
        """The mean scores of each tenth of a second."""
        assert self.on_step is not None
        frame_s, labels = self._model.config.frame_s, self._model.labels
        many = max(1, round(STEP_S / frame_s))
        for first in range(0, probabilities.shape[1], many):
            part = probabilities[:, first : first + many]
            start_s = (self._told + first) * frame_s
            scores = dict(zip(labels, part.mean(1).tolist(), strict=True))
            self.on_step(start_s, start_s + part.shape[1] * frame_s, scores)
        self._told += probabilities.shape[1]

    @property
    def thresholds(self) -> dict[str, float]:
        """Score from which each label applies: its onset."""
        return dict(self._onsets)

    def score_labels(self) -> tuple[str, ...]:
        """Those of the model."""
        return self._model.labels

    def forget(self) -> None:
        """Let go of the segments that were given out."""
        self._segments.clear()

    def last(self) -> Values:
        """The probabilities `(k, n)` that are still to come when all windows were taken."""
        return self._joined.finish()

    def answer(self) -> Segments:
        """The segments of the whole recording."""
        rest = self.last()
        if rest.size:
            self.add(rest)
        config = self._model.config
        duration_s = self._samples / config.rate_hz
        if self.input is not None:
            duration_s = self.input.duration_s
        for i, decoder in enumerate(self._decoders):
            self._keep(i, decoder.finish(duration_s))
        segments = [] if self.input is not None and self.input.empty else self._segments
        # Padding may reach beyond the end.
        inside = (replace(s, end_s=min(s.end_s, duration_s)) for s in segments)
        ordered = sorted(
            (one for one in inside if one.end_s > one.start_s),
            key=lambda one: (one.start_s, one.end_s, one.label),
        )
        return Segments(self._name, tuple(ordered), duration_s, self._model.name)

    def _keep(self, i: int, found: list[Segment]) -> None:
        config = self._model.config
        if config.low_hz:
            low_hz, high_hz = float(config.low_hz[i]), float(config.high_hz[i])
            found = [replace(s, low_hz=low_hz, high_hz=high_hz) for s in found if high_hz > 0] + [
                s for s in found if high_hz <= 0
            ]
        self._segments += found
        self.decide(found)


class CausalSession(SegmentSession):
    """The same for a causal net: each window goes on from the state of the one before."""

    def __init__(
        self, model: SegmentModel, name: str, rules: Sequence[SegmentRules], batcher: Batcher
    ) -> None:
        super().__init__(model, name, rules, batcher)
        self._state: torch.Tensor | None = None

    def take(self, window: Window, output: Any) -> None:
        """Take what the net gives before its memory, `(n + lookahead, d)`, of the next window."""
        import torch

        self._samples = max(self._samples, window.end)
        frame, net = self._windows.align, self._model.net
        # The last window is moved inwards: of its beginning the state knows already.
        known = (window.start - window.offset - self._windows.left) // frame
        features = torch.from_numpy(output[known:])[None].to(self._model.device)
        with torch.inference_mode():
            scores, self._state = net.step(features, self._state)
            probabilities = scores[0].sigmoid().cpu().numpy()
        count = -(-(window.end - window.start) // frame)
        self.add(probabilities[:, :count])

    def last(self) -> Values:
        """None: nothing waits."""
        return np.zeros((0, 0), np.float32)
