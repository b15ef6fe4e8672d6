"""Which files there are: written down once, so that a run that goes on has the same ones.

The list lies on the disk, and places in it every so many files, so that a million names need no
memory.
"""

from __future__ import annotations

import glob
import json
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, TypeVar

from tympan._files import atomic_write
from tympan._walk import is_hidden
from tympan.data._formats import AUDIO_SUFFIXES
from tympan.errors import DataError, MissingDependencyError, TympanError

LIST, PLACES = "list.jsonl", "list.places"
LISTS = (".txt", ".lst", ".csv", ".tsv", ".jsonl")
# Of larger folders the order is that of the disk: to sort them all would need them all at once.
MOST_SORTED = 100_000


T = TypeVar("T")


class Listing:
    """The files of a run.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._places = folder / LIST, folder / PLACES

    @property
    def exists(self) -> bool:
        """Whether it was written to its end."""
        return self.path.is_file() and self._places.is_file()

    def write(self, files: Iterable[str], every: int | None, workers: int = 1) -> int:
        """Write it; give how many files make a block.

        Args:
            files: their names.
            every: files of a block; None: by how many there are.
            workers: how many share the blocks.
        """
        from tympan.scale.job import block_size

        count = 0
        with atomic_write(self.path) as beside, beside.open("w", encoding="utf-8") as out:
            for name in files:
                out.write(json.dumps(name) + "\n")
                count += 1
        every = every or block_size(count, workers)
        with atomic_write(self._places) as beside, beside.open("wb") as out:
            out.write(struct.pack("<QQ", count, every))
            place = 0
            with self.path.open("rb") as lines:
                for number, line in enumerate(lines):
                    if number % every == 0:
                        out.write(struct.pack("<Q", place))
                    place += len(line)
        return every

    def forget(self) -> None:
        """Take it away."""
        self.path.unlink(missing_ok=True)
        self._places.unlink(missing_ok=True)

    @property
    def count(self) -> int:
        """How many files there are."""
        return self._head()[0]

    @property
    def blocks(self) -> int:
        """How many blocks they make."""
        count, every = self._head()
        return -(-count // every)

    def block(self, number: int) -> list[str]:
        """The files of a block."""
        _, every = self._head()
        with self._places.open("rb") as places:
            places.seek(16 + 8 * number)
            (place,) = struct.unpack("<Q", places.read(8))
        with self.path.open("rb") as lines:
            lines.seek(place)
            found = [lines.readline() for _ in range(every)]
        return [json.loads(one) for one in found if one]

    def _head(self) -> tuple[int, int]:
        with self._places.open("rb") as places:
            count, every = struct.unpack("<QQ", places.read(16))
        return count, every


def files_of(sources: Iterable[str], storage: Mapping[str, Any] | None = None) -> Iterator[str]:
    """The files that arguments stand for, one at a time.

    A folder stands for all recordings in it, a pattern for all that it fits, a list (`.txt`: a name
    on each line; `.csv` and `.jsonl` with a column `file_name`) for those in it, an address with
    `://` for what fsspec finds there. The name of a recording stands for itself even where there is
    none: it gets a row that says so.

    Raises:
        DataError: one stands for nothing.
    """
    for source in sources:
        found = False
        for one in _of_one(source, storage or {}):
            found = True
            yield one
        if not found:
            raise DataError("stands for no recording", file=source, fix="check the name")


def _of_one(source: str, storage: Mapping[str, Any]) -> Iterator[str]:
    path = Path(source)
    if "://" in source:
        yield from _remote(source, storage)
    elif path.is_dir():
        yield from _in_folder(source)
    elif path.suffix.lower() in LISTS and path.is_file():
        yield from _in_list(path)
    elif set(source) & set("*?[") and not os.path.lexists(source):
        for one in sorted_if_few(glob.iglob(os.path.expanduser(source), recursive=True)):
            if os.path.isfile(one) and _is_sound(one):
                yield one
    elif os.path.lexists(source) or _is_sound(source):
        yield source  # what is wrong with it stands in its row


def _is_sound(name: str) -> bool:
    return Path(name).suffix.lower() in AUDIO_SUFFIXES


def _in_folder(folder: str) -> Iterator[str]:
    """Recordings below a folder; links are followed, and each folder is entered once."""
    entered: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            stat = os.stat(place)
            if (stat.st_dev, stat.st_ino) in entered:
                continue
            entered.add((stat.st_dev, stat.st_ino))
            below: list[str] = []
            for name, is_folder in _entries(place):
                if is_folder:
                    below.append(name)
                elif _is_sound(name):
                    yield name
        except OSError:  # a folder that may not be read is passed over, as everywhere
            continue
        waiting += sorted(below, reverse=True)


def _entries(folder: str) -> Iterator[tuple[str, bool]]:
    """Visible entries of a folder, and whether each is a folder; sorted unless they are many."""
    with os.scandir(folder) as found:
        visible = (one for one in found if not is_hidden(one.name))
        yield from sorted_if_few((one.path, _is_folder(one)) for one in visible)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def sorted_if_few(found: Iterator[T], most: int = MOST_SORTED) -> Iterator[T]:
    """In order, unless there are more than so many: then as they come, without holding them.

    >>> list(sorted_if_few(iter([3, 1, 2]))), list(sorted_if_few(iter([3, 1, 2]), most=2))
    ([1, 2, 3], [3, 1, 2])
    """
    first = list(islice(found, most + 1))
    yield from sorted(first) if len(first) <= most else first  # type: ignore[type-var]
    yield from found


def _in_list(path: Path) -> Iterator[str]:
    """The names in a list; those that are not absolute begin at the list's folder.

    Raises:
        DataError: it has no column `file_name`, or is no such list.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            for name in _names_in(file, path):
                if name and name.strip():
                    yield name if "://" in name else str(path.parent / name)
        except UnicodeDecodeError as error:
            raise DataError("is no list in UTF-8", file=path, fix="save it as UTF-8") from error


