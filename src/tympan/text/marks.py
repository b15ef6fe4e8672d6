"""Punctuation and links, which all languages share."""

from __future__ import annotations

import re

from tympan.text.tokens import Scan, Token

MARK = r"\.(?:\s?\.)+|…|-{2,}|(?<=\s)-(?=\s)|—|–|[.,;:?!]+|[()\[\]]"

RULER = r"={3,}|[+]{3,}|&{3,}|%{3,}|@{3,}|~{3,}|_{3,}"
"""A line drawn with signs, which are not read one by one."""

COMPARED = (
    r"(?<=\s)[<>](?=\s)|(?:(?<=\d)|(?<=\b[A-Za-z]))(?<![</]\w)[<>](?=[-−]?\d|[A-Za-z]\b(?!>))"
)
"""< and > between numbers, letters, or words set apart; in `<b>x</b>` they belong to a tag."""

LINK = r"!?\[(?P<label>[^\[\]\n]{0,500})\]\((?P<target>[^()\s]{1,500})\)"


def link(found: re.Match[str], scan: Scan) -> list[Token]:
    """A link of Markdown: its text is read, its target named as unspoken."""
    scan.unspoken.append(found["target"])
    before = len(scan.out)
    inner = list(scan.rules.run(scan, *found.span("label"))) if scan.rules else []
    del scan.out[before:]
    return inner


def mark(found: re.Match[str], scan: Scan) -> list[Token]:
    """One of the marks that an acoustic net sees; a parenthesis is set off by a pause."""
    text = found[0]
    if text in "()[]":
        spoken = ","
    elif text[0] in "-–—=+&%@~_":
        spoken = "—"
    elif "?" in text:
        spoken = "?"
    elif "!" in text:
        spoken = "!"
    elif text[0] == "…" or text.count(".") > 1:
        spoken = "…"
    else:
        spoken = text[0]
    return [Token(spoken, *found.span(), "mark")]
