"""`tympan.classify`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Classification


def classify(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    top: int = 5,
    every_s: float | None = None,
    reject: bool = False,
    min_familiarity: float = 0.05,
    device: str = "auto",
    clean: bool | None = None,
) -> Classification:
    """What sound is it, and when?

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: catalogue name, engine or folder of a model; the best that is installed by default.
        top: number of labels to give.
        every_s: length of a step of the timeline; by default two fifths of the model's window.
        reject: where a recording is unlike those that the model was trained on, label it "unknown".
        min_familiarity: below this `familiarity` it is: the share of known sounds that is so
            mistaken.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        Labels and timeline; what may be wrong with them stands in its `warnings`, and is warned of.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: an argument out of range.

    >>> import tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=16000)
    >>> len(classify(clip, top=3).labels)
    3
    """
    options = {
        "top": top,
        "every_s": every_s,
        "reject": reject,
        "min_familiarity": min_familiarity,
    }
    found = answered("classify", source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return cast("Classification", found)
