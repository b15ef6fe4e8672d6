"""Decode and resample each file once, and read it back as fast as memory.

**Format.** 16-bit integers with one scale for each file, its channels interleaved. What was
recorded with 16 bits at the store's rate comes back exactly; anything else is rounded 98 dB below
the file's own peak, far below what a microphone resolves, in half the space of float32. float16 has
the same size and keeps only 11 bits (66 dB).

**Place.** `$TYMPAN_CACHE`, else `$XDG_CACHE_HOME/tympan`, else `~/.cache/tympan`: one folder for
each (folder of recordings, rate). It holds *packs*: immutable pairs of `ID.pcm` (the samples) and
`ID.json` (which file, size, change time, offset, channels, scale). A file is found by its path,
size and change time, so all subsets and folds of a table share what is decoded, and a changed file
is decoded again.

**Safety.** A pack is written beside and renamed, the JSON last: a reader sees whole packs only. One
process writes at a time, under a lock that the system releases when the process dies; a second one
waits and then finds the work done. What a killed process left unfinished is removed by the next.

**Room.** When a store is written, stores of other folders not used for 30 days are removed, and
packs none of whose files is still what it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan._words import plural
from tympan.data.packs import Change, Entry, Progress, build, key_of, read_entries
from tympan.data.table import Example, Table
from tympan.errors import AudioFileError, DataError

Wave = npt.NDArray[np.float32]
# Roles of files that hold no sound.
SILENT_ROLES = frozenset({"midi", "score"})


class AudioStore:
    """The decoded files of a table, at one rate, with all their channels; found by their paths.

    Open one with `AudioStore.open`. It pickles by path, so that workers read the same files.

    Attributes:
        table: the rows all of whose files could be read.
        rate_hz: the rate of the samples; None: nothing is decoded.
        skipped: what is wrong with the files of the other rows.

    >>> import tempfile
    >>> from tympan.audio import synth
    >>> from tympan.data import read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> path = synth.sine(440, duration_s=0.5, rate_hz=8000).save(root / "a.wav")
    >>> store = AudioStore.open(read_folder(root), rate_hz=16000, cache_dir=root / ".cache")
    >>> store.wave(root / "a.wav").shape, store.size_bytes
    ((1, 8000), 16000)
    """

    def __init__(
        self, table: Table, rate_hz: int | None, folder: Path, entries: Mapping[str, Entry]
    ) -> None:
        self.table, self.rate_hz, self.folder = table, rate_hz, folder
        self.skipped: tuple[AudioFileError, ...] = ()
        self._entries = dict(entries)
        self._packs: dict[str, _Pack] = {}

    @classmethod
    def open(
        cls,
        table: Table,
        rate_hz: int | None,
        cache_dir: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
        *,
        on_error: str = "raise",
        workers: int | None = None,
        change: Change | None = None,
    ) -> AudioStore:
        """Decode what is not in the store yet, and open the rest.

        Args:
            table: the recordings or scores.
            rate_hz: the rate to resample to; None: no file is decoded, only compared by its bytes.
            cache_dir: where stores lie; default as the module says.
            progress: called with (files done, of how many) while decoding.
            on_error: `"raise"`, or `"skip"`: leave out the rows of what cannot be decoded. The rows
                that are left are `store.table`, the errors `store.skipped`.
            workers: decoding threads; default the number of cores, at most 8.
            change: what is done to each recording before it is kept.

        Raises:
            DataError: files that cannot be decoded, all named.
        """
        folder = cache_home(cache_dir) / _folder_name(table, rate_hz, change)
        if rate_hz is None:
            return cls(table, None, folder, {})
        _make_folder(folder)
        keys = {path: key_of(path) for example in table for path in audio_files(example)}
        known = read_entries(folder)
        errors: dict[str, AudioFileError] = {}
        missing = {key: path for path, key in keys.items() if key not in known}
        if missing:
            try:
                errors = build(folder, missing, rate_hz, progress, workers, change)
            except OSError as error:
                raise _unwritable(folder, error) from error
            known = read_entries(folder)
        readable = [all(keys[p] in known for p in audio_files(example)) for example in table]
        if (errors and on_error == "raise") or not any(readable):
            raise _unreadable(table, list(errors.values()))
        rows = table if all(readable) else table.subset(i for i, r in enumerate(readable) if r)
        entries = {os.fspath(path): known[key] for path, key in keys.items() if key in known}
        store = cls(rows, rate_hz, folder, entries)
        store.skipped = tuple(errors.values())
        return store

    def length(self, path: Path) -> int:
        """The number of samples of a file in one channel."""
        return self._entry(path).length

    def lengths(self, paths: Iterable[Path]) -> npt.NDArray[np.int64]:
        """The number of samples of each file."""
        return np.array([self.length(path) for path in paths], dtype=np.int64)

    def channels(self, path: Path) -> int:
        """The number of channels of a file."""
        return self._entry(path).channels

    def wave(self, path: Path, start: int = 0, length: int | None = None) -> Wave:
        """Samples `(c, t)` of a file, float32, from `start`, at most `length` of them."""
        entry = self._entry(path)
        start = min(max(0, start), entry.length)
        stop = entry.length if length is None else min(entry.length, start + max(0, length))
        c = entry.channels
        pcm = self._pack(entry.pack).read(entry.start + c * start, c * max(0, stop - start))
        return np.multiply(pcm.reshape(-1, c).T, np.float32(entry.scale), dtype=np.float32)

    def mono(self, path: Path, start: int = 0, length: int | None = None) -> Wave:
        """Samples `(t,)` of a file: the mean of its channels.

        Where the channels cancel (a swapped wire), the mean holds nothing of the sound: then it is
        the loudest channel.
        """
        wave = self.wave(path, start, length)
        loudest = self._entry(path).loudest
        one = len(wave) == 1 or loudest >= 0
        mono: Wave = wave[max(0, loudest)] if one else wave.mean(0, dtype=np.float32)
        return mono

    def content_key(self, path: Path) -> str:
        """A hash of what a file holds: equal for files that sound the same to the bit."""
        name = os.fspath(path)
        return self._entries[name].content if name in self._entries else _bytes_key(path)

    def keys(self, table: Table) -> list[str]:
        """The content of each row of a table: `content_key` of all its files."""
        return [
            "+".join(self.content_key(path) for _, path in sorted(example.files.items()))
            for example in table
        ]

    @property
    def size_bytes(self) -> int:
        """What the whole folder of the store takes on disk."""
        return sum(path.stat().st_size for path in self.folder.glob("*.pcm"))

    @property
    def duration_s(self) -> float:
        """The length of all files together; 0 where none was decoded."""
        return sum(e.length for e in self._entries.values()) / (self.rate_hz or 1)

    def _entry(self, path: Path) -> Entry:
        try:
            return self._entries[os.fspath(path)]
        except KeyError:
            raise DataError("has not been decoded", file=path) from None

    def _pack(self, name: str) -> _Pack:
        if name not in self._packs:
            self._packs[name] = _Pack(self.folder / name)
        return self._packs[name]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_packs": {}}

    def __repr__(self) -> str:
        return (
            f"AudioStore({plural(len(self._entries), 'file')}, {self.duration_s / 60:.1f} min at "
            f"{self.rate_hz} Hz, in {str(self.folder)!r})"
        )


def audio_files(example: Example) -> list[Path]:
    """The files of an example that hold sound.

    >>> audio_files(Example({"audio": Path("a.wav"), "midi": Path("a.mid")}))
    [PosixPath('a.wav')]
    """
    return [path for role, path in example.files.items() if role not in SILENT_ROLES]


def _bytes_key(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error


class _Pack:
    """The samples of an open pack, read when they are needed.

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
    """The folder that holds the stores of all folders."""
    if cache_dir is not None:
        return Path(cache_dir)
    if os.environ.get("TYMPAN_CACHE"):
        return Path(os.environ["TYMPAN_CACHE"]).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tympan"


def _folder_name(table: Table, rate_hz: int | None, change: Change | None) -> str:
    root = str(table.root.resolve())
    mark = hashlib.blake2b(root.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in table.root.resolve().name)
    changed = "" if change is None else f"-{change.name}"
    return f"{name[:40] or 'root'}-{mark}-{rate_hz}hz{changed}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "used").touch()  # when it was last of use, for the pruning
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot hold the decoded recordings: {error.strerror}",
        file=folder,
        fix="name a folder with room in the environment variable TYMPAN_CACHE",
    )


def _unreadable(table: Table, errors: list[AudioFileError]) -> DataError:
    shown = "; ".join(
        f"{table.relative(Path(e.file)) if e.file else ''}: {e.what}" for e in errors[:10]
    )
    more = f"; and {len(errors) - 10} more" if len(errors) > 10 else ""
    return DataError(
        f"{len(errors)} of {plural(len(table), 'recording')} cannot be read: {shown}{more}",
        file=table.place,
        fix="remove or replace them, or skip them",
    )
