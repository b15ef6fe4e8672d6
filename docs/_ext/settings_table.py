"""Sphinx extension: a page in Markdown lists with `{settings-table} TASK` what `--set` changes."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList


class SettingsTable(Directive):
    """The directive: its argument is the task."""

    required_arguments = 1
    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Return a table: name, default, meaning."""
        from tympan.tasks import list_settings

        lines = ["| setting | default | what it does |", "|---|---|---|"]
        for one in list_settings(self.arguments[0]):
            cells = (f"`{one.name}`" + " \\*" * one.scratch_only, one.default, one.meaning)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        found = nodes.section()
        # Parsed as the page is: in Markdown.
        self.state.nested_parse(StringList(lines, "settings"), self.content_offset, found)
        return list(found.children)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("settings-table", SettingsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
