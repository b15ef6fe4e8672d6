"""Adding one signal to another, at a ratio of their powers or at a level of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params
from tympan.augment.waveform._rows import each_item, fits_numpy
from tympan.errors import ArgumentError

# Below this power (−140 dBFS) an item counts as silent: no ratio can be formed with it.
SILENT_POWER = 1e-14


def check_levels(
    snr_db: tuple[float, float], level_dbfs: tuple[float | None, float | None]
) -> None:
    """Raise `ArgumentError` unless the ratios rise, and the levels do or are both None."""
    check_range("snr_db", *snr_db, -200.0, 200.0)
    low, high = level_dbfs
    if low is None and high is None:
        return
    if low is None or high is None:
        what = f"level_dbfs from {low} to {high}"
        raise ArgumentError(what, fix="give both levels, or neither for a ratio to the item")
    check_range("level_dbfs", low, high, -200.0, 20.0)


def draw_level(
    generator: torch.Generator,
    items: tuple[int, ...],
    snr_db: tuple[float, float],
    level_dbfs: tuple[float | None, float | None],
) -> Params:
    """Return `level_dbfs` (b,) where levels are given, else `snr_db` (b,)."""
    low, high = level_dbfs
    if low is None or high is None:
        return {"snr_db": uniform(generator, items, *snr_db)}
    return {"level_dbfs": uniform(generator, items, low, high)}


def add_noise(x: Tensor, noise_of: Callable[[int], Any], params: Params) -> Tensor:
    """Return `x + g * noise`, with `g` as the drawn level of each item wants it.

    Powers are means over channels and samples. With `snr_db` (b,), `g` puts the ratio of the two
    powers there: a silent item comes back unchanged. With `level_dbfs` (b,) the added noise has
    that level, whatever the item is: 0 dBFS is a root mean square of 1. Silent noise adds nothing.

    Args:
        x: signals (b, c, t).
        noise_of: gives the noise of an item, as an array (c, t), or (t,) for all channels.
        params: with `level_dbfs` or `snr_db`.
    """
    absolute = "level_dbfs" in params
    level_db = params["level_dbfs"] if absolute else -params["snr_db"]
    if not fits_numpy(x):
        rows = [torch.as_tensor(np.array(noise_of(number))) for number in range(len(x))]
        noise = torch.stack(rows).to(device=x.device, dtype=x.dtype)
        noise = noise.reshape(len(x), -1, x.shape[-1])
        return torch.addcmul(x, noise, noise_gain(None if absolute else x, noise, level_db))
    y = torch.empty_like(x)
    items, mixed, levels = x.numpy(), y.numpy(), level_db.tolist()

    def mix(number: int) -> None:
        item, noise = items[number], noise_of(number)
        signal_power = 1.0 if absolute else _power(item)
        noise_power, gain = _power(noise), 0.0
        if min(signal_power, noise_power) > SILENT_POWER:
            gain = math.sqrt(signal_power / noise_power) * 10 ** (levels[number] / 20)
        np.multiply(noise, item.dtype.type(gain), out=mixed[number])
        np.add(mixed[number], item, out=mixed[number])

    each_item(mix, len(x))
    return y


def _power(wave: np.ndarray) -> float:
    return float(np.vdot(wave, wave)) / wave.size


def noise_gain(x: Tensor | None, noise: Tensor, level_db: Tensor) -> Tensor:
    """Return the gain (b, 1, 1) of the noise; 0 where it, or the signal, is silent.

    Args:
        x: signals, to whose power the level is; None: to full scale.
        noise: (b, c, t).
        level_db: (b,).
    """
    noise_power = power(noise)
    signal_power = torch.ones_like(noise_power) if x is None else power(x)
    # Both are kept off zero before the root, whose slope there is infinite.
    ratio = signal_power.clamp_min(SILENT_POWER) / noise_power.clamp_min(SILENT_POWER)
    gain = ratio.sqrt() * torch.pow(10.0, level_db.to(noise.dtype) / 20.0)
    audible = (signal_power > SILENT_POWER) & (noise_power > SILENT_POWER)
    return torch.where(audible, gain, 0.0)[:, None, None]


def power(x: Tensor) -> Tensor:
    """Return the mean square of each item (b,)."""
    # A norm reads the samples once; `x.square().mean()` would also write their squares.
    count = x[0].numel()
    return torch.linalg.vector_norm(x.flatten(1), dim=1).square() / max(1, count)
