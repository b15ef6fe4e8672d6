"""Separating from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tympan.tasks.answering import load, warn

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tympan.audio import Clip
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Separation
    from tympan.tasks.separate.model import SeparateModel

    Wave = npt.NDArray[np.float32]

# `voices` is a model of voices' names; who asks `separate` for it means two speakers.
ALIASES = {"voices": "two-voices"}


def find_separator(model: str | os.PathLike[str] | None, device: str = "auto") -> SeparateModel:
    """Load a model that separates.

    Args:
        model: catalogue name or folder; `voice` by default.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Raises:
        ModelError: it is missing, damaged, or of another question.
    """
    if isinstance(model, str):
        model = ALIASES.get(model, model)
    return cast("SeparateModel", load(model, "separate", device))


def model_for(
    model: str | os.PathLike[str] | None, book: str | os.PathLike[str] | None
) -> str | os.PathLike[str] | None:
    """Who asks for somebody of a voice book and names no model means that of two voices.

    >>> model_for(None, "voices.tympan"), model_for("mine", None)
    ('two-voices', 'mine')
    """
    return "two-voices" if model is None and book is not None else model


def separate(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    keep: str | Sequence[str] | None = None,
    present: str | Sequence[str] | None = None,
    stems: bool = False,
    amount: float = 1.0,
    book: str | os.PathLike[str] | None = None,
    device: str = "auto",
) -> dict[str, Clip]:
    """Take a recording apart.

    All clips have its rate, channels and length, and together they are the recording: what belongs
    to no source is in the last one, `rest`.

    Args:
        source: path, bytes, binary file object or `Clip`; of any format and rate. All sources are
            held in memory; `separate_files` writes hours to disk.
        model: name or folder of a model: `voice` (the default) takes a voice from noise.
        keep: sources that are wanted; all others are in the rest.
        present: the sources of the mix, all of them, where they are known: it is shared out among
            these. For `instruments`.
        stems: gather the sources in the model's few stems.
        amount: how much of the rest is taken away from what is kept, 0 … 1.
        book: a voice book, of which `keep` names somebody whose voice is wanted.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Returns:
        Label → clip.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: a source that the model does not know, or an amount out of range.

    >>> import tympan
    >>> noise = tympan.synth.white_noise(duration_s=0.5, rate_hz=16000)
    >>> {name: clip.duration_s for name, clip in separate(noise).items()}
    {'voice': 0.5, 'rest': 0.5}
    """
    import numpy as np

    from tympan.audio import Clip
    from tympan.tasks.inputs import blocks_of, name_of

    found = find_separator(model_for(model, book), device)
    wanted = found.wanted(keep, amount, stems, book)
    apart, rate_hz, parts = None, found.rate_hz, []
    for rate_hz, block in blocks_of(source):
        apart = apart or found.begin(rate_hz, len(block), wanted)
        parts.append(apart.push(block))
    if apart is not None:
        parts.append(apart.finish())
    whole = np.concatenate(parts, axis=2) if parts else np.zeros((len(wanted.names), 1, 0), "f4")
    name = name_of(source)
    return {
        label: Clip(one, rate_hz, f"{name} ({label})")
        for label, one in zip(wanted.names, whole, strict=True)
    }


def separate_files(
    source: Source,
    folder: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    keep: str | Sequence[str] | None = None,
    present: str | Sequence[str] | None = None,
    stems: bool = False,
    amount: float = 1.0,
    book: str | os.PathLike[str] | None = None,
    format: str = "wav",
    device: str = "auto",
) -> Separation:
    """Take a recording apart into files, in bounded memory however long it is.

    Args:
        source: path, bytes, binary file object or `Clip`.
        folder: where the files go, each called after its source; made if need be.
        model, keep, present, stems, amount, book, device: see `separate`.
        format: of the files; `wav` holds floats, and the sum of the files is the recording.

    Returns:
        The files; what may be wrong with them stands in its `warnings`.

    Raises:
        AudioFileError: the recording cannot be read, or a file cannot be written.
        ModelError: the model cannot be used.
        ArgumentError: an argument out of range, or the folder cannot be made.
    """
    found = separated_files(
        find_separator(model_for(model, book), device), source, Path(folder), format,
        keep=keep, present=present, stems=stems, amount=amount, book=book,
    )  # fmt: skip
    warn(found, stacklevel=2)
    return found


def separated_files(
    model: SeparateModel, source: Source, folder: Path, format: str, **options: Any
) -> Separation:
    """`separate_files` by a loaded model, without Python's warnings."""
    from tympan._files import make_folder
    from tympan.tasks.separate.model import check_ending

    ending = check_ending(format)
    model.wanted(**options)
    return model(source, folder=make_folder(folder), ending=ending, **options)


def separate_stream(
    blocks: Iterable[Wave],
    rate_hz: int,
    *,
    model: str | os.PathLike[str] | None = None,
    keep: str | Sequence[str] | None = None,
    present: str | Sequence[str] | None = None,
    amount: float = 1.0,
    device: str = "auto",
) -> Iterator[dict[str, Wave]]:
    """Take a live sound apart while it comes in.

    Args:
        blocks: samples `(c, t)` or `(t,)` of any size.
        rate_hz: of the samples.
        model, keep, present, amount, device: see `separate`. `voice` gives each sample after 32 ms.

    Yields:
        Label → samples `(c, t)` of what is done, in order.
    """
    found = find_separator(model, device)
    yield from found.stream(blocks, rate_hz=rate_hz, keep=keep, present=present, amount=amount)


def clean(source: Source, *, amount: float = 1.0, device: str = "auto") -> Clip:
    """The voice of a recording, without the noise.

    Args:
        source: path, bytes, binary file object or `Clip`.
        amount: how much of the noise is taken away, 0 … 1.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Raises:
        AudioFileError: the recording cannot be read.
    """
    return separate(source, amount=amount, device=device)["voice"]
