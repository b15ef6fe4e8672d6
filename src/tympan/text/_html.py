"""Web pages as they stand in books: what of them is spoken, and where chapters begin."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from tympan.text._passages import LONGEST_HEADING, LONGEST_PARAGRAPH, Passage, cut

_SKIPPED = {
    *("head", "script", "style", "template", "svg", "audio", "video", "iframe", "object", "rt"),
    *("rp", "noscript", "form", "button", "select", "canvas", "nav"),
}
_VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
    *("source", "track", "wbr"),
}
_INLINE = {
    *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font"),
    *("i", "img", "ins", "kbd", "mark", "q", "ruby", "rb", "s", "samp", "small", "span", "strike"),
    *("strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "acronym", "math", "label"),
}
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_CELLS = {"td", "th"}
# What an element is by its `epub:type` or `role`.
_MARKS_OF_NOTES = {"noteref", "doc-noteref", "pagebreak", "doc-pagebreak", "backlink"}
_MARKS_OF_NOTES |= {"doc-backlink"}
_NOTES = {
    *("footnote", "doc-footnote", "rearnote", "endnote", "doc-endnote", "footnotes", "rearnotes"),
    *("endnotes", "doc-endnotes"),
}
_MARK = re.compile(r"[\[(]?(?:\d{1,4}|[*†‡§¶]{1,3}|[a-z])[\])]?")
# What may have an exponent: m², 10⁶.
_BASE = re.compile(r"(?:^|[\W\d])(?:[^\W\d]{1,2}|\d+)$")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_SECTION = re.compile(r"<!\[[^>]{0,200}>?")
_DECLARED = re.compile(rb"""(?:encoding|charset)\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""")
# A page nested deeper than this is an attack, and the rest of it is read as if it were flat.
_MOST_DEPTH = 500


def decoded(raw: bytes) -> str:
    """A page as text: by its marks, what it states, else UTF-8.

    >>> decoded('<?xml version="1.0" encoding="iso-8859-1"?><p>é</p>'.encode("latin-1"))[-8:]
    '<p>é</p>'
    """
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    stated = _DECLARED.search(raw[:1024])
    encoding = stated[1].decode() if stated else "cp1252"
    try:
        return raw.decode("cp1252" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except (LookupError, UnicodeDecodeError):
        return raw.decode("cp1252", "replace")


def html_passages(page: str, name: str, titles: Mapping[str, str]) -> Iterator[Passage]:
    """The passages of a page.

    Args:
        page: the page.
        name: its file, for places.
        titles: places (`id`) in it at which chapters begin, with their titles; "" is its top.
    """
    reader = _Page(name, titles)
    reader.feed(_prepared(page))
    reader.close()
    reader.end_block()
    yield from reader.passages


def links_of(page: str) -> list[tuple[str, str]]:
    """The addresses and texts of the links in the table of contents of EPUB 3."""
    reader = _Contents()
    reader.feed(_prepared(page))
    reader.close()
    return reader.links


def _prepared(page: str) -> str:
    """A page without the marked sections of XML, which the parser does not know.

    >>> _prepared("<![CDATA[a < b]]><![if IE]>c<![endif]>")
    'a &lt; bc'
    """
    page = _CDATA.sub(lambda found: html.escape(found[1]), page)
    return _SECTION.sub("", page)


class _Page(HTMLParser):
    """Gathers paragraphs; where a title begins a chapter, a heading within it is no other one."""

    def __init__(self, name: str, titles: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self.passages: list[Passage] = []
        self._name, self._titles = name, dict(titles)
        self._open: list[str] = []
        self._hidden_at = 0  # the depth of the element whose content is not spoken; 0: none
        self._text: list[str] = []
        self._row: list[str] | None = None
        self._note: list[str] | None = None  # the text of what may be the mark of a footnote
        self._linked = False  # whether that mark is a link
        self._begin_chapter("")

    def _begin_chapter(self, place: str) -> None:
        title = self._titles.pop(place, "")
        if title:
            self.end_block()
            where = f"{self._name}#{place}" if place else self._name
            self.passages.append(Passage(title, where, heading=True))

    # -- what the parser calls -------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag in _VOID:
            self._void(tag, given)
            return
        if len(self._open) < _MOST_DEPTH:
            self._open.append(tag)
        if self._hidden_at:
            return
        for key in ("id", "name"):
            if given.get(key):
                self._begin_chapter(given[key])
        kinds = {*given.get("epub:type", "").split(), *given.get("role", "").split()}
        hidden = "hidden" in given or "display:none" in given.get("style", "").replace(" ", "")
        if tag in _SKIPPED or hidden or kinds & (_MARKS_OF_NOTES | _NOTES):
            self._hidden_at = len(self._open)
            if kinds & _NOTES:
                self._leave_out("footnote")
        elif tag == "code" and "pre" in self._open and not "".join(self._text).strip():
            self._hidden_at = len(self._open)
            self._leave_out("code")
        elif tag == "math":
            self._hidden_at = len(self._open)
            self._text.append(f" {given.get('alttext', '')} ")
        elif tag == "sup":
            self._note, self._linked = [], "a" in self._open
        elif tag == "a":
            self._linked = True
        elif tag not in _INLINE:
            self._end_of_element()
            if tag == "tr" and self._row is None:
                self._row = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag in _VOID:
            self._void(tag, given)
        elif not self._hidden_at and given.get("id"):
            self._begin_chapter(given["id"])

    def _void(self, tag: str, given: Mapping[str, str]) -> None:
        if self._hidden_at:
            return
        if tag == "hr":
            self.end_block()
        elif tag == "br":
            self._text.append("\n")
        elif tag == "img" and len(given.get("alt", "").split()) > 1:
            self._text.append(f" {given['alt']} ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or tag not in self._open:
            return
        while self._open.pop() != tag:  # what was never closed ends here too
            pass
        if self._hidden_at:
            if len(self._open) < self._hidden_at:
                self._hidden_at = 0
            return
        if tag == "sup":
            self._end_note()
        elif tag in _CELLS and self._row is not None:
            self._row.append(self._taken())
        elif tag == "tr" and self._row is not None:
            self._text.append(", ".join(one for one in self._row if one))
            self._row = None
            self.end_block(end=".")
        elif tag in _HEADINGS and self._row is None:
            self._end_heading()
        elif tag not in _INLINE:
            self._end_of_element()

    def handle_data(self, data: str) -> None:
        if not self._hidden_at:
            (self._text if self._note is None else self._note).append(data)

    # -- blocks ----------------------------------------------------------------------------------

    def _end_note(self) -> None:
        text, self._note = "".join(self._note or []).strip(), None
        exponent = not self._linked and _BASE.search("".join(self._text[-3:]))
        if text and (exponent or not _MARK.fullmatch(text)):
            self._text.append(text)

    def _taken(self) -> str:
        if self._note is not None:
            self._end_note()
        text = " ".join("".join(self._text).replace("\u00ad", "").split())
        self._text = []
        return text

    def _end_of_element(self) -> None:
        """A paragraph ends; but not in a table, whose rows are paragraphs."""
        if self._row is None:
            self.end_block()
        else:
            self._text.append(" ")

    def end_block(self, end: str = "") -> None:
        """What was gathered is a paragraph."""
        text = self._taken()
        if not text:
            return
        if end and not text.endswith((".", "!", "?")):
            text += end
        for piece in cut(text, LONGEST_PARAGRAPH):
            self.passages.append(Passage(piece, self._name))

    def _end_heading(self) -> None:
        text = self._taken()
        if not text:
            return
        if len(text) > LONGEST_HEADING:
            pieces = cut(text, LONGEST_PARAGRAPH)
            self.passages += [Passage(piece, self._name) for piece in pieces]
            return
        last = self.passages[-1] if self.passages else None
        if last is not None and last.heading and not last.left_out:
            # The title of the contents, and the heading, which may say more: one of them.
            title, heading = _words(last.text), _words(text)
            if heading <= title:
                return
            if title <= heading:
                self.passages[-1] = Passage(text, last.place, heading=True)
                return
        known = any(one.heading for one in self.passages)
        self.passages.append(Passage(text, self._name, heading=not known))

    def _leave_out(self, kind: str) -> None:
        self.passages.append(Passage("", self._name, left_out=f"{kind} ({self._name})"))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


class _Contents(HTMLParser):
    """Gathers the links of the first list that is a table of contents."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, str]] = []
        self._kinds: list[str] = []
        self._address: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "nav":
            self._kinds.append(given.get("epub:type", given.get("role", "toc")))
        elif tag == "a" and given.get("href") and self._kinds and "toc" in self._kinds[-1]:
            self._address, self._text = given["href"], []

    def handle_endtag(self, tag: str) -> None:
        if tag == "nav" and self._kinds:
            self._kinds.pop()
        elif tag == "a" and self._address is not None:
            title = " ".join("".join(self._text).split())
            if title:
                self.links.append((self._address, title))
            self._address = None

    def handle_data(self, data: str) -> None:
        if self._address is not None:
            self._text.append(data)
