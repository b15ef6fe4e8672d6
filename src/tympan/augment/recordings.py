"""Recordings on disk, decoded when they are used: backgrounds and impulse responses."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from tympan._walk import walk
from tympan.audio.clip import Clip
from tympan.audio.files import load
from tympan.errors import ArgumentError

# fmt: off
SUFFIXES = frozenset((
    ".wav", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff",
    ".caf", ".au", ".wma", ".webm", ".mp4",
))
# fmt: on
# Decoded recordings are kept up to this size; then the one that was used longest ago goes.
KEPT_BYTES = 1 << 30


class Recordings(Sequence[Clip]):
    """The recordings of a folder, or one file, at one rate and in mono.

    A sequence of clips for `BackgroundMix` and `Reverb` that can be written down by its name. Each
    is decoded when it is first used, and kept while there is room (1 GiB).

    Args:
        source: a folder, of which all sound files count, those of its folders too; or one file.
        rate_hz: sample rate to convert to.
        folder: what a relative `source` is relative to; the current folder if None.

    Raises:
        ArgumentError: nothing is there, or no sound file.

    >>> import tempfile
    >>> from tympan.audio import synth
    >>> folder = tempfile.mkdtemp()
    >>> _ = synth.silence(duration_s=1, rate_hz=8000).save(f"{folder}/a.wav")
    >>> found = Recordings(folder, 16000)
    >>> len(found), found[0].rate_hz
    (1, 16000)
    """

    def __init__(
        self, source: str | os.PathLike[str], rate_hz: int, folder: Path | None = None
    ) -> None:
        self.source, self.rate_hz = os.fspath(source), rate_hz
        root = (folder or Path()) / self.source
        if root.is_dir():
            self.paths = list(walk(root, SUFFIXES))
        elif root.is_file():
            self.paths = [root]
        else:
            raise ArgumentError("is neither a folder nor a file", file=root, fix="check the name")
        if not self.paths:
            raise ArgumentError("holds no sound files", file=root, fix="name another folder")
        self._root = root
        self._kept: OrderedDict[int, Clip] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Clip: ...
    @overload
    def __getitem__(self, index: slice) -> list[Clip]: ...
    def __getitem__(self, index: int | slice) -> Clip | list[Clip]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
        clip = load(self.paths[index], rate_hz=self.rate_hz, mono=True)
        with self._lock:
            self._kept[index] = clip
            while len(self._kept) > 1 and self._bytes() > KEPT_BYTES:
                self._kept.popitem(last=False)
        return clip

    def _bytes(self) -> int:
        return sum(clip.samples.nbytes for clip in self._kept.values())

    def __getstate__(self) -> dict[str, Any]:
        """Leave the decoded recordings out: another process decodes for itself."""
        return {k: v for k, v in vars(self).items() if k not in ("_kept", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _kept=OrderedDict(), _lock=threading.Lock())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the name as it was given, how many files, and their digest."""
        digest = hashlib.sha256()
        for path in self.paths:
            name = path.relative_to(self._root).as_posix() if path != self._root else path.name
            with path.open("rb") as file:
                digest.update(name.encode())
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return {"source": self.source, "files": len(self), "sha256": digest.hexdigest()[:16]}

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], rate_hz: int, folder: Path | None = None
    ) -> Recordings:
        """Return the recordings again.

        Raises:
            ArgumentError: they are gone, or are other ones now.
        """
        found = cls(data["source"], rate_hz, folder)
        if found.to_dict() != data:
            what = f"holds other recordings than the {data['files']} that were used before"
            raise ArgumentError(what, file=found._root, fix="restore them, or begin anew")
        return found
