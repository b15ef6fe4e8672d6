"""Where answers go: the terminal, a file for each recording, or one file for all."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tympan._files import atomic_write, check_target, make_folder
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.cli.sources import Recording
    from tympan.tasks.contract import Answer

# The formats that hold the answers about several recordings.
JOINED = (".csv", ".jsonl", ".rttm")


def json_line(values: Mapping[str, Any]) -> str:
    """One line of JSON that standard output can hold, whatever its encoding."""
    import json

    line = json.dumps(values, ensure_ascii=False, allow_nan=False)
    try:
        line.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(values, allow_nan=False)
    return line


class Output:
    """Answers are not written anywhere; the base of where they are.

    Use it as a context: what is written as a whole appears when that ends well.
    """

    def __enter__(self) -> Output:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        return None

    def has(self, recording: Recording) -> bool:
        """Whether the answer is there already, from a time before."""
        return False

    def kept(self, recording: Recording) -> Path | None:
        """Where a model may keep what it knows of an answer so far; None: nowhere."""
        return None

    def write(self, recording: Recording, answer: Answer) -> Path | None:
        """Write an answer; its file, where that is one of its own."""
        return None


class Collected(Output):
    """A file that gathers the answers about all recordings, bit by bit; it goes on after a stop.

    Args:
        path: the file.
        collector: what writes it, see `tympan.tasks.verbs.Verb.collect`.
    """

    def __init__(self, path: Path, collector: Any) -> None:
        check_target(path)
        self._collector = collector

    def __enter__(self) -> Output:
        self._collector.__enter__()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        found: bool | None = self._collector.__exit__(kind, error, trace)
        return found

    def has(self, recording: Recording) -> bool:
        """Whether the answer is there already."""
        return bool(self._collector.has(str(recording.path)))

    def write(self, recording: Recording, answer: Answer) -> Path | None:
        """Add an answer."""
        self._collector.add(str(recording.path), answer)
        return None


class FileEach(Output):
    """A file for each recording.

    Args:
        paths: the file of each recording.

    Raises:
        ArgumentError: one cannot be written, or is the recording itself.
    """

    def __init__(self, paths: Mapping[Recording, Path]) -> None:
        self._paths = paths
        for recording, path in paths.items():
            check_target(path, recording.path)

    def kept(self, recording: Recording) -> Path | None:
        """Beside the file that there will be; of a pipe nothing is kept."""
        if recording.path is None or not recording.path.is_file():
            return None
        path = self._paths[recording]
        return path.with_name(f"{path.name}.partial")

    def write(self, recording: Recording, answer: Answer) -> Path | None:
        """Write an answer to its file."""
        return answer.save(self._paths[recording])


class FileForAll(Output):
    """One file with the answers about all recordings, each with the name of its recording.

    Args:
        path: its ending is one of `JOINED`.
        found: the recordings.
    """

    def __init__(self, path: Path, found: Sequence[Recording]) -> None:
        self._path, self._ending = check_target(path), path.suffix.lower()
        # RTTM knows a recording by its name alone, so that no two may have the same.
        self._names = {one: str(name) for one, name in unique_targets(found, Path(), "").items()}
        self._stack = ExitStack()
        self._file: TextIO | None = None
        self._columns: tuple[str, ...] | None = None

    def __enter__(self) -> Output:
        beside = self._stack.enter_context(atomic_write(self._path))
        file = beside.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._file = self._stack.enter_context(file)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        return self._stack.__exit__(kind, error, trace)

    def write(self, recording: Recording, answer: Answer) -> Path | None:
        """Add an answer."""
        assert self._file is not None, "not opened"
        self._file.write(self._text(recording, answer))
        return None

    def _text(self, recording: Recording, answer: Any) -> str:
        from tympan.tasks.results import formats
        from tympan.tasks.results.base import json_text, plain

        if self._ending == ".jsonl":
            return json_text(answer.to_json()) + "\n"
        if not hasattr(answer, "cells" if self._ending == ".csv" else "spans"):
            what = f"the answers cannot be joined in one {self._ending}"
            raise ArgumentError(what, file=self._path, fix="name a folder, or a .jsonl")
        if self._ending == ".rttm":
            return formats.rttm_lines(answer.spans(), self._names[recording])
        rows = ((answer.file, *map(plain, row)) for row in answer.cells())
        first, self._columns = self._columns is None, ("file", *answer.columns())
        return formats.csv_text(self._columns, rows, head=first)


def choose(
    found: Sequence[Recording],
    endings: Sequence[str],
    out: str | None,
    format_: str | None,
    *,
    several: bool,
    collect: Callable[[Path], Any] | None = None,
) -> Output:
    """Where the answers go.

    Args:
        found: the recordings.
        endings: those that an answer can be saved as.
        out: a file, whose extension chooses the format, or a folder.
        format_: of the files in a folder; JSON by default.
        several: whether there may be more than one recording, as in a folder.
        collect: from a file to what gathers all answers in it; None where it is no such file.

    Raises:
        ArgumentError: no such format, or one that cannot hold several answers.
    """
    if out is None:
        if format_ is not None:
            raise ArgumentError("--format is for the files in a folder", fix="name one with -o")
        return Output()
    path = Path(out)
    if collect is not None and (collector := collect(path)) is not None:
        return Collected(path, collector)
    if path.is_dir() or out.endswith(("/", os.sep)) or not path.suffix:
        ending = _ending(format_ or "json", endings)
        targets = unique_targets(found, path, ending)
        for target in targets.values():
            make_folder(target.parent)
        return FileEach(targets)
    from tympan.tasks.results.formats import check_ending, ending_of

    if format_ is not None and ending_of(path, [_ending(format_, endings)]) is None:
        raise ArgumentError(f"--format {format_} is another than that of {path}", fix="give one")
    if path.suffix.lower() in JOINED and (several or path.suffix.lower() == ".jsonl"):
        return FileForAll(path, found)
    ending = check_ending(path, (*endings, ".jsonl"), "an answer")
    if several:
        fix = f"name a folder, or a file {', '.join(JOINED[:-1])} or {JOINED[-1]}"
        raise ArgumentError(f"a {ending} is about one recording", file=path, fix=fix)
    return FileEach({found[0]: path})


def _ending(format_: str, endings: Sequence[str]) -> str:
    """The ending that a format's name stands for, with or without its dot."""
    wanted = f".{format_.lstrip('.').lower()}"
    for ending in endings:
        if ending.lower() == wanted:
            return ending
    names = ", ".join(one.lstrip(".") for one in endings)
    raise ArgumentError(f"--format {format_} is no format of these answers", fix=f"one of {names}")


