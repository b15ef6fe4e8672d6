"""From the names in a table to the files they mean."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from tympan._walk import walk
from tympan.data._formats import AUDIO_SUFFIXES


class Finder:
    """Finds the files that a table names.

    Args:
        root: the folder of the recordings.
        table: the table's own file; names are relative to its folder, or to `root`.
        anywhere: absolute names and names with `..` are followed; else they are refused, so that a
            folder from elsewhere reads nothing outside itself.

    Attributes:
        moved: an example of a file that lies elsewhere below `root` than its name says, as
            (name, where it is); None: there is none.
    """

    def __init__(self, root: Path, table: Path, anywhere: bool) -> None:
        self.root, self.anywhere = root, anywhere
        self._bases = list(dict.fromkeys((table.parent, root)))
        self._by_name: dict[str, list[Path]] | None = None
        self.moved: tuple[str, Path] | None = None

    def find(self, name: str) -> Path | None:
        """The file that a name means; None: there is none.

        A name that leads to no file is looked for below `root`: by its last part, or (if it has no
        suffix of sound files) by the name without suffix.

        Raises:
            ValueError: with a clause: it leads out of the folder, or could be several files.
        """
        if "\0" in name:
            raise ValueError("which holds a NUL character")
        for candidate in _spellings(name):
            pure = PurePosixPath(candidate)
            outside = pure.is_absolute() or ".." in pure.parts or PureWindowsPath(candidate).drive
            if outside and not self.anywhere:
                raise ValueError("which leads out of the folder")
            for base in self._bases:
                try:
                    if (base / candidate).is_file():
                        return base / candidate
                except OSError:  # a name too long for the file system
                    return None
        return self._find_below(_nfc(name.replace("\\", "/")))

    def _find_below(self, name: str) -> Path | None:
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or not pure.name:
            return None
        named = self._named(pure.name)
        tail = "/" + pure.as_posix()
        bare = pure.suffix.lower() not in AUDIO_SUFFIXES
        found = [
            path
            for path in named
            if _nfc(f"/{path.as_posix()}").endswith(tail)
            or (bare and _nfc(f"/{path.with_suffix('').as_posix()}").endswith(tail))
        ]
        if len(found) > 1:
            some = " or ".join(str(p.relative_to(self.root)) for p in found[:2])
            raise ValueError(f"which could be {some}")
        if found:
            self.moved = self.moved or (name, found[0])
        return found[0] if found else None

    def _named(self, name: str) -> list[Path]:
        """The files below `root` of this name, or of this name but for the suffix."""
        if self._by_name is None:
            self._by_name = defaultdict(list)
            for path in walk(self.root):
                self._by_name[_nfc(path.name)].append(path)
                if path.suffix.lower() in AUDIO_SUFFIXES:
                    self._by_name[_nfc(path.stem)].append(path)
        return self._by_name.get(name, [])


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _spellings(name: str) -> Iterator[str]:
    """A file name as it stands, as Windows would mean it, and in both ways to write accents."""
    for one in (name, name.replace("\\", "/")):
        yield one
        yield _nfc(one)
        yield unicodedata.normalize("NFD", one)
