"""`tympan book`: look after a voice book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.enroll import BookFile, Json

ACTIONS = "list; forget NAME …; rename OLD NEW; merge BOOK …; export FILE [NAME …]"


def book(
    action: Annotated[str, typer.Argument(help=ACTIONS, show_default=False)],
    given: Annotated[
        list[str] | None, typer.Argument(help="What the action takes.", show_default=False)
    ] = None,
    book: BookFile = Path("voices.tympan"),
    json: Json = False,
) -> None:
    """List the voices of a book; forget, rename, merge or export them."""
    from tympan.tasks.identify.api import recalibrated
    from tympan.tasks.identify.book import changing, read_book

    values = list(given or ())
    _check(action, values)
    if action == "list":
        found = read_book(book)
    elif action == "export":
        found = read_book(book)
        found = found.only(values[1:]) if values[1:] else found
        recalibrated(found).save(values[0])
    else:
        with changing(book, create=action == "merge") as held:
            found = held
            if action == "forget":
                for name in values:
                    found = found.forgotten(name)
            elif action == "rename":
                found = found.renamed(*values)
            else:
                for other in values:
                    found = found.merged(read_book(other))
            found = recalibrated(found)
            found.save(book)
    if json:
        from tympan.cli.outputs import json_line

        typer.echo(json_line(found.to_json()))
    else:
        typer.echo(found)


def _check(action: str, values: list[str]) -> None:
    """The action and what it takes.

    Raises:
        ArgumentError: there is no such action, or it takes something else.
    """
    from tympan.errors import ArgumentError

    takes = {
        "list": (0, 0, "nothing"),
        "forget": (1, None, "the name of a voice"),
        "rename": (2, 2, "the name of a voice and its new name"),
        "merge": (1, None, "other voice books"),
        "export": (1, None, "the file to write, then names, or none for all"),
    }
    if action not in takes:
        raise ArgumentError(f"book has no action {action!r}", fix=f"one of {', '.join(takes)}")
    least, most, what = takes[action]
    if len(values) < least or (most is not None and len(values) > most):
        raise ArgumentError(f"book {action} takes {what}", fix=f"tympan book --help: {ACTIONS}")
