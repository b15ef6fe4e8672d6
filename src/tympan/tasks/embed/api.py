"""`tympan.embed`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Embedding


def embed(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    every_s: float | None = None,
    device: str = "auto",
    clean: bool | None = None,
) -> Embedding:
    """A recording as vectors, in a space in which similar sounds are near.

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: catalogue name or folder of a classifier or tagger; `sounds` by default, which gives
            896 numbers.
        every_s: seconds from one vector to the next; by default one window after another.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        `vector`, a tuple of `d` numbers of unit length, and arrays: `vectors` `(m, d)` with
        `times_s` `(m, 2)`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: an argument out of range.

    >>> import tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    >>> len(embed(clip).vector)
    896
    """
    found = answered("embed", source, model=model, device=device, clean=clean, every_s=every_s)
    warn(found, stacklevel=2)
    return cast("Embedding", found)
