"""XML that may come from anybody: no entities, no document type, no endless depth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

MOST_DEPTH = 64


class XmlError(Exception):
    """What is wrong with the XML, and where.

    Args:
        what: a clause.
        line, column: where, counted from 1.
        refused: it is XML, but none that is read here.
    """

    def __init__(self, what: str, line: int, column: int, *, refused: bool = False) -> None:
        super().__init__(what)
        self.what, self.line, self.column, self.refused = what, line, column, refused

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.what}"


def parse_xml(
    content: bytes | str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
    *,
    doctype: bool = False,
) -> None:
    """Call a function for each tag and each piece of text.

    Args:
        content: the XML.
        start: called with the name of an element, without its namespace, and its attributes.
        end: called with its name.
        text: called with what stands between tags.
        doctype: whether a document type may be named; nothing of it is read.

    Raises:
        XmlError: it is no XML, defines entities, or is nested too deeply.

    >>> parse_xml("<a><b>hi</b></a>", lambda name, _: None, print, lambda text: None)
    b
    a
    """
    parser = expat.ParserCreate("utf-8" if isinstance(content, str) else None)
    parser.buffer_text = True
    depth = 0

    def wrong(what: str) -> XmlError:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        return XmlError(what, line, column, refused=True)

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise wrong(f"tags are nested more than {MOST_DEPTH} deep")
        start(name.rpartition(":")[2], attributes)

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(":")[2])

    def refuse_entity(*_: Any) -> None:
        raise wrong("entities are not allowed, only those of XML itself such as &amp;")

    def refuse_doctype(*_: Any) -> None:
        if not doctype:
            raise wrong("a document type (<!DOCTYPE …>) is not allowed")

    def skip(*_: Any) -> int:
        return 1  # what is outside of the file is not read

    parser.StartElementHandler, parser.EndElementHandler = begin, finish
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refuse_entity
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.ExternalEntityRefHandler = skip
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        what = expat.ErrorString(error.code)
        raise XmlError(what, error.lineno, error.offset + 1) from None
    except (LookupError, ValueError) as error:  # an encoding that does not exist
        raise XmlError(str(error), 1, 1) from None