def unique_targets(
    found: Sequence[Recording],
    folder: Path,
    ending: str,
    free: Callable[[Path, Recording], bool] = lambda path, recording: True,
) -> dict[Recording, Path]:
    """A file name for each recording, no two the same.

    Args:
        found: the recordings.
        folder: where the files are to be.
        ending: of the files.
        free: whether a name may be used for a recording.

    >>> from tympan.cli.sources import Recording
    >>> a, b = (Recording(Path(name), Path(name)) for name in ("x.wav", "x.mp3"))
    >>> [path.name for path in unique_targets([a, b], Path(), ".csv").values()]
    ['x.wav.csv', 'x.mp3.csv']
    """
    targets: dict[Recording, Path] = {}
    taken: set[str] = set()
    found = list(dict.fromkeys(found))
    stems = Counter(map(_stem, found))
    for recording in found:
        # `x.wav` and `x.mp3` become `x.wav.csv` and `x.mp3.csv`.
        stem, whole = _stem(recording), str(recording.within)
        first = stem if stems[stem] == 1 else whole
        names = chain([first], (f"{first}-{i}" for i in count(2)))
        for path in (folder / f"{name}{ending}" for name in names):
            # Where case makes no difference, `A.json` would replace `a.json`.
            if str(path).lower() not in taken and free(path, recording):
                break
        taken.add(str(path).lower())
        targets[recording] = path
    return targets


def _stem(recording: Recording) -> str:
    return str(recording.within.with_suffix(""))
