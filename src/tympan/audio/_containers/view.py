"""A part of an open file that looks like a file of its own, with some bytes of it mended."""

from __future__ import annotations

import os

from tympan.audio._source import Opened, SourceFile

Patches = tuple[tuple[int, bytes], ...]


class _View(SourceFile):
    """The bytes from `start` to `stop` of another file; the patches lie at offsets in the view."""

    def __init__(self, base: SourceFile, start: int, stop: int, patches: Patches) -> None:
        self._base, self._start, self._length = base, start, stop - start
        self._patches = patches
        self._at = 0

    @property
    def failure(self) -> Exception | None:  # type: ignore[override]
        """What went wrong below."""
        return self._base.failure

    def read(self, count: int = -1) -> bytes:
        """Read what is left, or up to `count` bytes."""
        left = max(0, self._length - self._at)
        count = left if count < 0 else min(count, left)
        if count == 0:
            return b""
        self._base.seek(self._start + self._at)
        data = self._base.read(count)
        for offset, new in self._patches:
            first, last = max(offset, self._at), min(offset + len(new), self._at + len(data))
            if first < last:
                inside = new[first - offset : last - offset]
                data = data[: first - self._at] + inside + data[last - self._at :]
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset; -1 and no move if there is no such place."""
        target = offset + (0, self._at, self._length)[whence]
        if target < 0:
            return -1
        self._at = target
        return target

    def tell(self) -> int:
        """The position."""
        return self._at

    def close(self) -> None:
        """Leave the file below open: others may look at it too."""


def view(opened: Opened, start: int, stop: int, patches: Patches = ()) -> Opened:
    """Return a part of an open file as an open file; the whole, unmended, is itself."""
    if start == 0 and stop == opened.size() and not patches:
        return opened
    return Opened(
        _View(opened.file, start, stop, patches), opened.name, opened.path, close_file=False
    )
