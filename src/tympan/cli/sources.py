"""Which recordings a command is given: files, folders, patterns, pipes, standard input."""

from __future__ import annotations

import glob
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tympan.errors import DataError

Files = Annotated[
    list[str],
    typer.Argument(
        help="Sound files, folders of them, patterns such as '*.wav', or - for standard input.",
        show_default=False,
    ),
]
File = Annotated[
    str, typer.Argument(help="Sound file, or - for standard input.", show_default=False)
]
Partial = Annotated[
    bool, typer.Option("--partial", help="Of a cut or damaged file take what is there.")
]
Clean = Annotated[bool, typer.Option("--clean", help="Take the noise away from voices before.")]
CleanOrNot = Annotated[
    bool | None,
    typer.Option(
        "--clean/--no-clean", show_default=False,
        help="Take the noise away from voices before; by default where a model is better for it.",
    ),
]  # fmt: skip
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks.")]
Metadata = Annotated[
    Path | None,
    typer.Option(
        "--metadata", show_default=False,
        help="Table of the recordings, wherever it lies; else metadata.csv in FOLDER.",
    ),
]  # fmt: skip
FileColumn = Annotated[
    str | None, typer.Option("--file-column", help="Its column of files.", show_default=False)
]
LabelColumn = Annotated[
    str | None, typer.Option("--label-column", help="Its column of labels.", show_default=False)
]

STDIN = "-"


@dataclass(frozen=True)
class Recording:
    """One recording that a command is given.

    Attributes:
        path: of the file or pipe; None: standard input.
        within: its path in the folder that was given, or its name alone.
        listed: a folder or a pattern stood for it, and may stand for others too.
        problem: it stands for nothing, and this is what opening it raises.
    """

    path: Path | None
    within: Path
    listed: bool = False
    problem: DataError | None = None

    @property
    def name(self) -> str:
        """How it is called in answers and messages."""
        return "<stdin>" if self.path is None else str(self.path)

    @contextmanager
    def opened(self, *, partial: bool = False, clean: bool = False) -> Iterator[Any]:
        """What to give to a verb: its path, or a file that can be read again and again.

        Args:
            partial: of a cut or damaged file take what is there.
            clean: its voice alone, without the noise.

        Raises:
            AudioFileError: it holds nothing at all.
            DataError: it is a folder or a pattern that stands for nothing.
        """
        if self.problem is not None:
            raise self.problem
        if clean:
            from tympan.tasks.cleaned import cleaned

            with (
                self.opened(partial=partial) as source,
                cleaned(source) as path,
                path.open("rb") as file,
            ):
                yield _Named(file, self.name)
            return
        if self.path is not None and not _is_pipe(self.path):
            yield _kept(self.path, self.name) if partial else self.path
            return
        from tympan.audio._source import rereadable

        stream = sys.stdin.buffer if self.path is None else self.path.open("rb")
        try:
            copy = _Named(rereadable(_Named(stream, self.name)), self.name)
            yield _kept(copy, self.name) if partial else copy
        finally:
            if self.path is not None:
                stream.close()


class _Named:
    """A binary file under another name."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self.name = file, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _kept(source: Any, name: str) -> Any:
    """What a cut or damaged file still holds."""
    from tympan.audio import load

    return replace(load(source, partial=True), name=name)


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except (OSError, ValueError):  # opening it says what is wrong
        return False


def recordings(given: Sequence[str], *, each: bool = False) -> list[Recording]:
    """The recordings that arguments stand for, in order.

    A folder stands for all recordings in it and in its sub-folders, a pattern for all that it
    fits (shells of Windows leave that to the program), `-` for standard input.

    Args:
        given: the arguments.
        each: an argument among others that stands for nothing does not cost their answers: it is
            a recording whose opening says what is wrong.

    Raises:
        ArgumentError: standard input is asked for twice, or is a keyboard.
        DataError: a folder or a pattern stands for nothing.
    """
    from tympan.errors import DataError

    found: list[Recording] = []
    for argument in given:
        path = Path(argument)
        try:
            if argument == STDIN:
                found.append(_standard_input(found))
            elif path.is_dir() and argument:
                found += _in_folder(path)
            elif set(argument) & set("*?[") and not os.path.lexists(path):
                found += _fitting(argument)
            else:
                found.append(Recording(path, Path(path.name)))
        except DataError as error:
            if not each or len(given) == 1:
                raise
            found.append(Recording(path, Path(path.name), problem=error))
    return found


def check_readable(found: Sequence[Recording]) -> None:
    """See that a single recording can be opened, before a model is loaded to answer about it.

    Of several each is reported for itself, and the others are answered.

    Raises:
        AudioFileError: it is missing, empty, no sound …
    """
    if len(found) != 1 or found[0].path is None or _is_pipe(found[0].path):
        return
    from contextlib import closing

    from tympan.audio._open import open_reader

    with closing(open_reader(found[0].path)):
        pass


def one_recording(given: str) -> Recording:
    """The recording that an argument stands for, where a command takes only one.

    Raises:
        ArgumentError: it stands for several.
        AudioFileError: it cannot be opened.
    """
    from tympan.errors import ArgumentError

    found = [Recording(Path(given), Path(given))] if os.path.isdir(given) else recordings([given])
    if len(found) > 1:
        what = f"stands for {len(found)} recordings"
        raise ArgumentError(what, file=given, fix="give one of them")
    check_readable(found)
    return found[0]


def _standard_input(before: Sequence[Recording]) -> Recording:
    from tympan.errors import ArgumentError

    if any(one.path is None for one in before):
        raise ArgumentError("standard input can be read once only", fix="give - once")
    if sys.stdin is None or sys.stdin.isatty():
        fix = "cat FILE | tympan classify -"
        raise ArgumentError("standard input is a keyboard, not a sound", fix=fix)
    return Recording(None, Path("stdin"))


def _in_folder(folder: Path) -> list[Recording]:
    from tympan.errors import DataError

    inside = _inside(folder)
    if not inside:
        fix = "give a sound file, or a folder of them"
        raise DataError("is a folder without recordings", file=folder, fix=fix)
    return [Recording(path, path.relative_to(folder), listed=True) for path in inside]


def _inside(folder: Path) -> list[Path]:
    """Recordings in a folder and its sub-folders; one that cannot be read is passed over."""
    from tympan._walk import walk
    from tympan.data._formats import AUDIO_SUFFIXES

    return list(walk(folder, AUDIO_SUFFIXES, on_error=lambda error: None))


def _fitting(pattern: str) -> list[Recording]:
    from tympan.data._formats import AUDIO_SUFFIXES
    from tympan.errors import DataError

    paths = [Path(one) for one in sorted(glob.glob(os.path.expanduser(pattern), recursive=True))]
    files = [path for path in paths if not path.is_dir()]
    # Of a pattern such as 'street*' only the sounds are meant; of '*.dat' all.
    sounds = [path for path in files if path.suffix.lower() in AUDIO_SUFFIXES]
    found = [Recording(path, Path(path.name), listed=True) for path in sounds or files]
    if not found:
        for folder in (path for path in paths if path.is_dir()):
            inside = _inside(folder)
            found += [Recording(one, one.relative_to(folder), listed=True) for one in inside]
    if not found:
        fix = "check the pattern and the folder"
        raise DataError("fits no recording", file=pattern, fix=fix)
    return found
