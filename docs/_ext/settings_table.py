"""Sphinx extension: `.. settings-table:: TASK` lists what `tympan train --set` can change."""

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
        from plain_docstrings import as_meant

        from tympan.tasks import list_settings

        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 18 22 60", ""]
        rows = [("setting", "default", "what it does")]
        rows += [
            (
                f"``{one.name}``" + " \\*" * one.scratch_only,
                one.default,
                as_meant([one.meaning])[0],
            )
            for one in list_settings(self.arguments[0])
        ]
        for row in rows:
            lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
        found = nodes.section()
        self.state.nested_parse(StringList(lines, "settings"), self.content_offset, found)
        return list(found.children)


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("settings-table", SettingsTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
