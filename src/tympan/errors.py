"""Errors that say what happened, to which file, and what to do.

Every mistake a user can make ends in one of these; the command line prints its one line and no
traceback.
"""

from __future__ import annotations

import os


class TympanError(Exception):
    """Base of all errors that tympan raises on purpose.

    Args:
        what: what is wrong, a clause without a final full stop.
        file: the file or folder concerned.
        fix: what can be done about it, in words that hold everywhere.
        local: the same for who sits at a command line or in Python; no client of a server is told.
        option: the option concerned, as Python has it.

    >>> str(TympanError("holds no audio", file="a.txt", fix="give a sound file"))
    'a.txt: holds no audio (give a sound file)'
    """

    exit_code = 2
    """What the command line ends with."""

    def __init__(
        self,
        what: str,
        *,
        file: str | os.PathLike[str] | None = None,
        fix: str | None = None,
        local: str | None = None,
        option: str | None = None,
    ) -> None:
        self.what, self.file, self.fix = what, None if file is None else str(file), fix
        self.option = option
        where = f"{self.file}: " if self.file else ""
        fix = "; ".join(one for one in (fix, local) if one)
        # One line, whatever a hostile file name or a library's message holds.
        line = f"{where}{what}{f' ({fix})' if fix else ''}"
        super().__init__(" ".join(line.split()))


class AudioFileError(TympanError):
    """A file that cannot be read or written as audio."""


class DataError(TympanError):
    """A folder or table that cannot be trained or evaluated on."""


class ModelError(TympanError):
    """A model that is missing, damaged, foreign or of another task."""


class ArgumentError(TympanError, ValueError):
    """An argument outside what a function takes."""


class ShapeError(ArgumentError):
    """A tensor with other axes than expected; the message names both."""


class MissingDependencyError(TympanError, ImportError):
    """An optional library is not installed; the message gives the command that installs it."""


class TympanWarning(UserWarning):
    """What may be wrong with an answer, as it comes from Python; see `Answer.warnings`."""
