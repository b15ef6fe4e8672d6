"""Recordings as they are given: clips, arrays, tensors, lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from tympan.errors import ArgumentError


def first_channel(recording: Any, name: str, rate_hz: int | None) -> np.ndarray:
    """Return the first channel (t,) of a recording, unread as yet if it lies on disk.

    Args:
        recording: a `Clip`, or an array, tensor or list (t,) or (c, t).
        name: what to call it in errors.
        rate_hz: the rate that a `Clip` must have; None: any.

    Raises:
        ArgumentError: another rate or other axes, or no sample.

    >>> first_channel([[1.0, 2.0], [3.0, 4.0]], "background 0", None)
    array([1., 2.])
    """
    their_rate_hz = getattr(recording, "rate_hz", None)
    if None not in (their_rate_hz, rate_hz) and their_rate_hz != rate_hz:
        what = f"{name} is at {their_rate_hz} Hz, the audio at {rate_hz} Hz"
        raise ArgumentError(what, fix=f"use clip.resample({rate_hz})")
    wave = getattr(recording, "samples", recording)
    if isinstance(wave, Tensor):
        wave = wave.detach().float().cpu().numpy()  # numpy knows no bfloat16
    # What is like an array may be a data set on disk, which is not read here.
    wave = wave if hasattr(wave, "ndim") and hasattr(wave, "shape") else np.asarray(wave)
    kind = getattr(wave, "dtype", np.dtype(float))
    if wave.ndim not in (1, 2) or not np.issubdtype(kind, np.number):
        what = f"{name} is {kind} with the axes {tuple(wave.shape)}"
        raise ArgumentError(what, fix="give numbers (t,) or (c, t)")
    if 0 in wave.shape:
        raise ArgumentError(f"{name} is empty", fix="leave it out")
    channel: np.ndarray = wave if wave.ndim == 1 else wave[0]
    return channel
