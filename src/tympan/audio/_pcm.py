"""Samples as files hold them."""

from __future__ import annotations

import numpy as np

INTEGER_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
INTEGER_BITS |= {"ALAC_16": 16}


def as_stored(piece: np.ndarray, subtype: str) -> np.ndarray:
    """Integers where the file holds integers: rounded, so that load and save are inverse."""
    bits = INTEGER_BITS.get(subtype)
    if bits is None:
        return np.ascontiguousarray(piece)
    full = 1 << (bits - 1)
    rounded = np.clip(np.rint(piece.astype(np.float64) * full), -full, full - 1)
    # Libraries take the upper bits of 16 or 32.
    if bits == 16:
        return rounded.astype(np.int16)
    return (rounded * (1 << (32 - bits))).astype(np.int32)
