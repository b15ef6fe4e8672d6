"""Books: plain text, Markdown and EPUB, chapter by chapter, in bounded memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tympan.errors import DataError
from tympan.text._passages import Passage

LONGEST_CHARACTERS = 200_000
"""A chapter comes in parts of so many characters at most."""


@dataclass(frozen=True)
class Chapter:
    """A chapter of a book, or a part of one that is very long.

    Attributes:
        title: its heading, which is no part of `text`; empty if it has none.
        text: its paragraphs, with an empty line between two; empty where a heading follows at
            once.
        place: where it begins: `line 12`, or the file in an EPUB.
        part: 1, and more where a long chapter goes on.
        left_out: what of it is not in the text, such as `code of 12 lines (line 40)`.
    """

    title: str
    text: str
    place: str
    part: int = 1
    left_out: tuple[str, ...] = ()


def read_book(path: str | os.PathLike[str]) -> Iterator[Chapter]:
    """Read a book as chapters, one at a time; 100 MB of text need no more memory than one chapter.

    - `.txt`, and any other ending: text in any encoding; lines that were broken at a margin are
      joined; "Chapter 3", Roman numbers and lines in capitals are headings.
    - `.md`: headings are chapters, links lose their addresses, a table is read row by row; code is
      left out and named.
    - `.epub`: in the order of reading, with the titles of its contents; the marks of footnotes,
      and footnotes that open in a window, are left out.
    - `-`: text from standard input, while it comes.

    Args:
        path: the file, or `-`.

    Yields:
        Its chapters, in parts of at most `LONGEST_CHARACTERS`.

    Raises:
        DataError: it cannot be read, is no text, a damaged or protected EPUB, or holds nothing.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = path.write_text("CHAPTER I\\n\\nIt was a dark\\nnight.\\n\\nCHAPTER II\\n\\nRain.\\n")
    >>> for chapter in read_book(path):
    ...     print(chapter.title, "|", chapter.text, "|", chapter.place)
    CHAPTER I | It was a dark night. | line 1
    CHAPTER II | Rain. | line 6
    """
    if os.fspath(path) == "-":
        from tympan.text._plain import plain_passages

        return chapters(plain_passages(sys.stdin.buffer, "standard input"), "standard input")
    target = Path(path)
    if target.is_dir():
        raise DataError("is a folder", file=target, fix="give a .txt, .md or .epub")
    if not target.exists():
        raise DataError("does not exist", file=target, fix="give a .txt, .md or .epub")
    return chapters(_reader_of(target)(target), target)


def _reader_of(path: Path) -> Callable[[Path], Iterator[Passage]]:
    suffix = path.suffix.lower()
    if suffix == ".epub":
        from tympan.text._epub import epub_passages

        return epub_passages
    if suffix in (".md", ".markdown"):
        from tympan.text._markdown import markdown_passages

        return markdown_passages
    from tympan.text._plain import text_passages

    return text_passages


def chapters(passages: Iterable[Passage], file: str | os.PathLike[str]) -> Iterator[Chapter]:
    """Gather passages to chapters.

    Raises:
        DataError: there is nothing to speak in them.
    """
    building = _Building()
    empty = True
    for one in passages:
        if one.heading or building.size + len(one.text) > LONGEST_CHARACTERS:
            for chapter in building.finished():
                empty = False
                yield chapter
            building.go_on(one)
        building.add(one)
    for chapter in building.finished():
        empty = False
        yield chapter
    if empty:
        raise DataError("holds no text", file=file, fix="give a book with words in it")


class _Building:
    """A chapter that is being gathered."""

    def __init__(self) -> None:
        self.size = 0
        self._title, self._place, self._part = "", "", 1
        self._texts: list[str] = []
        self._left_out: list[str] = []

    def add(self, one: Passage) -> None:
        """Take a passage of it."""
        self._place = self._place or one.place
        if one.left_out:
            self._left_out.append(one.left_out)
        elif one.heading:
            self._title = one.text
        elif self._texts or self._part > 1 or not self._is_title(one.text):
            self._texts.append(one.text)
            self.size += len(one.text) + 2

    def _is_title(self, text: str) -> bool:
        """Whether the first paragraph says the title once more."""
        return bool(_plain(text)) and _plain(text) == _plain(self._title)

    def go_on(self, one: Passage) -> None:
        """Begin the next chapter, or the next part of this one."""
        title, part = ("", 1) if one.heading else (self._title, self._part + 1)
        self.__init__()  # type: ignore[misc]
        self._title, self._part = title, part

    def finished(self) -> Iterator[Chapter]:
        """The chapter, if there is anything in it."""
        if self._texts or self._left_out or (self._title and self._part == 1):
            text, left_out = "\n\n".join(self._texts), tuple(self._left_out)
            yield Chapter(self._title, text, self._place, self._part, left_out)


def _plain(text: str) -> str:
    """A heading as it is compared with another: its letters and digits."""
    return "".join(one for one in text.casefold() if one.isalnum())
