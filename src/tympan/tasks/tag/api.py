"""`tympan.tag`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Tags


def tag(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    top: int | None = None,
    threshold: float | None = None,
    every_s: float | None = None,
    reject: bool = False,
    min_familiarity: float = 0.05,
    device: str = "auto",
    clean: bool | None = None,
) -> Tags:
    """Which labels apply to a recording, and when?

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: catalogue name, engine or folder of a model; the best that is installed by default.
        top: how many labels to give, the highest first; all by default.
        threshold: score from which a label applies, 0 … 1; by default each label has its own.
        every_s: length of a step of the timeline; by default two fifths of the model's window.
        reject: where a recording is unlike those that the model was trained on, give it no tags.
        min_familiarity: below this `familiarity` it is: the share of known sounds that is so
            mistaken.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        The labels with their scores; what may be wrong with them stands in its `warnings`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: an argument out of range.
    """
    options = {
        "top": top,
        "threshold": threshold,
        "every_s": every_s,
        "reject": reject,
        "min_familiarity": min_familiarity,
    }
    found = answered("tag", source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return cast("Tags", found)
