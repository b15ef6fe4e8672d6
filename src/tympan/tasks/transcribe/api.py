"""`tympan.transcribe`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Transcript


def transcribe(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    words: bool = False,
    speakers: bool = False,
    book: str | os.PathLike[str] | None = None,
    hotwords: str | Sequence[str] | None = None,
    language: str | None = None,
    channels: str = "mix",
    device: str = "auto",
    clean: bool | None = None,
) -> Transcript:
    """What was said in a recording?

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: name or folder of a model, or of an engine; the best that is installed by default.
            A folder may hold a Whisper model in the format of CTranslate2, or in
            ONNX files.
        words: each word is a segment of its own, with its times.
        speakers: say who speaks.
        book: voice book with the names of the speakers, who are then told apart.
        hotwords: words and names that are likely, as a list or with commas between them.
        language: code of the language (ISO 639); None: the model's own, or that which is heard.
        channels: `"mix"`: of all channels together; `"separate"`: of each for itself.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away from voices before; by default as the model was made to.

    Returns:
        The text, and its utterances and words with their times; what may be wrong with them stands
        in its `warnings`.

    Raises:
        AudioFileError: the recording cannot be read.
        ModelError: the model cannot be used.
        MissingDependencyError: no engine is installed.
        ArgumentError: an argument out of range.
    """
    hot = hotwords if hotwords is None or isinstance(hotwords, str) else ", ".join(hotwords)
    options = {
        "words": words,
        "speakers": speakers,
        "book": None if book is None else os.fspath(book),
        "hotwords": hot,
        "language": language,
        "channels": channels,
    }
    found = answered("transcribe", source, model=model, device=device, clean=clean, **options)
    warn(found, stacklevel=2)
    return cast("Transcript", found)
