"""Adding one signal to another at a signal-to-noise ratio."""

from __future__ import annotations

import torch
from torch import Tensor

# Below this power (−140 dBFS) an item counts as silent: no ratio can be formed with it.
SILENT_POWER = 1e-14


def add_at_snr(x: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Return `x + g * noise` with `g` such that the ratio of their powers is `snr_db`, per item.

    Powers are means over channels and samples. Silent items, or items whose noise is silent,
    come back unchanged.

    Args:
        x: signals (b, c, t).
        noise: (b, c, t), or (b, 1, t) for the same noise in every channel.
        snr_db: (b,).
    """
    return torch.addcmul(x, noise, snr_gain(x, noise, snr_db))


def snr_gain(x: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Return the gain (b, 1, 1) that puts `noise` at `snr_db`; 0 where one is silent."""
    signal_power, noise_power = power(x), power(noise)
    gain = torch.sqrt(signal_power / noise_power.clamp_min(SILENT_POWER))
    gain = gain * torch.pow(10.0, -snr_db.to(x.dtype) / 20.0)
    heard = (signal_power > SILENT_POWER) & (noise_power > SILENT_POWER)
    return torch.where(heard, gain, 0.0)[:, None, None]


def power(x: Tensor) -> Tensor:
    """Return the mean square of each item (b,)."""
    # A norm reads the samples once; `x.square().mean()` would also write their squares.
    count = x[0].numel()
    return torch.linalg.vector_norm(x.flatten(1), dim=1).square() / max(1, count)
