"""`tympan classify`: what sound is it, and when?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.sources import Partial, source


def classify(
    files: Annotated[
        list[Path],
        typer.Argument(help="Sound files, or folders of them.", show_default=False),
    ],
    model: Annotated[str, typer.Option("--model", "-m", help="Name or folder.")] = "sounds",
    top: Annotated[int, typer.Option("--top", "-k", help="How many labels.", min=1)] = 5,
    every: Annotated[
        float | None,
        typer.Option("--every", help="Seconds per step of the timeline.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per file, one per line.")
    ] = False,
    explain: Annotated[
        Path | None,
        typer.Option(
            "--explain", help="Picture of what spoke for the best label.", show_default=False
        ),
    ] = None,
    partial: Partial = False,
) -> None:
    """Name what is heard, and when.

    A folder stands for all recordings in it and in its sub-folders.
    """
    import json

    from tympan.errors import ArgumentError, TympanError
    from tympan.tasks.ask import classify as ask
    from tympan.tasks.ask import load

    ready = load(model, "classify")  # a mistake here concerns no file
    files = recordings(files)
    if explain is not None and len(files) > 1:
        raise ArgumentError("--explain draws one picture", fix="give one file")
    failed: list[TympanError] = []
    for file in _counted(files):
        try:
            answer = ask(source(file, partial), model=model, top=top, every_s=every)
        except TympanError as error:
            # One bad file among many must not cost the answers about the others.
            if len(files) == 1:
                raise
            typer.echo(f"tympan: {error}", err=True)
            failed.append(error)
            continue
        if explain is not None and answer.warnings:
            typer.echo(f"no picture of why: {file} {answer.warnings[0]}", err=True)
        elif explain is not None:
            from tympan.tasks.classify import explain as why

            why(ready, source(file, partial)).save(explain)
            typer.echo(f"why: {explain}", err=as_json)
        for warning in answer.warnings if as_json else ():
            typer.echo(f"tympan: {file}: {warning}", err=True)
        typer.echo(json.dumps(answer.to_json(), ensure_ascii=False) if as_json else answer)
    if failed:
        raise TympanError(f"{len(failed)} of {len(files)} files could not be classified")


def recordings(paths: Sequence[Path]) -> list[Path]:
    """Put in the place of each folder the recordings in it, in order of their names.

    Raises:
        DataError: a folder holds none.
    """
    from tympan.data._formats import AUDIO_SUFFIXES
    from tympan.errors import DataError

    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(
            one
            for one in path.rglob("*")
            if one.suffix.lower() in AUDIO_SUFFIXES
            and one.is_file()
            and not any(part.startswith(".") for part in one.relative_to(path).parts)
        )
        if not inside:
            fix = "give a sound file, or a folder of them"
            raise DataError("is a folder without recordings", file=path, fix=fix)
        found += inside
    return found


def _counted(files: Sequence[Path]) -> Iterator[Path]:
    """Go through the files; where a person watches many, say on the last line how far it is."""
    import sys

    shown = len(files) > 1 and sys.stderr.isatty() and not sys.stdout.isatty()
    for number, file in enumerate(files):
        if shown:
            print(f"\r{number} of {len(files)} recordings", end="", file=sys.stderr, flush=True)
        yield file
    if shown:
        print(f"\r{len(files)} of {len(files)} recordings", file=sys.stderr)