def _names_in(file: TextIO, path: Path) -> Iterator[str]:
    """What the lines of a list name."""
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv"):
        import csv

        rows = csv.DictReader(file, delimiter="\t" if ending == ".tsv" else ",")
        try:
            if "file_name" not in (rows.fieldnames or ()):
                raise DataError("has no column file_name", file=path, fix="name it so")
            yield from (row["file_name"] for row in rows)
        except csv.Error as error:
            raise DataError(f"is no table: {error}", file=path, fix="save it again") from error
    elif ending == ".jsonl":
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _name_in(line, number, path)
    else:
        yield from (line.rstrip("\r\n") for line in file)


def _name_in(line: str, number: int, path: Path) -> str:
    """The name in a line of JSON."""
    try:
        name = json.loads(line)["file_name"]
        if isinstance(name, str):
            return name
    except (ValueError, LookupError, TypeError):
        pass  # no JSON, no such key, or no object
    fix = 'write {"file_name": "a.wav"} on each line'
    raise DataError(f"line {number} names no file", file=path, fix=fix)


def _remote(source: str, storage: Mapping[str, Any]) -> Iterator[str]:
    """Recordings at an address: one file, all below a folder, or those that a pattern fits.

    Raises:
        DataError: the store does not answer, or lets nobody in.
    """
    fs, place = file_system(source, storage)
    try:
        yield from _below(fs, place, source.partition("://")[0])
    except TympanError:
        raise
    except Exception as error:  # each store has errors of its own
        what = f"cannot be listed: {type(error).__name__}: {error}"
        fix = "see whether the address is right, and whether you are let in"
        raise DataError(f"{' '.join(what.split()):.300}", file=source, fix=fix) from error


def _below(fs: Any, place: str, head: str) -> Iterator[str]:
    """The recordings that a place in a store stands for, with their addresses."""
    if set(place) & set("*?["):
        found: Iterable[str] = fs.glob(place)
    elif fs.isdir(place):
        found = (f"{root}/{name}" for root, _, names in fs.walk(place) for name in sorted(names))
        found = (one for one in found if _is_sound(one))
    else:
        found = (place,) if _is_sound(place) or fs.exists(place) else ()
    for one in found:
        yield one if "://" in one else f"{head}://{one.lstrip('/') if head != 'file' else one}"


def file_system(source: str, storage: Mapping[str, Any]) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        MissingDependencyError: fsspec, or what it needs for such addresses, is not installed.
        DataError: there is no such kind of address.
    """
    try:
        import fsspec

        fs, place = fsspec.core.url_to_fs(source, **storage)
    except ImportError as error:
        what = f"addresses such as {source.partition('://')[0]}:// need more packages: {error}"
        raise MissingDependencyError(what, fix="pip install 'tympan[remote]'") from error
    except ValueError as error:
        raise DataError(f"is no address that can be read: {error}", file=source) from error
    return fs, str(place)
