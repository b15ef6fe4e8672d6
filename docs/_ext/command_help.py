"""Sphinx extension: `.. command-help:: NAME` shows what `tympan NAME --help` says."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive


def help_text(name: str) -> str:
    """Return the help page of a command; of `tympan` itself for an empty name.

    Raises:
        LookupError: there is no such command.
    """
    import os

    os.environ["COLUMNS"] = "88"
    from typer.testing import CliRunner

    from tympan.cli.main import COMMANDS, app

    if name and name not in COMMANDS:
        raise LookupError(f"tympan has no command {name!r}")
    arguments = [name, "--help"] if name else ["--help"]
    return CliRunner().invoke(app, arguments, prog_name="tympan").output.strip()


class CommandHelp(Directive):
    """The directive: its argument is the command."""

    optional_arguments = 1
    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Return a literal block with the help page."""
        name = self.arguments[0] if self.arguments else ""
        try:
            text = help_text(name)
        except LookupError as error:
            raise self.error(str(error)) from error
        block = nodes.literal_block(text, text)
        block["language"] = "text"
        return [block]


def setup(app: Any) -> dict[str, Any]:
    """Register the extension."""
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
