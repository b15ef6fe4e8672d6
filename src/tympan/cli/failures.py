"""One bad file among many does not cost the answers about the others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from tympan._words import plural
from tympan.cli.sources import Recording
from tympan.errors import ArgumentError, TympanError


class Unanswered(TympanError):
    """Some recordings of many got no answer."""


class Failures:
    """What went wrong with the recordings of one call.

    Args:
        total: how many recordings there are; the error of a single one is raised as it is.
    """

    def __init__(self, total: int) -> None:
        self._total, self._count, self._unexpected = total, 0, False

    @contextmanager
    def of(self, recording: Recording) -> Iterator[None]:
        """Say what goes wrong with a recording, and go on."""
        try:
            yield
        except TympanError as error:
            # A wrong option is wrong for all of them.
            if self._total == 1 or (isinstance(error, ArgumentError) and error.file is None):
                raise
            self._failed(str(error))
        except Exception as error:
            if self._total == 1 or debugging():
                raise
            self._unexpected = True
            what = " ".join(f"{type(error).__name__}: {error}".split())
            self._failed(f"{recording.name}: unexpected {what:.500} (--debug shows where)")

    def _failed(self, line: str) -> None:
        self._count += 1
        typer.echo(f"tympan: {line}", err=True)

    def finish(self) -> None:
        """Say how many failed.

        Raises:
            TympanError: some did.
        """
        if self._count:
            error = Unanswered(f"{self._count} of {plural(self._total, 'file')} got no answer")
            error.exit_code = 1 if self._unexpected else error.exit_code
            raise error


def debugging() -> bool:
    """Whether `--debug` or `TYMPAN_DEBUG=1` was given."""
    return os.environ.get("TYMPAN_DEBUG", "") not in ("", "0")


def counted(found: Sequence[Recording], *, quiet: bool) -> Iterator[Recording]:
    """Go through the recordings; where a person watches many, say how far it is.

    Not where the answers themselves appear on the terminal: they say it.
    """
    shown = len(found) > 1 and not quiet and sys.stderr.isatty() and not sys.stdout.isatty()
    for number, recording in enumerate(found):
        if shown:
            print(f"\r{number} of {len(found)} recordings", end="", file=sys.stderr, flush=True)
        yield recording
    if shown:
        print(f"\r{len(found)} of {len(found)} recordings", file=sys.stderr)


def announce(recording: Recording, *, quiet: bool) -> None:
    """Tell who waits at a terminal that a long recording takes its time."""
    if quiet or not sys.stderr.isatty() or recording.path is None or not recording.path.is_file():
        return
    from tympan.audio import probe

    try:
        seconds = probe(recording.path).duration_s or 0.0
    except TympanError:
        return  # answering says what is wrong
    if seconds > 600:
        line = f"{recording.name}: {seconds / 60:.0f} minutes, this may take a few minutes"
        typer.echo(line, err=True)
