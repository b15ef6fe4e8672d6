"""Which frame of a recording belongs to which symbol of its text, learned without labels.

Badlani et al., *One TTS Alignment To Rule Them All*, ICASSP 2022: symbols and frames are compared
by their distance, all monotonic alignments are summed (the loss is CTC's, without its blank), and
the best one is found by dynamic programming (Kim et al., *Glow-TTS*, NeurIPS 2020).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes
from tympan.nets.sequence import ChannelNorm, mask_of


class Aligner(nn.Module):
    """Log probabilities of the symbols for each frame.

    Args:
        symbol_features: `d` of the symbols that it gets.
        frame_features: `f` of the frames.
        size: `d` of the space in which the two are compared.

    >>> aligner = Aligner(16, 80)
    >>> lengths = torch.tensor([5, 4]), torch.tensor([20, 11])
    >>> aligner(torch.zeros(2, 16, 5), torch.zeros(2, 80, 20), *lengths).shape
    torch.Size([2, 20, 5])
    """

    def __init__(self, symbol_features: int, frame_features: int, size: int = 96) -> None:
        super().__init__()
        self.symbol_features, self.frame_features = symbol_features, frame_features
        self.keys = nn.Sequential(
            nn.Conv1d(symbol_features, 2 * size, 3, padding=1),
            nn.GELU(),
            nn.Conv1d(2 * size, size, 1),
        )
        self.queries = nn.Sequential(
            ChannelNorm(frame_features),
            nn.Conv1d(frame_features, 2 * size, 3, padding=1), nn.GELU(),
            nn.Conv1d(2 * size, size, 3, padding=1), nn.GELU(), nn.Conv1d(size, size, 1),
        )  # fmt: skip

    def forward(
        self, symbols: Tensor, frames: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor
    ) -> Tensor:
        """Symbols `(b, d, m)` and frames `(b, f, n)` → `(b, n, m)`, with a prior of the diagonal.

        Args:
            symbols: features of each symbol.
            frames: features of each frame.
            symbol_lengths: `(b,)`.
            frame_lengths: `(b,)`.
        """
        check_axes(symbols, "b d m", "Aligner", d=self.symbol_features)
        check_axes(frames, "b f n", "Aligner", f=self.frame_features)
        keys, queries = self.keys(symbols).float(), self.queries(frames).float()
        distances = torch.cdist(queries.transpose(1, 2), keys.transpose(1, 2)).square()
        padding = mask_of(symbol_lengths, symbols.shape[2]) == 0
        found = (-0.05 * distances).masked_fill(padding, -1e4).log_softmax(2)
        prior = diagonal_prior(symbol_lengths, frame_lengths, found.shape[2], found.shape[1])
        return (found + prior).masked_fill(padding, -1e4).log_softmax(2)


def diagonal_prior(
    symbol_lengths: Tensor, frame_lengths: Tensor, symbols: int, frames: int, width: float = 0.12
) -> Tensor:
    """Log weights `(b, n, m)` that prefer an even pace: a bell around the diagonal.

    Args:
        symbol_lengths: `(b,)`.
        frame_lengths: `(b,)`.
        symbols: `m`.
        frames: `n`.
        width: standard deviation, as a share of the text.
    """
    there = (torch.arange(symbols, device=symbol_lengths.device) + 0.5) / symbol_lengths[:, None]
    now = (torch.arange(frames, device=frame_lengths.device) + 0.5) / frame_lengths[:, None]
    return -0.5 * ((now[:, :, None] - there[:, None]) / width).square()


def forward_sum_loss(found: Tensor, symbol_lengths: Tensor, frame_lengths: Tensor) -> Tensor:
    """Minus the log probability that some monotonic alignment gives all symbols, for each frame.

    Args:
        found: log probabilities `(b, n, m)`.
        symbol_lengths: `(b,)`.
        frame_lengths: `(b,)`, each at least that of its symbols.
    """
    b, _, m = found.shape
    # A blank that is never worth taking: each frame belongs to a symbol.
    padded = nn.functional.pad(found, (1, 0), value=-20.0).transpose(0, 1)
    targets = torch.arange(1, m + 1, device=found.device).expand(b, m)
    loss: Tensor = nn.functional.ctc_loss(
        padded, targets, frame_lengths, symbol_lengths, reduction="none", zero_infinity=True
    )
    return (loss / frame_lengths).mean()


def monotonic_durations(
    found: np.ndarray, symbol_lengths: np.ndarray, frame_lengths: np.ndarray
) -> np.ndarray:
    """Frames of each symbol in the most probable monotonic alignment, each at least one.

    Args:
        found: log probabilities `(b, n, m)`.
        symbol_lengths: `(b,)`.
        frame_lengths: `(b,)`, each at least that of its symbols.

    Returns:
        `(b, m)`, whole numbers; they sum to the frames of each row.

    >>> likely = np.log(np.array([[[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]]))
    >>> monotonic_durations(likely, np.array([2]), np.array([3])).tolist()
    [[2, 1]]
    """
    b, n, m = found.shape
    best = np.full((b, m), -np.inf)
    best[:, 0] = 0.0
    came = np.zeros((b, n, m), bool)  # whether a frame is the first of its symbol
    for frame in range(n):
        before = np.pad(best, ((0, 0), (1, 0)), constant_values=-np.inf)[:, :-1]
        if frame == 0:
            best = np.where(np.arange(m) == 0, found[:, 0], -np.inf)
            continue
        came[:, frame] = before > best
        best = np.maximum(before, best) + found[:, frame]
    durations = np.zeros((b, m), np.int64)
    for row in range(b):
        symbol = int(symbol_lengths[row]) - 1
        for frame in range(int(frame_lengths[row]) - 1, -1, -1):
            durations[row, symbol] += 1
            if symbol and came[row, frame, symbol]:
                symbol -= 1
    return durations
