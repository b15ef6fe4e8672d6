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
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.data import _decode
from tympan.data.table import Table
from tympan.errors import AudioFileError, DataError

FORMAT = 1
UNUSED_DAYS = 30
# A killed build loses at most one pack's worth of decoding.
PACK_SAMPLES = 2**27
# A recording longer than this (4 minutes at 16 kHz) goes through a file on its way.
SPOOL_SAMPLES = 2**22
Wave = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Entry:
    """Where one recording lies: pack file, first sample, samples, scale, hash of its samples."""

    pack: str
    start: int
    length: int
    scale: float
    content: str


class WaveCache:
    """The decoded recordings of a table: mono, one rate.

    Open one with `WaveCache.open`. It pickles by path, so that worker processes map the same file.
    """

    def __init__(self, table: Table, rate_hz: int, folder: Path, entries: Sequence[_Entry]) -> None:
        self.table, self.rate_hz, self.folder = table, rate_hz, folder
        self.skipped: tuple[AudioFileError, ...] = ()
        self._entries = tuple(entries)
        self._packs: dict[str, npt.NDArray[np.int16]] = {}

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
        """Decode what is not in the cache yet, and map the rest.

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
        known, errors = _entries(folder), {}
        keys = [_key(path) for path in table.paths]
        if any(key not in known for key in keys):
            missing = {k: p for k, p in zip(keys, table.paths, strict=True) if k not in known}
            errors = _build(folder, missing, rate_hz, progress, workers)
            known = _entries(folder)
        (folder / "used").touch()
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
        pcm = self._pack(entry.pack)[entry.start + start : entry.start + stop]
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

    def _pack(self, name: str) -> npt.NDArray[np.int16]:
        if name not in self._packs:
            path = self.folder / name
            empty = path.stat().st_size == 0
            self._packs[name] = (
                np.zeros(0, np.int16) if empty else np.memmap(path, dtype="<i2", mode="r")
            )
        return self._packs[name]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_packs": {}}

    def __repr__(self) -> str:
        return (
            f"WaveCache({len(self)} recordings, {self.duration_s / 60:.1f} min at "
            f"{self.rate_hz} Hz, {self.size_bytes / 1e6:.0f} MB in {str(self.folder)!r})"
        )


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
        (folder / "used").touch()
    except OSError as error:
        raise DataError(
            f"cannot hold the decoded cache: {error.strerror}",
            file=folder,
            fix="name a folder with room in the environment variable TYMPAN_CACHE",
        ) from error


def _key(path: Path) -> str:
    stat = path.stat()
    # The whole path: a table below a link and one below its target may share this folder.
    return f"{os.path.abspath(path)}|{stat.st_size}|{stat.st_mtime_ns}"


def _entries(folder: Path) -> dict[str, _Entry]:
    """What the complete packs of a folder hold."""
    found: dict[str, _Entry] = {}
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            data = json.loads(path.read_text("utf-8"))
            pack = path.with_suffix(".pcm")
            if data["format"] == FORMAT and pack.stat().st_size == data["bytes"]:
                for key, where in data["entries"].items():
                    found[key] = _Entry(pack.name, *where)
    return found


def _build(
    folder: Path,
    missing: dict[str, Path],
    rate_hz: int,
    progress: Progress | None,
    workers: int | None,
) -> dict[str, AudioFileError]:
    """Decode what is missing into new packs, alone; the errors by key."""
    with _lock(folder):
        known = _entries(folder)  # another process may have done it while this one waited
        todo = {key: path for key, path in missing.items() if key not in known}
        for stale in folder.glob("*.tmp"):
            stale.unlink(missing_ok=True)
        if not todo:
            return {}
        _prune(folder)
        return _write_packs(folder, todo, rate_hz, progress, workers)


def _write_packs(
    folder: Path,
    todo: dict[str, Path],
    rate_hz: int,
    progress: Progress | None,
    workers: int | None,
) -> dict[str, AudioFileError]:
    errors: dict[str, AudioFileError] = {}
    pack = _Pack(folder)
    count = min(8, os.cpu_count() or 1) if workers is None else max(1, workers)
    done = 0
    try:
        with ThreadPoolExecutor(count) as pool:
            items = iter(todo.items())
            # A short queue bounds memory; results come in order, so packs do not depend on timing.
            queue = [
                (k, pool.submit(_decode_one, p, rate_hz, folder))
                for k, p in islice(items, 2 * count)
            ]
            while queue:
                key, job = queue.pop(0)
                try:
                    pack.add(key, *job.result())
                except AudioFileError as error:
                    errors[key] = error
                for k, p in islice(items, 1):
                    queue.append((k, pool.submit(_decode_one, p, rate_hz, folder)))
                if pack.samples >= PACK_SAMPLES:
                    pack.close()
                    pack = _Pack(folder)
                done += 1
                if progress is not None:
                    progress(done, len(todo))
        pack.close()
    except OSError as error:
        pack.abandon()
        raise DataError(
            f"the decoded cache cannot be written: {error.strerror}",
            file=folder,
            fix="free some room, or name another folder in TYMPAN_CACHE",
        ) from error
    except BaseException:
        pack.abandon()
        raise
    return errors


def _decode_one(path: Path, rate_hz: int, folder: Path) -> tuple[npt.NDArray[np.int16], float, str]:
    """Samples as int16, their scale and their hash. A long file goes through a file on disk."""
    blocks: list[Wave] = []
    with contextlib.ExitStack() as stack:
        spool: Any = None
        for block in _decode.read_blocks(path, rate_hz):
            blocks.append(block)
            if sum(map(len, blocks)) > SPOOL_SAMPLES:
                if spool is None:
                    spool = stack.enter_context(tempfile.TemporaryFile(dir=folder, suffix=".tmp"))
                spool.write(np.concatenate(blocks).tobytes())
                blocks = []
        wave: Wave = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        if spool is not None:
            spool.write(wave.tobytes())
            spool.flush()
            wave = np.memmap(spool, dtype=np.float32, mode="r")
        if not len(wave):
            raise AudioFileError("holds no samples", file=path)
        return _to_int16(wave, path)


def _to_int16(
    wave: Wave, path: Path, step: int = 2**20
) -> tuple[npt.NDArray[np.int16], float, str]:
    peak, exact = 0.0, True
    for at in range(0, len(wave), step):
        part = wave[at : at + step]
        peak = max(peak, float(np.abs(part).max()))
        scaled = part * np.float32(32768)
        exact = exact and bool((scaled == np.rint(scaled)).all())
    if not np.isfinite(peak):
        raise AudioFileError("holds NaN or infinite samples", file=path)
    # The recording's own 16-bit steps if it has them, else the finest steps that reach its peak.
    scale = 1 / 32768 if (exact and peak < 1) or peak == 0 else peak / 32767
    pcm = np.empty(len(wave), dtype="<i2")
    hasher = hashlib.blake2b(np.float64(scale).tobytes(), digest_size=16)
    for at in range(0, len(wave), step):
        part = np.rint(wave[at : at + step] / np.float32(scale))
        pcm[at : at + step] = np.clip(part, -32768, 32767).astype("<i2")
        hasher.update(pcm[at : at + step].tobytes())
    return pcm, scale, hasher.hexdigest()


class _Pack:
    """A pack being written; it does not exist for readers until it is closed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.samples = folder, 0
        self.entries: dict[str, list[Any]] = {}
        self.name = f"{time.time_ns():x}-{os.getpid()}"
        self.path = folder / f"{self.name}.tmp"
        self.file = self.path.open("wb")

    def add(self, key: str, pcm: npt.NDArray[np.int16], scale: float, content: str) -> None:
        pcm.tofile(self.file)
        self.entries[key] = [self.samples, len(pcm), scale, content]
        self.samples += len(pcm)

    def close(self) -> None:
        if not self.entries:
            self.abandon()
            return
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        os.replace(self.path, self.folder / f"{self.name}.pcm")
        data = {"format": FORMAT, "bytes": 2 * self.samples, "entries": self.entries}
        beside = self.folder / f"{self.name}.json.tmp"
        beside.write_text(json.dumps(data), "utf-8")
        os.replace(beside, self.folder / f"{self.name}.json")

    def abandon(self) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def _lock(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Be the only writer. The system drops the lock when its process dies, so none goes stale."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: packs stay whole, work may be done twice
        yield True
        return
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        except OSError:  # a network file system without locks
            yield True
            return
        yield True


def _prune(folder: Path) -> None:
    """Remove this cache's dead packs, and other caches that nobody used for a month."""
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            keys = json.loads(path.read_text("utf-8"))["entries"]
            if not any(_is_current(key) for key in keys):
                path.unlink()
                path.with_suffix(".pcm").unlink(missing_ok=True)
    for pcm in folder.glob("*.pcm"):
        if not pcm.with_suffix(".json").exists():  # its writer died between the two renames
            pcm.unlink(missing_ok=True)
    oldest = time.time() - UNUSED_DAYS * 86400
    for other in folder.parent.glob("*-*hz"):
        with contextlib.suppress(OSError):
            if other != folder and (other / "used").stat().st_mtime < oldest:
                with _lock(other, wait=False) as alone:
                    if alone:
                        for file in other.iterdir():
                            file.unlink()
                        other.rmdir()


def _is_current(key: str) -> bool:
    path = Path(key.rsplit("|", 2)[0])
    try:
        return _key(path) == key
    except OSError:
        return False


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
