"""The files of a decoded cache: packs, their lock, and what is thrown away when.

A pack is an immutable pair: `ID.pcm` (16-bit samples, one recording after the other) and `ID.json`
(which recording, where, at what scale). It is written beside and renamed, the JSON last, so a
reader sees whole packs only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt

from tympan.data import _decode
from tympan.data.table import stat_of
from tympan.errors import AudioFileError, DataError

FORMAT = 2
UNUSED_DAYS = 30
# A killed build loses at most one pack's worth of decoding (256 MB).
PACK_SAMPLES = 2**27
# Below this share of the channels' mean power (−20 dB), their mean says that they cancel.
CANCELLING = 0.01
# A recording longer than this (two minutes at 16 kHz) is kept in a file until it is packed.
SPOOL_SAMPLES = 2**21
Wave = npt.NDArray[np.float32]


class Progress(Protocol):
    """Called with (recordings done, of how many)."""

    def __call__(self, done: int, total: int, /) -> object: ...


@dataclass(frozen=True)
class Change:
    """What is done to every recording before it is kept.

    Attributes:
        name: part of the cache's name; another change has another one.
        apply: from blocks `(c, t)` and their rate in Hz to blocks, as many samples in all.
    """

    name: str
    apply: Callable[[Iterable[Wave], int], Iterator[Wave]]


@dataclass(frozen=True)
class Entry:
    """Where one file lies.

    Attributes:
        pack: the pack file.
        start: place of its first sample, all channels counted.
        length: samples of one channel.
        channels: interleaved channels.
        scale: what one step of the integers is worth.
        loudest: the channel that stands for all where they cancel; else −1.
        content: hash of its samples.
    """

    pack: str
    start: int
    length: int
    channels: int
    scale: float
    loudest: int
    content: str


def key_of(path: Path) -> str:
    """What a recording is found by: the whole path, size and change time.

    The whole path, because a table below a link and one below its target may share a folder.

    Raises:
        DataError: the file is gone.
    """
    stat = stat_of(path)
    return f"{os.path.abspath(path)}|{stat.st_size}|{stat.st_mtime_ns}"


def read_entries(folder: Path) -> dict[str, Entry]:
    """What the whole packs of a folder hold."""
    found: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.json")):
        # A damaged or foreign file is no pack: its recordings are decoded again.
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            data = json.loads(path.read_text("utf-8"))
            pack = path.with_suffix(".pcm")
            if data["format"] == FORMAT and pack.stat().st_size == data["bytes"]:
                for key, where in data["entries"].items():
                    found[key] = Entry(pack.name, *where)
    return found


def build(
    folder: Path,
    wanted: Mapping[str, Path],
    rate_hz: int,
    progress: Progress | None,
    workers: int | None,
    change: Change | None = None,
) -> dict[str, AudioFileError]:
    """Decode what is missing into new packs, as the only writer; the errors by key."""
    with locked(folder):
        known = read_entries(folder)  # another process may have done it while this one waited
        todo = {key: path for key, path in wanted.items() if key not in known}
        for stale in folder.glob("*.tmp"):  # of a killed process
            stale.unlink(missing_ok=True)
        if not todo:
            return {}
        prune(folder)
        return _write_packs(folder, todo, rate_hz, progress, workers, change)


def _write_packs(
    folder: Path,
    todo: Mapping[str, Path],
    rate_hz: int,
    progress: Progress | None,
    workers: int | None,
    change: Change | None,
) -> dict[str, AudioFileError]:
    errors: dict[str, AudioFileError] = {}
    done = 0
    with contextlib.ExitStack() as stack:
        pack = stack.enter_context(_Pack(folder))
        for key, decoded in _decode_all(folder, todo, rate_hz, workers, change):
            if isinstance(decoded, AudioFileError):
                errors[key] = decoded
            else:
                with decoded:
                    pack.add(key, decoded)
            if pack.samples >= PACK_SAMPLES:
                pack.finish()
                pack = stack.enter_context(_Pack(folder))
            done += 1
            if progress is not None:
                progress(done, len(todo))
        pack.finish()
    return errors


def _decode_all(
    folder: Path,
    todo: Mapping[str, Path],
    rate_hz: int,
    workers: int | None,
    change: Change | None,
) -> Iterator[tuple[str, Decoded | AudioFileError]]:
    """Decode with some threads (the libraries release the interpreter), in order."""
    count = min(8, os.cpu_count() or 1) if workers is None else max(1, workers)
    with ThreadPoolExecutor(count) as pool:
        jobs = (
            (key, pool.submit(decode, path, rate_hz, folder, change)) for key, path in todo.items()
        )
        queue = list(islice(jobs, 2 * count))  # a short queue bounds memory
        try:
            while queue:
                key, job = queue.pop(0)
                try:
                    yield key, job.result()
                except AudioFileError as error:
                    yield key, error
                queue += islice(jobs, 1)
        finally:
            pool.shutdown(cancel_futures=True)


class Decoded:
    """One decoded file, in memory or spooled, and the scale of its 16-bit form.

    Args:
        blocks: float32 pieces `(t, c)`, if they are few.
        spool: else a file of float32 samples.
        level: what was measured on the way.
    """

    def __init__(self, blocks: list[Wave], spool: IO[bytes] | None, level: _Level) -> None:
        self._blocks, self._spool = blocks, spool
        self.length, self.channels, self.loudest = level.length, level.channels, level.loudest
        # The file's own 16-bit steps if it has them, else the finest that reach its peak.
        fits = (level.exact and level.peak < 1) or level.peak == 0
        self.scale = 1 / 32768 if fits else level.peak / 32767

    def __enter__(self) -> Decoded:
        return self

    def __exit__(self, *_: object) -> None:
        if self._spool is not None:
            self._spool.close()

    def pcm(self) -> Iterator[npt.NDArray[np.int16]]:
        """The interleaved samples as 16-bit integers, in pieces."""
        for piece in self._pieces():
            steps = np.rint(piece / np.float32(self.scale))
            yield np.clip(steps, -32768, 32767).astype("<i2")

    def _pieces(self) -> Iterator[Wave]:
        if self._spool is None:
            yield from self._blocks
            return
        self._spool.seek(0)
        while raw := self._spool.read(4 * 2**20):
            yield np.frombuffer(raw, np.float32)


class _Level:
    """Length, peak, grid and balance of the channels of a file, as its blocks pass by."""

    def __init__(self) -> None:
        self.length, self.channels, self.peak, self.exact = 0, 1, 0.0, True
        self._energy: npt.NDArray[np.float64] | None = None
        self._mean_energy = 0.0

    def measure(self, block: Wave) -> None:
        """Take in the next samples `(c, t)`."""
        self.channels = len(block)
        self.length += block.shape[1]
        self.peak = max(self.peak, float(np.abs(block).max(initial=0.0)))
        steps = block * np.float32(32768)
        self.exact = self.exact and bool((steps == np.rint(steps)).all())
        if self.channels > 1:
            energy = np.square(block, dtype=np.float64).sum(1)
            self._energy = energy if self._energy is None else self._energy + energy
            self._mean_energy += float(np.square(block.mean(0), dtype=np.float64).sum())

    @property
    def loudest(self) -> int:
        """The loudest channel if next to nothing is left in the mean of all; else −1."""
        if self._energy is None or self._mean_energy > CANCELLING * float(self._energy.mean()):
            return -1
        return int(self._energy.argmax()) if self._energy.any() else -1


def decode(path: Path, rate_hz: int, folder: Path, change: Change | None = None) -> Decoded:
    """Decode a file of any length in bounded memory.

    Raises:
        AudioFileError: it cannot be decoded, is empty, holds NaN or changes its channels.
    """
    blocks: list[Wave] = []
    spool: IO[bytes] | None = None
    level = _Level()
    try:
        read = _decode.read_blocks(path, rate_hz)
        for block in read if change is None else change.apply(read, rate_hz):
            if level.length and len(block) != level.channels:
                raise AudioFileError("changes its number of channels", file=path)
            level.measure(block)
            blocks.append(np.ascontiguousarray(block.T))
            if spool is not None or level.length * level.channels > SPOOL_SAMPLES:
                spool = spool or tempfile.TemporaryFile(dir=folder, suffix=".tmp")  # noqa: SIM115
                spool.writelines(block.tobytes() for block in blocks)
                blocks = []
        if not level.length:
            raise AudioFileError("holds no samples", file=path)
        if not np.isfinite(level.peak):
            raise AudioFileError("holds NaN or infinite samples", file=path)
        return Decoded(blocks, spool, level)
    except BaseException:
        if spool is not None:
            spool.close()
        raise


class _Pack:
    """A pack being written; for readers it does not exist until it is finished."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.samples = folder, 0
        self.entries: dict[str, list[Any]] = {}
        self.name = f"{time.time_ns():x}-{os.getpid()}"
        self.path = folder / f"{self.name}.tmp"

        self.file: IO[bytes] | None = None

    def __enter__(self) -> _Pack:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()
            self.path.unlink(missing_ok=True)

    def add(self, key: str, decoded: Decoded) -> None:
        self.file = self.file or self.path.open("wb")
        content = hashlib.blake2b(np.float64(decoded.scale).tobytes(), digest_size=16)
        if decoded.channels > 1:
            content.update(str(decoded.channels).encode())
        for piece in decoded.pcm():
            self.file.write(piece.tobytes())
            content.update(piece.tobytes())
        self.entries[key] = [
            self.samples,
            decoded.length,
            decoded.channels,
            decoded.scale,
            decoded.loudest,
            content.hexdigest(),
        ]
        self.samples += decoded.length * decoded.channels

    def finish(self) -> None:
        if self.file is None:
            return
        self.file.flush()
        os.fsync(self.file.fileno())
        os.replace(self.path, self.folder / f"{self.name}.pcm")
        data = {"format": FORMAT, "bytes": 2 * self.samples, "entries": self.entries}
        beside = self.folder / f"{self.name}.json.tmp"
        beside.write_text(json.dumps(data), "utf-8")
        os.replace(beside, self.folder / f"{self.name}.json")


