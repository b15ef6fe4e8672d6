"""EPUB 2 and 3: an archive of web pages with an order of reading and a table of contents.

After the W3C's Recommendation *EPUB 3.3* (2023) and the IDPF's *Open Publication Structure 2.0.1*.
Nothing is unpacked onto the disk, and no page is taken that is larger than `MOST_BYTES`.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from tympan.errors import DataError
from tympan.text._html import html_passages, links_of
from tympan.text._passages import Passage
from tympan.text._xml import XmlError, parse_xml

MOST_BYTES = 32 << 20
"""A page of a book has so many bytes at most."""

_MOST_ENTRIES = 50_000
_MOST_TOTAL = 256 << 20  # all of its pages together
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
# Fonts may be made unusable outside of the book; that is no protection of its text.
_OF_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_FIX = "get the book again, or give it as .txt"


@dataclass
class _Package:
    """What the description of a book says."""

    folder: str
    pages: list[str] = field(default_factory=list)  # in the order of reading
    left_out: list[str] = field(default_factory=list)
    contents: tuple[str, ...] = ()  # files with a table of contents, the newest kind first


def epub_passages(path: Path) -> Iterator[Passage]:
    """The passages of an EPUB."""
    try:
        with zipfile.ZipFile(path) as archive:
            book = _Archive(archive, path)
            yield from _passages(book)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(f"is a damaged EPUB: {error}", file=path, fix=_FIX) from error
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", file=path) from error


def _passages(book: _Archive) -> Iterator[Passage]:
    package = _package(book)
    missing = [one for one in package.pages if one not in book.names]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise book.wrong(f"lacks its page {missing[0]}{more}")
    book.refuse_protected(package.pages)
    titles = _titles(book, package)
    for name in package.pages:
        yield from html_passages(book.page(name), name, titles.get(name, {}))
    for name in package.left_out:
        yield Passage("", name, left_out=f"page {name}, outside of the order of reading")


class _Archive:
    """The files in an EPUB, each read into memory alone."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive, self._path = archive, path
        infos = archive.infolist()
        if len(infos) > _MOST_ENTRIES:
            raise self.wrong(f"holds {len(infos)} files, more than any book")
        self.names = {one.filename for one in infos}
        self._total = 0
        if any(one.flag_bits & 1 for one in infos):
            raise self._protected("with a password")

    def wrong(self, what: str, fix: str = _FIX) -> DataError:
        """The error about this book."""
        return DataError(what, file=self._path, fix=fix)

    def _protected(self, how: str) -> DataError:
        what = f"is protected against copying ({how}) and cannot be read"
        return self.wrong(what, "give a book without protection")

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            DataError: it is missing or far too large.
        """
        try:
            with self._archive.open(name) as file:
                # Not by the size that the archive states, which may be a lie.
                raw = file.read(MOST_BYTES + 1)
        except KeyError:
            raise self.wrong(f"lacks {name}, it is no EPUB or a damaged one") from None
        except (RuntimeError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise self.wrong(f"is damaged in {name}: {error}") from error
        if len(raw) > MOST_BYTES:
            what = f"has more than {MOST_BYTES >> 20} MB in {name}, no page of a book is so large"
            raise self.wrong(what)
        self._total += len(raw)
        if self._total > _MOST_TOTAL:
            raise self.wrong(f"has more than {_MOST_TOTAL >> 20} MB of pages, no book is so long")
        return raw

    def xml(self, name: str) -> list[tuple[str, dict[str, str], str]]:
        """The elements of an XML file: name, attributes, and the text directly inside."""
        found: list[tuple[str, dict[str, str], list[str]]] = []
        inside: list[list[str]] = []

        def start(tag: str, given: Mapping[str, str]) -> None:
            inside.append([])
            found.append((tag, dict(given), inside[-1]))

        def end(tag: str) -> None:
            inside.pop()

        def characters(text: str) -> None:
            inside[-1].append(text)

        try:
            parse_xml(
                self.read(name),
                start,
                end,
                characters,
                doctype=True,
            )
        except XmlError as error:
            raise self.wrong(f"is damaged in {name}, {error}") from None
        return [(tag, given, "".join(texts)) for tag, given, texts in found]

    def page(self, name: str) -> str:
        """A page as text."""
        from tympan.text._html import decoded

        return decoded(self.read(name))

    def resolve(self, folder: str, address: str) -> str:
        """The file in the archive that an address in one of its files means.

        Raises:
            DataError: it lies outside of the book.
        """
        address = unquote(address.partition("#")[0].partition("?")[0])
        name = posixpath.normpath(posixpath.join(folder, address))
        if "://" in address or address.startswith("/") or name.startswith(".."):
            raise self.wrong(f"names {address[:60]!r}, which lies outside of the book")
        return name

    def refuse_protected(self, pages: list[str]) -> None:
        """Refuse a book whose pages are encrypted."""
        if "META-INF/encryption.xml" not in self.names:
            return
        method = ""
        for tag, given, _ in self.xml("META-INF/encryption.xml"):
            if tag == "EncryptionMethod":
                method = given.get("Algorithm", "")
            elif tag == "CipherReference":
                name = unquote(given.get("URI", "")).lstrip("/")
                if name in pages and method not in _OF_FONTS:
                    raise self._protected("DRM")


def _package(book: _Archive) -> _Package:
    """Which pages there are, in the order of reading."""
    roots = [given for tag, given, _ in book.xml("META-INF/container.xml") if tag == "rootfile"]
    if not roots:
        raise book.wrong("names no book in META-INF/container.xml")
    name = book.resolve("", roots[0].get("full-path", ""))
    package = _Package(posixpath.dirname(name))
    items: dict[str, dict[str, str]] = {}
    spine: list[dict[str, str]] = []
    ncx = ""
    for tag, given, _ in book.xml(name):
        if tag == "item":
            items[given.get("id", "")] = given
        elif tag == "itemref":
            spine.append(given)
        elif tag == "spine":
            ncx = given.get("toc", "")
    nav = [one for one in items.values() if "nav" in one.get("properties", "").split()]
    tables = [*nav, *([items[ncx]] if ncx in items else [])]
    package.contents = tuple(book.resolve(package.folder, one.get("href", "")) for one in tables)
    for one in spine:
        item = items.get(one.get("idref", ""))
        if item is None:
            raise book.wrong(f"lacks the page {one.get('idref', '')!r} of its order of reading")
        page = book.resolve(package.folder, item.get("href", ""))
        if item in nav or item.get("media-type", _PAGES[0]) not in _PAGES:
            continue  # the contents, which are no chapter, and pictures
        (package.left_out if one.get("linear") == "no" else package.pages).append(page)
    if not package.pages:
        raise book.wrong("has no pages in its order of reading")
    return package


def _titles(book: _Archive, package: _Package) -> dict[str, dict[str, str]]:
    """For each page the titles in the table of contents: place in the page ("": its top) → title.

    A table that cannot be read is no reason not to speak the book.
    """
    titles: dict[str, dict[str, str]] = {}
    for name in package.contents:
        folder = posixpath.dirname(name)
        try:
            found = _ncx(book, name) if name.endswith(".ncx") else links_of(book.page(name))
            for address, title in found:
                page = book.resolve(folder, address)
                titles.setdefault(page, {}).setdefault(unquote(address.partition("#")[2]), title)
        except DataError:
            continue
        if titles:
            break
    return titles


def _ncx(book: _Archive, name: str) -> list[tuple[str, str]]:
    """Addresses and titles in a table of contents of EPUB 2."""
    found, title = [], ""
    for tag, given, text in book.xml(name):
        if tag == "text":
            title = " ".join(text.split())
        elif tag == "content" and title:
            found.append((given.get("src", ""), title))
            title = ""
    return found
