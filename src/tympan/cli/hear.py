"""`tympan hear`: one page about a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.sources import Partial, source


def hear(
    file: Annotated[Path, typer.Argument(help="Sound file of any length.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path(
        "report.html"
    ),
    model: Annotated[
        str, typer.Option("--model", "-m", help="Name or folder of a model; 'none' for no answer.")
    ] = "sounds",
    every: Annotated[
        float | None,
        typer.Option(
            "--every", help="Seconds per step of the timeline.", min=0.01, show_default=False
        ),
    ] = None,
    partial: Partial = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Write a page: player, pictures, what is heard."""
    from tympan.report.hear import hear as write

    _announce(file)
    models = [] if model == "none" else [model]
    report = write(source(file, partial), out, models=models, every_s=every if models else None)
    if report.answer is not None:
        typer.echo(report.answer)
    for warning in report.warnings:
        typer.echo(warning)
    typer.echo(f"report: {report.path}")
    if open_page:
        report.open()


def _announce(file: Path) -> None:
    """Tell who waits at a terminal that a long recording takes its time."""
    import sys

    from tympan.errors import TympanError

    if not sys.stderr.isatty():
        return
    from tympan.audio import probe

    try:
        seconds = probe(file).duration_s or 0.0
    except TympanError:
        return  # hearing it says what is wrong
    if seconds > 600:
        typer.echo(f"{seconds / 60:.0f} minutes of sound: this may take a few minutes", err=True)