@contextlib.contextmanager
def locked(folder: Path, wait: bool = True) -> Iterator[bool]:
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


def prune(folder: Path) -> None:
    """Remove this cache's dead packs, and other caches that nobody used for a month."""
    for path in folder.glob("*.json"):
        if _is_dead(path):
            path.unlink(missing_ok=True)
            path.with_suffix(".pcm").unlink(missing_ok=True)
    for pcm in folder.glob("*.pcm"):
        if not pcm.with_suffix(".json").exists():  # its writer died between the two renames
            pcm.unlink(missing_ok=True)
    oldest = time.time() - UNUSED_DAYS * 86400
    for other in folder.parent.glob("*-*hz"):
        with contextlib.suppress(OSError):
            if other != folder and (other / "used").stat().st_mtime < oldest:
                with locked(other, wait=False) as alone:
                    if alone:
                        for file in other.iterdir():
                            file.unlink()
                        other.rmdir()


def _is_dead(listing: Path) -> bool:
    """Damaged, older, or all its files have changed or gone. A newer version's pack is not."""
    try:
        data = json.loads(listing.read_text("utf-8"))
        if data["format"] > FORMAT:
            return False
        if data["format"] < FORMAT:
            return True
        whole = listing.with_suffix(".pcm").stat().st_size == data["bytes"]
        return not (whole and any(_is_current(key) for key in data["entries"]))
    except (OSError, ValueError, TypeError, KeyError):
        return True


def _is_current(key: str) -> bool:
    path = Path(key.rsplit("|", 2)[0])
    try:
        return key_of(path) == key
    except DataError:
        return False
