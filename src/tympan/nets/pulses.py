"""The source of a voice: a band-limited train of pulses, and noise, block by block."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes

# Between pulses the phase goes on at this pitch; nothing of it sounds.
_IDLE_HZ = 100.0


@dataclass
class SourceState:
    """Where a source stands between two blocks.

    Attributes:
        phase: (b,) turns in 0 … 1, float64.
        noise: draws the noise.
    """

    phase: Tensor
    noise: np.random.Generator


class HarmonicSource(nn.Module):
    """F0 of frames → pulses and white noise, each (b, hop * n), of variance 1 where they sound.

    The pulses are all harmonics below half the rate, of one amplitude and in phase:
    sum_k cos(k φ), k = 1 … K, in closed form. The highest comes and goes gradually as F0 moves. F0
    is interpolated linearly between frames that are voiced; between one that is and one that is
    not the pulses fade within the hop, and the phase is continuous throughout.

    Frame `i` is at sample `i * hop`. Noise depends on the seed alone, and is the same in all
    rows, so that a row does not depend on the others.

    Args:
        rate_hz: sample rate.
        hop: samples of a frame.

    >>> source = HarmonicSource(24000, 300)
    >>> pulses, noise = source(torch.full((1, 80), 120.0), source.start(1, seed=0))
    >>> pulses.shape, noise.shape
    (torch.Size([1, 24000]), torch.Size([1, 24000]))
    >>> int((pulses > 0.9 * pulses.max()).sum())
    120
    """

    def __init__(self, rate_hz: int, hop: int) -> None:
        super().__init__()
        self.rate_hz, self.hop = rate_hz, hop

    def start(self, batch: int, seed: int, device: torch.device | None = None) -> SourceState:
        """The state before the first block."""
        phase = torch.zeros(batch, dtype=torch.float64, device=device)
        return SourceState(phase, np.random.default_rng(seed))

    def forward(
        self, f0: Tensor, state: SourceState, following: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The source of the next frames; `state` is moved on.

        Args:
            f0: (b, n) Hz; 0 or NaN where there is no voice.
            state: where the source stands.
            following: (b,) F0 of the frame after these; the last one again at the end.

        Returns:
            Pulses and noise, float32 (b, hop * n).
        """
        check_axes(f0, "b n", type(self).__name__)
        last = f0[:, -1] if following is None else following
        track = torch.cat([f0, last[:, None]], 1).double().nan_to_num(0.0)
        track = track.clamp(max=self.rate_hz / 4)
        pulses = self._pulses(track, state)
        count = f0.shape[1] * self.hop
        noise = torch.from_numpy(state.noise.standard_normal(count, dtype=np.float32)).to(f0.device)
        return pulses, noise.expand(len(f0), -1)

    def _pulses(self, track: Tensor, state: SourceState) -> Tensor:
        """F0 (b, n + 1) → pulses (b, hop * n)."""
        voiced = track > 0
        begin, end = track[:, :-1], track[:, 1:]
        begin, end = (
            torch.where(voiced[:, :-1], begin, torch.where(voiced[:, 1:], end, _IDLE_HZ)),
            torch.where(voiced[:, 1:], end, torch.where(voiced[:, :-1], begin, _IDLE_HZ)),
        )
        part = torch.arange(self.hop, dtype=torch.float64, device=track.device) / self.hop
        smooth = part * part * (3 - 2 * part)
        pitch_hz = (begin[..., None] + (end - begin)[..., None] * part).flatten(1)
        on, off = voiced[:, 1:, None].double(), voiced[:, :-1, None].double()
        level = (off + (on - off) * smooth).flatten(1)
        turns = state.phase[:, None] + (pitch_hz / self.rate_hz).cumsum(1)
        state.phase = turns[:, -1] % 1.0
        return (level * _harmonics(turns, self.rate_hz / (2 * pitch_hz) - 1)).float()


def _harmonics(turns: Tensor, count: Tensor) -> Tensor:
    """Sum of cos(k φ) for k = 1 … count, scaled to variance 1; the last one partly.

    The sum is sin((K + ½) φ) / (2 sin(φ / 2)) - ½ (Dirichlet's kernel).
    """
    whole = count.floor().clamp(min=1)
    angle = 2 * math.pi * (turns - turns.round())
    half = torch.sin(angle / 2)
    peak = half.abs() < 1e-7
    kernel = torch.sin((whole + 0.5) * angle) / (2 * torch.where(peak, 1.0, half)) - 0.5
    kernel = torch.where(peak, whole, kernel)
    share = (count - whole).clamp(0, 1)
    kernel = kernel + share * torch.cos((whole + 1) * angle)
    return kernel * torch.sqrt(2 / (whole + share * share))
