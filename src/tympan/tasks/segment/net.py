"""The net of a segmenter: log-mel front, convolutions that keep time, recurrent layers, head."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.nets.blocks import check_axes
from tympan.nets.frames import FrameEncoder, context_of
from tympan.spectra import LogMel
from tympan.tasks.segment.config import SegmentConfig

FLOOR_DB = -100.0


@dataclass(frozen=True)
class Geometry:
    """How many samples of a window are needed around those that it answers for.

    Attributes:
        left: samples before them.
        right: samples behind them, whole frames of the answer, as `left`.
        skip: samples at the beginning of the window that the net does not use.
        needed: samples that it uses beside those it answers for.
    """

    left: int
    right: int
    skip: int
    needed: int


def geometry_of(config: SegmentConfig) -> Geometry:
    """What a window needs around the samples that it answers for.

    >>> geometry_of(SegmentConfig(hop=160, n_fft=512, reduction=2, widths=(8, 8))).left
    640
    """
    reach = context_of(len(config.widths), config.reduction) * config.hop + config.n_fft // 2
    before = reach - config.frame // 2
    ahead = config.lookahead * config.frame if config.causal else 0
    needed = 2 * reach - config.frame + ahead
    left = -(-before // config.frame) * config.frame
    right = -(-(needed - before) // config.frame) * config.frame
    return Geometry(left, right, left - before, needed)


class Segmenter(nn.Module):
    """Waves to one score for each label and frame.

    A frame of the answer is `config.frame` samples; the net's view is centred on its middle.

    Args:
        config: its configuration.
        k: number of labels.

    Raises:
        ArgumentError: no label.

    >>> import torch
    >>> config = SegmentConfig(widths=(8, 8), features=16, n_mels=16)
    >>> net = Segmenter(config, 2).eval()
    >>> net(torch.zeros(1, net.window(10))).shape
    torch.Size([1, 2, 10])
    """

    def __init__(self, config: SegmentConfig, k: int) -> None:
        super().__init__()
        if k < 1:
            raise ArgumentError("a segmenter needs a label")
        self.config, self.k = config, k
        self.front = LogMel(
            config.rate_hz, config.n_fft, config.hop, config.n_mels, config.f_min_hz,
            config.top_hz, floor_db=FLOOR_DB, center=False,
        )  # fmt: skip
        self.encoder = FrameEncoder(config.n_mels, config.widths, config.features, config.reduction)
        hidden = config.features if config.causal else config.features // 2
        self.memory = nn.GRU(
            config.features, hidden, config.layers, batch_first=True,
            bidirectional=not config.causal,
        )  # fmt: skip
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Conv1d(hidden * (1 if config.causal else 2), k, 1)

    @property
    def geometry(self) -> Geometry:
        """What a window needs around the samples that it answers for."""
        return geometry_of(self.config)

    def window(self, frames: int) -> int:
        """Samples of a window that answers for so many frames."""
        geometry = self.geometry
        return geometry.left + frames * self.config.frame + geometry.right

    def levels(self, waves: Tensor) -> Tensor:
        """Windows `(b, t)` → the log-mel spectrogram that the net gets, `(b, f, n)`."""
        check_axes(waves, "b t", type(self).__name__)
        geometry = self.geometry
        core = waves.shape[1] - geometry.left - geometry.right
        used = waves[:, geometry.skip : geometry.skip + core + geometry.needed]
        found: Tensor = self.front(used)
        return found

    def features(self, levels: Tensor) -> Tensor:
        """A spectrogram `(b, f, n)` → `(b, n, d)`; of a causal net with the frames ahead."""
        found: Tensor = self.encoder(levels)
        return found.transpose(1, 2)

    def scores(self, memory: Tensor) -> Tensor:
        """What the recurrent layers give, `(b, n, d)` → scores `(b, k, n)` before the sigmoid."""
        found: Tensor = self.head(self.dropout(memory.transpose(1, 2)))
        return found

    def answer(self, levels: Tensor) -> Tensor:
        """A spectrogram `(b, f, n)` → scores `(b, k, n)` of a window from the beginning."""
        memory = self.memory(self.dropout(self.features(levels)))[0]
        ahead = self.config.lookahead if self.config.causal else 0
        return self.scores(memory[:, ahead:])

    def forward(self, x: Tensor) -> Tensor:
        """Windows `(b, t)` or their spectrograms `(b, f, n)` → scores `(b, k, n)`."""
        return self.answer(self.levels(x) if x.ndim == 2 else x)

    def step(self, features: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """The next window of a stream, of a causal net.

        Args:
            features: `(b, n + lookahead, d)`, see `features`.
            state: what came before, `(layers, b, d)`; None: nothing did.

        Returns:
            Scores `(b, k, n)` before the sigmoid, and the state for the next window.
        """
        ahead = self.config.lookahead
        if state is None:
            memory, state = self.memory(features)
            return self.scores(memory[:, ahead:]), state
        memory, state = self.memory(features[:, ahead:], state)
        return self.scores(memory), state
