"""Decode and resample each recording once, and read it back as fast as memory.

**Format.** 16-bit integers with one scale for each recording. What was recorded with 16 bits at the
cache's rate comes back exactly; anything else is rounded 98 dB below the recording's own peak, far
below what a microphone resolves, in half the space of float32. float16 has the same size and keeps
only 11 bits (66 dB).

**Place.** `$TYMPAN_CACHE`, else `$XDG_CACHE_HOME/tympan`, else `~/.cache/tympan`: one folder for
each (folder of recordings, rate). It holds *packs*: immutable pairs of `ID.pcm` (the samples) and
`ID.json` (which recording, size, change time, offset, scale). A recording is found by its path,
size and change time, so all subsets and folds of a table share what is decoded, and a changed file
is decoded again.

**Safety.** A pack is written beside and renamed, the JSON last: a reader sees whole packs only. One
process writes at a time, under a lock that the system releases when the process dies; a second one
waits and then finds the work done. What a killed process left unfinished is removed by the next.

**Room.** When a cache is written, caches of other folders not used for 30 days are removed, and
packs none of whose recordings is still what it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.data.packs import Entry, Progress, build, key_of, read_entries
from tympan.data.table import Table
from tympan.errors import AudioFileError, DataError

Wave = npt.NDArray[np.float32]


class WaveCache:
    """The decoded recordings of a table: mono, one rate.

    Open one with `WaveCache.open`. It pickles by path, so that workers read the same files.

    >>> import tempfile
    >>> from tympan.audio import synth
    >>> from tympan.data import read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = synth.sine(440, duration_s=0.5, rate_hz=8000).save(root / "a.wav")
    >>> cache = WaveCache.open(read_folder(root), rate_hz=16000, cache_dir=root / ".cache")
    >>> cache.wave(0).shape, cache.size_bytes
    ((8000,), 16000)
    """

    def __init__(self, table: Table, rate_hz: int, folder: Path, entries: Sequence[Entry]) -> None:
        self.table, self.rate_hz, self.folder = table, rate_hz, folder
        self.skipped: tuple[AudioFileError, ...] = ()
        self._entries = tuple(entries)
        self._packs: dict[str, _Pack] = {}

    @classmethod
    def open(
        cls,
        table: Table,
        rate_hz: int,
        cache_dir: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        *,
        on_error: str = "raise",
        workers: int | None = None,
    ) -> WaveCache:
        """Decode what is not in the cache yet, and open the rest.

        Args:
            table: the recordings.
            rate_hz: the rate to resample to.
            cache_dir: where caches lie; default as the module says.
            progress: called with (recordings done, of how many) while decoding.
            on_error: `"raise"`, or `"skip"`: leave out what cannot be decoded. The rows that are
                left are `cache.table`, the errors `cache.skipped`.
            workers: decoding threads; default the number of cores, at most 8.

        Raises:
            DataError: recordings that cannot be decoded, all named.
        """
        folder = cache_home(cache_dir) / _folder_name(table, rate_hz)
        _make_folder(folder)
        keys = [key_of(path) for path in table.paths]
        known = read_entries(folder)
        errors: dict[str, AudioFileError] = {}
        missing = {k: p for k, p in zip(keys, table.paths, strict=True) if k not in known}
        if missing:
            try:
                errors = build(folder, missing, rate_hz, progress, workers)
            except OSError as error:
                raise _unwritable(folder, error) from error
            known = read_entries(folder)
        if errors and on_error == "raise":
            raise _unreadable(table, list(errors.values()))
        kept = [i for i, key in enumerate(keys) if key in known]
        if not kept:
            raise _unreadable(table, list(errors.values()))
        rows = table if len(kept) == len(keys) else table.subset(kept)
        cache = cls(rows, rate_hz, folder, [known[keys[i]] for i in kept])
        cache.skipped = tuple(errors.values())
        return cache

    def __len__(self) -> int:
        return len(self._entries)

    def length(self, i: int) -> int:
        """The number of samples of recording `i`."""
        return self._entries[i].length

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The number of samples of each recording."""
        return np.array([entry.length for entry in self._entries], dtype=np.int64)

    def wave(self, i: int, start: int = 0, length: int | None = None) -> Wave:
        """Samples (t,) of recording `i`, float32, from `start`, at most `length` of them."""
        entry = self._entries[i]
        start = min(max(0, start), entry.length)
        stop = entry.length if length is None else min(entry.length, start + max(0, length))
        pcm = self._pack(entry.pack).read(entry.start + start, max(0, stop - start))
        return np.multiply(pcm, np.float32(entry.scale), dtype=np.float32)

    def content_key(self, i: int) -> str:
        """A hash of the decoded samples: equal for recordings that sound the same to the bit."""
        return self._entries[i].content

    def subset(self, indices: Sequence[int]) -> WaveCache:
        """The same cache for some of its rows (those of a split, for instance)."""
        rows = [self._entries[int(i)] for i in indices]
        return WaveCache(self.table.subset(indices), self.rate_hz, self.folder, rows)

    @property
    def size_bytes(self) -> int:
        """What the whole cache folder takes on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.pcm"))

    @property
    def duration_s(self) -> float:
        """The length of all recordings together."""
        return float(self.lengths.sum()) / self.rate_hz

    def _pack(self, name: str) -> _Pack:
        if name not in self._packs:
            self._packs[name] = _Pack(self.folder / name)
        return self._packs[name]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_packs": {}}

    def __repr__(self) -> str:
        return (
            f"WaveCache({len(self)} recordings, {self.duration_s / 60:.1f} min at "
            f"{self.rate_hz} Hz, {self.size_bytes / 1e6:.0f} MB in {str(self.folder)!r})"
        )


class _Pack:
    """The samples of an open pack, read where they are asked for.

    Not mapped into memory: what is touched of a map stays with the process, and a training would
    seem to take as much memory as its recordings. Reading costs the same time. The file stays
    readable though another process removes it meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()

    def read(self, first: int, count: int) -> npt.NDArray[np.int16]:
        """`count` samples from `first`, fewer at the end."""
        parts = []
        offset, left = 2 * first, 2 * count
        # One call gives two gigabytes at most.
        while left > 0 and (part := self._at(offset, left)):
            parts.append(part)
            offset, left = offset + len(part), left - len(part)
        return np.frombuffer(parts[0] if len(parts) == 1 else b"".join(parts), dtype="<i2")

    def _at(self, offset: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), size, offset)
        with self._lock:  # Windows: threads share the position
            self._file.seek(offset)
            return self._file.read(size)

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # it could not be opened
            self._file.close()


def cache_home(cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """The folder that holds all caches."""
    if cache_dir is not None:
        return Path(cache_dir)
    if os.environ.get("TYMPAN_CACHE"):
        return Path(os.environ["TYMPAN_CACHE"]).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tympan"


def _folder_name(table: Table, rate_hz: int) -> str:
    root = str(table.root.resolve())
    mark = hashlib.blake2b(root.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in table.root.resolve().name)
    return f"{name[:40] or 'root'}-{mark}-{rate_hz}hz"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "used").touch()  # when it was last of use, for the pruning
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot hold the decoded cache: {error.strerror}",
        file=folder,
        fix="name a folder with room in the environment variable TYMPAN_CACHE",
    )


def _unreadable(table: Table, errors: list[AudioFileError]) -> DataError:
    shown = "; ".join(
        f"{table.relative(Path(e.file)) if e.file else ''}: {e.what}" for e in errors[:10]
    )
    more = f"; and {len(errors) - 10} more" if len(errors) > 10 else ""
    return DataError(
        f"{len(errors)} of {len(table)} recordings cannot be read: {shown}{more}",
        file=table.root,
        fix="remove or replace them, or skip them",
    )
