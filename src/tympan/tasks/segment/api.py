"""`tympan.segment`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Segments


def segment(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    onset: float | None = None,
    offset: float | None = None,
    shortest_s: float | None = None,
    gap_s: float | None = None,
    pad_s: float | None = None,
    longest_s: float | None = None,
    speakers: int | None = None,
    min_speakers: int | None = None,
    max_speakers: int | None = None,
    book: str | os.PathLike[str] | None = None,
    device: str = "auto",
    clean: bool | None = None,
) -> Segments:
    """What happens when in a recording?

    The options are rules that are applied in this order; each model brings its own, chosen on
    recordings that it was not trained on, see `tympan.tasks.segment.decode`.

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: catalogue name, engine or folder of a model; `speech` by default, `speakers` says
            who speaks when.
        onset: probability at which a segment begins, 0 … 1.
        offset: probability below which it ends; in proportion to `onset` by default.
        gap_s: shorter pauses between two segments of a label are bridged.
        shortest_s: shorter segments are dropped.
        longest_s: longer segments are cut where their probability is lowest; 0: they are not.
        pad_s: seconds that are added before and behind each segment.
        speakers: how many speak; this and the next three are of the model `speakers`.
        min_speakers: at least so many.
        max_speakers: at most so many.
        book: voice book with the names of speakers.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        The segments in order of their beginnings; what may be wrong with them stands in its
        `warnings`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: an argument out of range.
    """
    options = {
        "onset": onset,
        "offset": offset,
        "shortest_s": shortest_s,
        "gap_s": gap_s,
        "pad_s": pad_s,
        "longest_s": longest_s,
        "speakers": speakers,
        "min_speakers": min_speakers,
        "max_speakers": max_speakers,
        "book": None if book is None else os.fspath(book),
    }
    found = answered("segment", source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return cast("Segments", found)
