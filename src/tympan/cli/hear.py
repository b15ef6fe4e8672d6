"""`tympan hear`: one page about each recording."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import CleanOrNot, Files, Partial, Quiet

if TYPE_CHECKING:
    from tympan.cli.sources import Recording


def hear(
    files: Files,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", show_default=False,
            help="Page to write, or folder for pages; else the recording's name with .html, here.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", show_default=False,
            help="Model, again for another; 'none': no answer; else the default of each question.",
            autocompletion=among(lambda: [*model_names(), "none"]),
        ),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", help="Seconds per step of the timeline.", min=0.01, show_default=False
        ),
    ] = None,
    book: Annotated[
        str | None,
        typer.Option(
            "--book", "-b", show_default=False,
            help="Voice book that names voices; else voices.tympan here, if it is there.",
        ),
    ] = None,
    partial: Partial = False,
    clean: CleanOrNot = None,
    quiet: Quiet = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:  # fmt: skip
    """Write a page: player, pictures, answers."""
    from tympan.cli.failures import Failures, announce, counted
    from tympan.cli.outputs import Once
    from tympan.cli.sources import check_readable, recordings
    from tympan.models import find_model
    from tympan.tasks.engines import find_engine

    models = [one for one in model if one != "none"] if model else None
    found = recordings(files, each=True)
    check_readable(found)
    for one in models or ():
        if find_engine(one) is None:
            find_model(one)
    targets = pages(found, out)
    from tympan.report.hear import hear as write

    failures, once = Failures(len(found)), Once(quiet=quiet)
    for recording in counted(found, quiet=quiet):
        announce(recording, quiet=quiet or len(found) > 1)
        report = None
        with failures.of(recording), recording.opened(partial=partial) as source:
            report = write(
                source, targets[recording], models=models, clean=clean, every_s=every, book=book
            )
        if report is None:
            continue
        for answer in report.answers:
            if len(report.answers) > 1:
                typer.echo(f"{answer.model}:")
            typer.echo(once(answer))
        for warning in report.warnings if not quiet else ():
            typer.echo(warning)
        typer.echo(f"report: {report.path}")
        if open_page:
            report.open()
    failures.finish()


def pages(found: Sequence[Recording], out: str | None) -> dict[Recording, Path]:
    """The page of each recording; one of another recording is not overwritten unless named.

    Args:
        found: the recordings.
        out: a page, a folder, or None: the working directory.

    Raises:
        ArgumentError: one page is named for several recordings.
    """
    from tympan._files import make_folder
    from tympan.cli.outputs import unique_targets
    from tympan.errors import ArgumentError

    several = len(found) > 1 or found[0].listed
    is_folder = out is None or Path(out).is_dir() or out.endswith(("/", os.sep))
    if out is not None and not is_folder and not (several and not Path(out).suffix):
        if several:
            what = f"is one page, and there are {len(found)} recordings"
            raise ArgumentError(what, file=out, fix="name a folder with -o")
        return {found[0]: Path(out)}
    targets = unique_targets(found, Path(out or ""), ".html", free=_is_free)
    for path in targets.values():
        make_folder(path.parent)
    return targets


def _is_free(page: Path, recording: Recording) -> bool:
    """Whether there is no such page yet, or one about the same recording."""
    from tympan.report.marker import recording_key, written_for

    return not page.exists() or written_for(page) == recording_key(recording.path)
