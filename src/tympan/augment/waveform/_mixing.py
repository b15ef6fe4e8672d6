"""Adding one signal to another at a signal-to-noise ratio."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.augment.waveform._rows import each_item, fits_numpy

# Below this power (−140 dBFS) an item counts as silent: no ratio can be formed with it.
SILENT_POWER = 1e-14


def add_at_snr(x: Tensor, noise_of: Callable[[int], Any], snr_db: Tensor) -> Tensor:
    """Return `x + g * noise` with `g` such that the ratio of their powers is `snr_db`, per item.

    Powers are means over channels and samples. Silent items, or items whose noise is silent,
    come back unchanged.

    Args:
        x: signals (b, c, t).
        noise_of: gives the noise of an item, as an array (c, t), or (t,) for all channels.
        snr_db: (b,).
    """
    if not fits_numpy(x):
        rows = [torch.as_tensor(np.array(noise_of(number))) for number in range(len(x))]
        noise = torch.stack(rows) if rows else torch.zeros(0, 1, x.shape[-1])
        noise = noise.to(device=x.device, dtype=x.dtype).reshape(len(x), -1, x.shape[-1])
        return torch.addcmul(x, noise, snr_gain(x, noise, snr_db))
    y = torch.empty_like(x)
    items, mixed, ratios = x.numpy(), y.numpy(), snr_db.tolist()

    def mix(number: int) -> None:
        item, noise = items[number], noise_of(number)
        signal_power, noise_power = (
            float(np.vdot(each, each)) / each.size for each in (item, noise)
        )
        gain = 0.0
        if min(signal_power, noise_power) > SILENT_POWER:
            gain = math.sqrt(signal_power / noise_power) * 10 ** (-ratios[number] / 20)
        np.multiply(noise, item.dtype.type(gain), out=mixed[number])
        np.add(mixed[number], item, out=mixed[number])

    each_item(mix, len(x))
    return y


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
