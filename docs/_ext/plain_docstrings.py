"""Sphinx extension: what docstrings mean by |x| and `Clip`s is what the page shows.

To reStructuredText, bars are substitutions, and code cannot be followed by a letter. Docstrings
here are written for people who read them in an editor, with single backticks for code.
"""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(``?[^`]*``?)")


def as_meant(lines: list[str]) -> list[str]:
    """Escape the prose for reStructuredText; leave code, doctests and literal blocks alone.

    >>> as_meant(["the modulus |X|, or `a`s, `a | b`", ">>> print('|')", "|"])
    ['the modulus \\\\|X\\\\|, or `a`\\\\ s, `a | b`', ">>> print('|')", '|']
    """
    escaped, in_doctest, literal_indent = [], False, None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if literal_indent is not None and line.strip() and indent <= literal_indent:
            literal_indent = None
        in_doctest = bool(line.strip()) and (in_doctest or line.lstrip().startswith(">>>"))
        if in_doctest or literal_indent is not None:
            escaped.append(line)
            continue
        if line.rstrip().endswith("::"):
            literal_indent = indent
        parts = _CODE.split(line)
        parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
        # Code ends only before a space or punctuation: `Clip`s needs an invisible gap.
        parts[2::2] = [f"\\ {part}" if part[:1].isalnum() else part for part in parts[2::2]]
        escaped.append("".join(parts))
    return escaped


def _process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = as_meant(lines)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension; napoleon comes first and must have seen the lines as they were."""
    app.connect("autodoc-process-docstring", _process, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
