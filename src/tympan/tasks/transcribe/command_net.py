"""A few words, or none of them: the net that hears commands."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes
from tympan.nets.convnext import ConvNeXtBlock
from tympan.nets.sequence import ChannelNorm
from tympan.tasks.card_config import CardConfig, check_ranges
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.net import normalised

KIND = "commands"
NONE = "none of these"
"""The first of a model's labels: any other word, noise, silence."""
RANGES: dict[str, tuple[float, float]] = {
    "n_mels": (16, 128),
    "size": (8, 512),
    "blocks": (1, 16),
    "kernel": (3, 63),
    "dropout": (0, 0.99),
    "window_s": (0.3, 5),
    "step_s": (0.02, 1),
    "threshold": (0, 1),
    "variation": (0, 2),
    "negatives": (0, 0.9),
}


@dataclass(frozen=True)
class CommandConfig(CardConfig):
    """All that is needed to build and train a net for commands again.

    Attributes:
        kind: `"commands"`, which tells its card from that of a recogniser of all words.
        language: of the words.
        n_mels: mel bands up to 3.8 kHz, so that telephone speech sounds the same.
        size: `d` of the net.
        blocks: its blocks.
        kernel: steps of 20 ms of each block's convolution, an odd number.
        dropout: probability of dropping a feature in training.
        window_s: a word lies in a window of this length.
        step_s: from one window to the next.
        threshold: a word is told from this score on.
        variation: how much recordings are varied in training; 1 is usual, 0 not at all.
        negatives: so many of the rows are made to be none of the words: noise, speech backwards,
            halves of two words.
    """

    kind: str = KIND
    language: str = "en"
    n_mels: int = 40
    size: int = 72
    blocks: int = 4
    kernel: int = 9
    dropout: float = 0.1
    window_s: float = 1.3
    step_s: float = 0.2
    threshold: float = 0.7
    variation: float = 0.7
    negatives: float = 0.2

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)

    @property
    def front(self) -> TranscribeConfig:
        """The shape of its log mels, and how they are varied."""
        return TranscribeConfig(
            language=self.language, n_mels=self.n_mels, f_min_hz=60.0, f_max_hz=3800.0,
            variation=self.variation,
        )  # fmt: skip

    @property
    def rate_hz(self) -> int:
        """Rate of the sound."""
        return self.front.rate_hz

    @property
    def frames(self) -> int:
        """Frames of the mels in a window."""
        return round(self.window_s / self.front.frame_s)


class CommandNet(nn.Module):
    """Log mels of a window to a score for each label.

    Args:
        config: the configuration.
        k: number of labels, `NONE` among them.

    >>> net = CommandNet(CommandConfig(size=16), 3)
    >>> net(torch.zeros(2, 40, 130)).shape
    torch.Size([2, 3])
    """

    def __init__(self, config: CommandConfig, k: int) -> None:
        super().__init__()
        self.config, d = config, config.size
        self.enter = nn.Sequential(nn.Conv1d(config.n_mels, d, 5, 2, 2), nn.GELU(), ChannelNorm(d))
        self.blocks = nn.Sequential(
            *(
                ConvNeXtBlock(d, kernel=config.kernel, expansion=2, dropout=config.dropout)
                for _ in range(config.blocks)
            )
        )
        self.norm = ChannelNorm(d)
        self.out = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(2 * d, k))

    def forward(self, mels: Tensor) -> Tensor:
        """Log mels in dB `(b, n_mels, n)` → logits `(b, k)`."""
        check_axes(mels, "b f n", type(self).__name__, f=self.config.n_mels)
        # As tensors of the batch, so that an exported net takes any batch.
        lengths = torch.ones_like(mels[:, 0, 0]).long() * mels.shape[2]
        x = self.norm(self.blocks(self.enter(normalised(mels, lengths))))
        found: Tensor = self.out(torch.cat([x.mean(2), x.amax(2)], 1)).float()
        return found
