"""Sphinx extension: a page in Markdown lists with `{verb-names}` the options of every question.

Of those that are put to a recording; `speak`, which takes a text, has rows of its own.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList


def rows() -> list[tuple[str, str, str]]:
    """Own options of each question to a recording: the question, its name in the shell, in Python.

    >>> ("classify", "`--top`, `-k`", "`top`") in rows()
    True
    """
    from tympan.tasks.registry import verbs

    found = []
    for verb in verbs().values():
        if verb.takes != "recording":
            continue
        for option in verb.options:
            shell = ", ".join(f"`{flag}`" for flag in option.flags)
            found.append((verb.name, shell, f"`{option.name}`"))
        for extra in verb.extras:
            found.append((verb.name, f"`{extra.flag}`", "–"))
    return found


class VerbNames(Directive):
    """The directive, without arguments."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        lines = ["| question | in the shell | in Python |", "|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows()]
        found = nodes.section()
        # Parsed as the page is: in Markdown.
        self.state.nested_parse(StringList(lines, "verbs"), self.content_offset, found)
        return list(found.children)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("verb-names", VerbNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
