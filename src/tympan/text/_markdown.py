"""Markdown through markdown-it-py, a piece of the file at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tympan.errors import MissingDependencyError
from tympan.text._encoding import lines_of
from tympan.text._passages import LONGEST_HEADING, LONGEST_PARAGRAPH, Passage, cut

# Parsed at once: cut at an empty line from the first size on, anywhere at the second.
_SIZE, _LARGEST = 1 << 15, 1 << 18
_MOST_REFERENCES = 100_000
_LONGEST_FRONT_MATTER = 300
_FENCE = re.compile(
    r"(?P<indent>\s*(?:[-*+>]\s+|\d+[.)]\s+)*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)"
)
_REFERENCE = re.compile(r"\s{0,3}\[([^\]^][^\]]{0,200})\]:\s*(<[^>]*>|\S+)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_FOOTNOTE_TEXT = re.compile(r"\[\^([^\]\s]+)\]:\s")
_TAG = re.compile(r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1>|$)|<[^>]*>", re.DOTALL | re.I)
_TASK = re.compile(r"\[[ xX]\]\s+")


def markdown_passages(path: Path) -> Iterator[Passage]:
    """The passages of a Markdown file."""
    try:
        from markdown_it import MarkdownIt
        from markdown_it.common.utils import normalizeReference
    except ImportError as error:
        what = "to read Markdown, markdown-it-py is needed"
        raise MissingDependencyError(what, fix="pip install 'tympan[books]'") from error
    references: dict[str, dict[str, str]] = {}
    for _, line in lines_of(path):
        found = _REFERENCE.match(line)
        if found and len(references) < _MOST_REFERENCES:
            references[normalizeReference(found[1])] = {"title": "", "href": "x"}
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for numbers, text in _pieces(path):
        yield from _passages(parser.parse(text, {"references": references}), numbers)


def _pieces(path: Path) -> Iterator[tuple[list[int], str]]:
    """Parts of the file that can be parsed alone: the number of each line, and the lines.

    Of code only the number of its lines is kept.
    """
    numbers: list[int] = []
    held: list[str] = []
    size, fence, inside, count = 0, "", "", 0
    for number, line in _without_front_matter(path):
        opened = _FENCE.match(line)
        if fence:
            if opened and opened["fence"].startswith(fence) and not opened["info"].strip():
                held[-1:] = [held[-1], f"{inside}{count}", f"{inside}{fence}"]
                numbers += [number, number]
                fence = ""
            count += 1
            continue
        if opened:
            fence, count = opened["fence"], 0
            inside = " " * len(opened["indent"])
        ends = not line.strip() and size > _SIZE
        if held and (ends or size > _LARGEST) and not fence:
            yield numbers, "\n".join(held)
            numbers, held, size = [], [], 0
        # One word behind it would make of a footnote a link that is not shown.
        held.append(_FOOTNOTE_TEXT.sub(r"\\\g<0>", line) if _FOOTNOTE_TEXT.match(line) else line)
        numbers.append(number)
        size += len(line) + 1
    if fence:  # never closed
        held += [f"{inside}{count}"]
        numbers += [numbers[-1]]
    if held:
        yield numbers, "\n".join(held)


def _without_front_matter(path: Path) -> Iterator[tuple[int, str]]:
    """The lines behind what a file says about itself between two lines of `---`."""
    lines = lines_of(path)
    first = next(lines, None)
    if first is None:
        return
    held = [first]
    if first[1].rstrip() == "---":
        for one in lines:
            held.append(one)
            if one[1].rstrip() in ("---", "..."):
                held = []
                break
            if len(held) > _LONGEST_FRONT_MATTER or not one[1].strip():
                break
    yield from held
    yield from lines


def _passages(tokens: Sequence[Any], numbers: Sequence[int]) -> Iterator[Passage]:
    """What stands in the tokens of one piece."""
    heading, prefix, place = False, "", f"line {numbers[0]}"
    row: list[str] | None = None
    for token in tokens:
        if token.map:
            place = f"line {numbers[min(token.map[0], len(numbers) - 1)]}"
        if token.type == "heading_open":
            heading = True
        elif token.type == "list_item_open":
            prefix = f"{token.info}. " if token.info else ""
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            cells = ", ".join(one for one in row if one)
            if cells:
                yield Passage(cells if cells.endswith((".", "!", "?")) else f"{cells}.", place)
            row = None
        elif token.type == "inline":
            text = _TASK.sub("", " ".join(_spoken(token.children or []).split()), count=1)
            if row is not None:
                row.append(text)
                continue
            yield from _of_text(text, place, heading, prefix)
            heading, prefix = False, ""
        elif token.type in ("fence", "code_block"):
            yield Passage("", place, left_out=_code(token, place))
        elif token.type == "html_block":
            yield from _of_text(" ".join(_TAG.sub(" ", token.content).split()), place, False, "")


def _of_text(text: str, place: str, heading: bool, prefix: str) -> Iterator[Passage]:
    note = _FOOTNOTE_TEXT.match(text)
    if note:
        yield Passage("", place, left_out=f"footnote {note[1]} ({place})")
        return
    text = " ".join(_FOOTNOTE.sub("", text).split())
    if not text:
        return
    if heading and len(text) <= LONGEST_HEADING:
        yield Passage(text, place, heading=True)
        return
    for piece in cut(prefix + text, LONGEST_PARAGRAPH):
        yield Passage(piece, place)


def _code(token: Any, place: str) -> str:
    count = token.content.count("\n")
    if token.type == "fence":
        found = token.content.strip().rpartition("\n")[2].strip()
        count = int(found) if found.isdigit() else count
    language = token.info.split()[0][:20] if token.info.split() else ""
    kind = f"code ({language})" if language else "code"
    return f"{kind} of {count} line{'' if count == 1 else 's'} ({place})"


def _spoken(children: Sequence[Any]) -> str:
    """The text of a line without its marks."""
    parts = []
    for one in children:
        if one.type in ("text", "code_inline", "image"):
            parts.append(one.content)
        elif one.type in ("softbreak", "hardbreak") or one.content.startswith("<br"):
            parts.append(" ")
    return "".join(parts)
