"""Checks and conversions of the samples that a `Clip` is made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from tympan.audio import _limits
from tympan.errors import ArgumentError, ShapeError


def from_db(db: float, what: str) -> float:
    """An amplitude factor from decibels."""
    if db > 700:
        raise ArgumentError(f"{what} is {db:g} dB, more than float32 can hold")
    return float(10.0 ** (db / 20.0))


def read_only(samples: np.ndarray) -> np.ndarray:
    """Mark an array that nobody else holds as read-only, which spares the constructor a copy."""
    if samples.dtype == np.float32 and samples.flags.owndata:
        samples.flags.writeable = False
    return samples


def own(samples: Any) -> np.ndarray:
    """A read-only float32 `(c, t)` of finite numbers that nobody else can change."""
    try:
        array = np.asarray(samples)
    except (ValueError, TypeError) as error:
        raise ShapeError(f"samples are no array: {error}", fix="give (c, t)") from error
    if array.ndim == 1:
        array = array[np.newaxis]
    if array.ndim != 2:
        raise ShapeError(
            f"samples have the shape {array.shape}, expected (channels, samples)",
            fix="give (c, t), or (t,) for mono",
        )
    channels, total = array.shape
    if channels == 0 or total == 0:
        raise ArgumentError("a clip needs at least one sample", fix="check for empty input first")
    if channels > _limits.MAX_CHANNELS:
        fix = "transpose it: samples.T" if total <= _limits.MAX_CHANNELS else None
        raise ShapeError(
            f"samples have the shape {array.shape}, expected (channels, samples) with at most "
            f"{_limits.MAX_CHANNELS} channels",
            fix=fix or "choose the channels you need",
        )
    array = _to_float(array)
    if not (np.isfinite(array.min()) and np.isfinite(array.max())):
        bad = ~np.isfinite(array)
        raise ArgumentError(
            f"{int(bad.sum())} samples are not finite numbers (NaN or infinite), the first at "
            f"sample {int(np.argmax(bad.any(axis=0)))}",
            fix="repair them, for example by numpy.nan_to_num",
        )
    if array.flags.writeable:
        array = array.copy()
        array.flags.writeable = False
    return array


def _to_float(array: np.ndarray) -> np.ndarray:
    if array.dtype == np.float32:
        return array
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    scale = {"uint8": 128, "int8": 128, "int16": 1 << 15, "int32": 1 << 31}.get(array.dtype.name)
    if scale is None:
        # Of 64-bit integers nobody knows the full scale; `[0, 1]` in a list means plain numbers.
        raise ArgumentError(
            f"samples are {array.dtype}, expected float, uint8, int16 or int32",
            fix="convert to float between -1 and 1",
        )
    offset = 128 if array.dtype == np.uint8 else 0
    return ((array.astype(np.float64) - offset) / scale).astype(np.float32)
