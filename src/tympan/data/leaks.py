"""Find recordings that are the same, so that no two sets of a split share one."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path

from tympan.data.table import Table, stat_of
from tympan.errors import AudioFileError, DataError

_HEAD_S = 0.5
_BLOCK_S = 30.0


def content_keys(table: Table, keys: Sequence[str] | None = None) -> list[str]:
    """A key for each row; rows with equal keys hold the same sound.

    Two files are the same if their bytes are, or if their decoded samples are (the same recording
    as WAV and as FLAC, or with other tags). A lossy copy is another sound to this test. Of an
    example of several files the main one counts.

    Only files that could be equal are read: bytes are compared where sizes agree, samples where
    sample count, rate and the first half second agree.

    Args:
        table: the rows.
        keys: of each row's decoded samples, where they are known; nothing is decoded then.

    Returns:
        A key for each row.

    Raises:
        DataError: a file is gone.

    >>> import tempfile
    >>> from tympan.audio import synth
    >>> from tympan.data import read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for name in ("a.wav", "copy.flac"):
    ...     _ = synth.sine(440, duration_s=0.1, rate_hz=8000).save(root / name, subtype="PCM_16")
    >>> len(set(content_keys(read_folder(root))))
    1
    """
    paths = table.paths
    names = [str(path) for path in paths]
    groups = Groups(len(table))
    groups.join(names)
    sizes: list[Hashable] = [stat_of(path).st_size for path in paths]
    groups.join(_hash_where_shared(sizes, lambda i: _bytes_key(paths[i])))
    groups.join(keys if keys is not None else _decoded_keys(paths, groups.roots()))
    return [names[root] for root in groups.roots()]


def check_leaks(a: Table, b: Table, *, group_by: Sequence[str] = ()) -> None:
    """Refuse two tables that share content.

    Args:
        a: one set, for instance the training examples.
        b: the other set.
        group_by: columns whose values must not be in both sets either.

    Raises:
        DataError: naming the files of both sets that hold the same sound.

    >>> import tempfile
    >>> from tympan.data import read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for name in ("a.wav", "b.wav"):
    ...     _ = (root / name).write_bytes(b"the same")
    >>> table = read_folder(root)
    >>> check_leaks(table.subset([0]), table.subset([1]))
    Traceback (most recent call last):
        ...
    tympan.errors.DataError: ...: the same sound is in several sets of the split: a.wav = b.wav ...
    """
    both = Table(a.root, a.examples + b.examples)
    report_shared(both, content_keys(both), [0] * len(a) + [1] * len(b))
    for column in group_by:
        if not (a.has(column) and b.has(column)):
            continue
        shared = sorted((set(a.column(column)) & set(b.column(column))) - {""})
        if shared:
            raise DataError(
                f"{column} {', '.join(shared[:5])} is in several sets of the split",
                file=a.place,
                fix=f"keep all recordings of one {column} in one set",
            )


def report_shared(table: Table, keys: Sequence[str], sets: Sequence[int]) -> None:
    """Raise if rows of one content key are in several sets; negative sets are not compared."""
    first: dict[str, int] = {}
    pairs: list[str] = []
    for i, (key, number) in enumerate(zip(keys, sets, strict=True)):
        if number < 0:
            continue
        j = first.setdefault(key, i)
        if sets[j] != number:
            pairs.append(f"{table.name(j)} = {table.name(i)}")
    if pairs:
        more = f" and {len(pairs) - 5} more" if len(pairs) > 5 else ""
        raise DataError(
            f"the same sound is in several sets of the split: {'; '.join(pairs[:5])}{more}",
            file=table.place,
            fix="remove the copies, or give them the same value in the split or fold column",
        )


class Groups:
    """Disjoint sets of rows (union-find); the root of a set is its first row.

    >>> groups = Groups(4)
    >>> groups.join(["a", "b", "a", None])
    >>> groups.roots()
    [0, 1, 0, 3]
    """

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, i: int) -> int:
        """The first row of the set that row `i` is in."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, keys: Sequence[Hashable | None]) -> None:
        """Unite rows of equal keys; None is equal to nothing."""
        first: dict[Hashable, int] = {}
        for i, key in enumerate(keys):
            if key is None:
                continue
            a, b = sorted((self.root(i), self.root(first.setdefault(key, i))))
            self._parent[b] = a

    def roots(self) -> list[int]:
        """The root of each row."""
        return [self.root(i) for i in range(len(self._parent))]


def _hash_where_shared(
    cheap: Sequence[Hashable | None], exact: Callable[[int], str | None]
) -> list[str | None]:
    """The exact key of each row whose cheap key another row shares; None for the others."""
    count: dict[Hashable, int] = defaultdict(int)
    for key in cheap:
        count[key] += 1
    return [exact(i) if key is not None and count[key] > 1 else None for i, key in enumerate(cheap)]


def _decoded_keys(paths: Sequence[Path], roots: Sequence[int]) -> list[str | None]:
    """Keys of decoded samples; of rows already known to be the same only the first is read."""
    own = [root == i for i, root in enumerate(roots)]
    shape: list[Hashable | None] = [_shape(p) if own[i] else None for i, p in enumerate(paths)]
    head = _hash_where_shared(shape, lambda i: _samples_key(paths[i], _HEAD_S))
    return _hash_where_shared(head, lambda i: _samples_key(paths[i], None))


def _shape(path: Path) -> tuple[float, ...] | None:
    """Length, rate and channels as the header states; None where it is no readable audio."""
    from tympan import audio

    try:
        info = audio.probe(path)
    except AudioFileError:
        return None
    return info.num_samples or info.duration_s or 0.0, info.rate_hz, info.channels


def _samples_key(path: Path, length_s: float | None) -> str | None:
    from tympan import audio

    hasher = hashlib.blake2b(digest_size=16)
    try:
        for block in audio.blocks(path, block_s=_BLOCK_S, end_s=length_s):
            hasher.update(block.clip.samples.tobytes())
    except AudioFileError:
        return None
    return hasher.hexdigest()


def _bytes_key(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
