"""The folder of the results: what is there is done, and nothing is there by halves.

A block of files becomes `files/part-N` and, before that, `parts/part-N`; each is written beside and
renamed. So a run that was killed at any moment goes on with the blocks that have no `files/part-N`,
and no row is there twice or missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tympan._files import atomic_write, make_folder
from tympan.errors import ArgumentError, DataError
from tympan.scale.job import BatchJob
from tympan.scale.listing import Listing
from tympan.scale.tables import TABLES

JOB, LOCK = "job.json", ".lock"


class Results:
    """The folder of a run.

    Args:
        folder: made if it is not there.

    Raises:
        ArgumentError: it cannot be made, or holds other files.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = make_folder(folder)
        inside = set(os.listdir(self.folder)) - {LOCK}
        if inside and JOB not in inside and not inside <= {"list.jsonl", "list.places"}:
            what = "holds other files, results would mix with them"
            raise ArgumentError(what, file=self.folder, fix="-o a new folder")
        self.listing = Listing(self.folder)

    def begin(self, job: BatchJob, sources: Sequence[str] = ()) -> BatchJob:
        """Write down what is asked, or see that the run that is here asked the same.

        Args:
            job: what is asked.
            sources: the arguments that stand for the files.

        Returns:
            The job, with the blocks of the run that is here.

        Raises:
            ArgumentError: something else was asked, or of other files.
        """
        path = self.folder / JOB
        # As they are given, and where they lie: the whole may have been moved, or named anew.
        places = [_digest(map(form, sources)) for form in (_normal, _absolute)] if sources else []
        known = _read(path)
        if known is not None:
            other = _difference(known, job, places)
            if not other:
                kept = BatchJob.from_json(known["job"])
                return BatchJob.from_json({**job.to_json(), "block": kept.block})
            if any((self.folder / table).is_dir() for table in TABLES):
                what = f"holds the results of {other}"
                raise ArgumentError(what, file=self.folder, fix="-o a new folder")
            self.listing.forget()  # that run ended before its first results
        # Options of a store may be secrets, and are given again with each call.
        plain = {**job.to_json(), "storage": {}}
        values = {"identity": job.identity, "job": plain, "sources": places, "tables": list(TABLES)}
        with atomic_write(path) as beside:
            beside.write_text(json.dumps(values, indent=2, default=str), "utf-8")
        return job

    def done(self, kind: str) -> set[int]:
        """Numbers of the blocks whose results are there."""
        place = self.folder / TABLES[0]
        if not place.is_dir():
            return set()
        found = set()
        for entry in os.scandir(place):
            stem, dot, ending = entry.name.partition(".")
            if dot and ending == kind and stem.startswith("part-"):
                found.add(int(stem.removeprefix("part-")))
        return found

    def path(self, table: str, number: int, kind: str) -> Path:
        """The file of a block."""
        return self.folder / table / f"part-{number:08d}.{kind}"

    def put(self, number: int, kind: str, content: Mapping[str, bytes]) -> None:
        """Write the results of a block; the table that marks it as done comes last."""
        for table in reversed(TABLES):
            path = self.path(table, number, kind)
            path.parent.mkdir(exist_ok=True)
            with atomic_write(path) as beside:
                beside.write_bytes(content[table])

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second run out, and sweep what a killed one left half written.

        Raises:
            DataError: another run writes here.
        """
        with (self.folder / LOCK).open("a+b") as file:
            if not _locked(file):
                fix = "wait for it, or -o another folder"
                raise DataError("another run writes here", file=self.folder, fix=fix)
            for table in TABLES:
                for half in (self.folder / table).glob(".part-*"):
                    half.unlink(missing_ok=True)
            yield

    def rows(self, table: str, kind: str) -> Iterator[dict[str, Any]]:
        """All rows of a table, block by block."""
        for number in sorted(self.done(kind)):
            yield from read_part(self.path(table, number, kind), kind)


def _read(path: Path) -> dict[str, Any] | None:
    """What a run wrote down about itself; None if there is none.

    Raises:
        DataError: it cannot be read.
    """
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise DataError("cannot be read", file=path, fix="-o a new folder") from error


def _difference(known: Mapping[str, Any], job: BatchJob, places: Sequence[str]) -> str:
    """Which run is here, if not this one; empty if it is."""
    if known.get("identity") != job.identity:
        asked = ", ".join(one["verb"] for one in known.get("job", {}).get("asked", ()))
        return f"another run ({asked}, or with another model)"
    before = known.get("sources")
    return "a run over other files" if before and places and not set(before) & set(places) else ""


def _normal(source: str) -> str:
    return source if "://" in source else os.path.normpath(source)


def _absolute(source: str) -> str:
    return source if "://" in source else os.path.abspath(os.path.expanduser(source))


def _digest(names: Iterable[str]) -> str:
    text = "\0".join(names)
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def read_part(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The rows of one file of results."""
    if kind == "parquet":
        import pyarrow.parquet

        yield from pyarrow.parquet.read_table(path).to_pylist()
    elif kind == "jsonl":
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    else:
        import csv

        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def _locked(file: Any) -> bool:
    """Whether the lock of a file could be had; it ends with the process, however that ends."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network file system without locks
        return True
    return True
