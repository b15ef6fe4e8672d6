"""The lexicon file: sorted lines in one compressed block, searched without taking it apart.

A line is `word TAB phonemes`, or `word TAB phonemes|VERB=phonemes|…` for a word of several
readings. Phonemes are written in ASCII, as the first line of the file says, so that a character is
a byte.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


class Store:
    """Phonemes by word, looked up by bisection.

    Args:
        packed: what `pack` made.

    >>> store = Store(pack({"cat": "kˈæt", "use": "jˈuz|NOUN=jˈus"}))
    >>> store.find("cat"), store.find("ca"), store.find("use")
    ('kˈæt', None, 'jˈuz|NOUN=jˈus')
    """

    def __init__(self, packed: bytes) -> None:
        first, _, self._lines = lzma.decompress(packed).partition(b"\n")
        plain, _, phonemes = first.decode().partition("\t")
        self._phonemes = str.maketrans(plain, phonemes)

    def find(self, word: str) -> str | None:
        """The phonemes of exactly this word; `None` if it is not there."""
        lines, key = self._lines, f"{word}\t".encode()
        low, high = 0, len(lines)
        while low < high:
            start = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", start)
            if lines[start:end] < key:
                low = end + 1
            else:
                high = start
        if not lines.startswith(key, low):
            return None
        end = lines.find(b"\n", low)
        return lines[low + len(key) : end].decode().translate(self._phonemes)

    def __iter__(self) -> Iterable[tuple[str, str]]:
        """Each word and its phonemes, in order."""
        for line in self._lines.decode().splitlines():
            word, _, phonemes = line.partition("\t")
            yield word, phonemes.translate(self._phonemes)


def pack(entries: Mapping[str, str]) -> bytes:
    """The content of a lexicon file.

    Args:
        entries: word → phonemes, as `Store.find` gives them.
    """
    used = {char for text in entries.values() for char in text}
    phonemes = "".join(sorted(char for char in used if ord(char) > 126))
    taken = used | set("|=\t\n")
    plain = "".join([c for c in map(chr, range(33, 127)) if c not in taken][: len(phonemes)])
    table = str.maketrans(phonemes, plain)
    lines = [f"{plain}\t{phonemes}"]
    by_bytes = sorted(entries, key=str.encode)
    lines += [f"{word}\t{entries[word].translate(table)}" for word in by_bytes]
    text = "\n".join(lines) + "\n"
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


@cache
def shipped(name: str) -> Store:
    """The lexicon of a language that tympan carries."""
    return Store((DATA / f"{name}.lexicon.xz").read_bytes())
