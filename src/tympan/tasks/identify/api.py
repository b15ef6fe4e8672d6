"""`tympan.identify`, `tympan.verify`, `tympan.enroll`."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from tympan.errors import TympanError
from tympan.tasks.answering import answered, load, warn
from tympan.tasks.cleaned import with_cleaning
from tympan.tasks.identify.book import BOOK, Book, changing
from tympan.tasks.identify.expected import FALSE_ACCEPT, Expected, expected

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.identify.model import IdentifyModel
    from tympan.tasks.identify.voice import Voice
    from tympan.tasks.results import Identity, Verification


def identify(
    source: Source,
    *,
    book: str | os.PathLike[str] | Book | None = None,
    threshold: float | None = None,
    model: str | os.PathLike[str] | None = None,
    device: str = "auto",
    clean: bool | None = None,
) -> Identity:
    """Whose voice is it, of those in a voice book, or nobody's who is known?

    Args:
        source: path, bytes, binary file object or `Clip` in which one person speaks.
        book: the voice book, or its file; `voices.tympan` in the working directory by default.
        threshold: probability from which a voice gets its name; by default the book's own, which
            was chosen on its voices.
        model: catalogue name or folder of a model; `voices` by default.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away before; by default as the model was made to, which `voices` does.

    Returns:
        A name or none, the similarity, and the probability; not scored where there is too little
        speech, or too much distortion.

    Raises:
        AudioFileError: the recording cannot be read.
        DataError: the book cannot be read.
        ArgumentError: the book is of another model.
        ModelError: the model cannot be used.
    """
    if isinstance(book, Book):
        loaded = voice_model(model, device, clean)
        found = loaded.answer(loaded.voice(source), loaded.book(book), threshold)
    else:
        options = {"book": None if book is None else os.fspath(book), "threshold": threshold}
        found = cast(
            "Identity",
            answered("identify", source, model=model, device=device, clean=clean, **options),
        )
    warn(found, stacklevel=2)
    return found


def verify(
    a: Source,
    b: Source,
    *,
    threshold: float = 0.5,
    model: str | os.PathLike[str] | None = None,
    device: str = "auto",
    clean: bool | None = None,
) -> Verification:
    """Are two recordings of one voice?

    Args:
        a: one recording in which one person speaks.
        b: the other one.
        threshold: probability from which they are.
        model: catalogue name or folder of a model; `voices` by default.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away before; by default as the model was made to, which `voices` does.

    Returns:
        Whether they are, similarity, probability and log odds; not compared where one of them has
        too little speech.

    Raises:
        AudioFileError: a recording cannot be read.
        ModelError: the model cannot be used.
        ArgumentError: the threshold is no probability.
    """
    loaded = voice_model(model, device, clean)
    found = compared(loaded, loaded.voice(a), loaded.voice(b), threshold)
    warn(found, stacklevel=2)
    return found


def verified(
    source: Source, models: Sequence[IdentifyModel], *, second: Source, threshold: float
) -> Generator[float, None, Verification]:
    """`verify` with a model that is loaded, see `tympan.tasks.commands.Command.function`."""
    (model,) = models
    one = model.voice(source)
    yield one.duration_s
    return compared(model, one, model.voice(second), threshold)


def compared(model: IdentifyModel, a: Voice, b: Voice, threshold: float = 0.5) -> Verification:
    """Whether two voices are one."""
    import numpy as np

    from tympan.errors import ArgumentError
    from tympan.tasks.identify.scoring import probability
    from tympan.tasks.results import Verification

    if not 0 <= threshold <= 1:
        what = f"threshold={threshold} must be between 0 and 1"
        raise ArgumentError(what, option="threshold")
    problems = tuple(f"{one.file} {one.problem}" for one in (a, b) if one.problem)
    shared: dict[str, Any] = {
        "file": a.file,
        "other": b.file,
        "duration_s": a.duration_s,
        "model": model.name,
    }
    if problems:
        return Verification(
            **shared, same=None, similarity=None, probability=0.5, warnings=problems
        )
    normalised = model.scorer.similarities(a.vector, b.vector)[0, 0]
    odds = float(model.scorer.log_odds(normalised, a.speech_s, b.speech_s))
    share = float(probability(odds))
    warnings = tuple(f"{one.file} {line}" for one in (a, b) for line in one.warnings)
    return Verification(
        **shared,
        same=share >= threshold,
        similarity=float(np.dot(a.vector, b.vector)),
        probability=share,
        log_odds=odds,
        warnings=warnings,
    )


def enroll(
    name: str,
    *sources: Source,
    book: str | os.PathLike[str] = BOOK,
    false_accept: float = FALSE_ACCEPT,
    model: str | os.PathLike[str] | None = None,
    device: str = "auto",
    clean: bool | None = None,
) -> Expected:
    """Put a voice into a voice book, and choose the book's threshold anew.

    Args:
        name: whose voice it is; recordings are added to those of that name.
        sources: recordings in which this person alone speaks.
        book: the file; made if it is not there.
        false_accept: so many of the strangers may get a name.
        model: catalogue name or folder of a model; `voices` by default.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        clean: take the noise away before; by default as the model was made to, which `voices` does.

    Returns:
        The errors to be expected of the book.

    Raises:
        ArgumentError: the name cannot be used, a recording has too little speech, or the book is
            of another model; then the book stays as it was.
        AudioFileError: a recording cannot be read.
        DataError: the book cannot be read or written.
    """
    check_sources(sources)
    loaded = voice_model(model, device, clean)
    voices = [loaded.voice(source) for source in sources]
    with changing(book, create=True) as held:
        new = held.enrolled(name, voices, loaded.name, loaded.book_digest)
        changed, found = with_expected(new, loaded, false_accept)
        changed.save(book)
    return found


def with_expected(
    book: Book, model: IdentifyModel, false_accept: float = FALSE_ACCEPT
) -> tuple[Book, Expected]:
    """A book with the threshold that its voices ask for."""
    found = expected(book, model.scorer, false_accept)
    return replace(book, calibration=found.to_json()), found


def recalibrated(book: Book, model: str | None = None, device: str = "auto") -> Book:
    """A book after a change, with its threshold chosen anew; as it is where its model is gone."""
    if not book.voices:
        return replace(book, calibration={})
    try:
        loaded = voice_model(model or book.model, device, book.cleaned)
        book.check_model(loaded.name, loaded.book_digest)
    except TympanError:
        return book
    return with_expected(book, loaded)[0]


def voice_model(
    model: str | os.PathLike[str] | None = None, device: str = "auto", clean: bool | None = None
) -> IdentifyModel:
    """The voice model of a name."""
    return cast("IdentifyModel", with_cleaning(load(model, "identify", device), clean))


def check_sources(sources: Sequence[object]) -> None:
    """At least one recording.

    Raises:
        ArgumentError: there is none.
    """
    if not sources:
        from tympan.errors import ArgumentError

        raise ArgumentError("no recordings to enroll", fix="name at least one file")
