"""`tympan.transcribe`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from tympan.errors import ArgumentError
from tympan.tasks.answering import answered, warn

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.results import Transcript


def transcribe(
    source: Source,
    *,
    model: str | os.PathLike[str] | None = None,
    engine: str = "auto",
    words: bool = False,
    speakers: bool = False,
    book: str | os.PathLike[str] | None = None,
    hotwords: str | Sequence[str] | None = None,
    language: str | None = None,
    channels: str = "mix",
    device: str = "auto",
) -> Transcript:
    """What was said in a recording?

    Args:
        source: path, bytes, binary file object or `Clip`; of any length, format and rate.
        model: name or folder of a model, or of an engine; the best that is installed by default.
            A folder may hold a Whisper model in the format of CTranslate2.
        engine: name of an engine, in place of `model`; `"auto"`: the best that is installed.
        words: each word is a segment of its own, with its times.
        speakers: say who speaks.
        book: voice book with the names of the speakers, who are then told apart.
        hotwords: words and names that are likely, as a list or with commas between them.
        language: code of the language (ISO 639); None: the model's own, or that which is heard.
        channels: `"mix"`: of all channels together; `"separate"`: of each for itself.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

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
    chosen = chosen_model(model, engine)
    found = answered("transcribe", source, model=chosen, device=device, **options)
    warn(found, stacklevel=2)
    return cast("Transcript", found)


def chosen_model(
    model: str | os.PathLike[str] | None, engine: str | None
) -> str | os.PathLike[str] | None:
    """The model that a model or an engine names; None: the best that is installed.

    Raises:
        ArgumentError: both are named, or there is no such engine.

    >>> chosen_model(None, "whisper-tiny"), chosen_model("en", "auto")
    ('whisper-tiny', 'en')
    """
    if engine in (None, "auto"):
        return model
    from tympan.tasks.engines import list_engines

    names = [one.name for one in list_engines(task="transcribe")]
    if engine not in names:
        raise ArgumentError(
            f"there is no engine {engine!r}", fix=f"one of auto, {', '.join(names)}"
        )
    if model is not None:
        raise ArgumentError("a model and an engine are named", fix="name one of them")
    return engine
