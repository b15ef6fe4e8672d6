"""`tympan enroll`: put a voice into a voice book."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import CleanOrNot, Files

BookFile = Annotated[Path, typer.Option("--book", "-b", help="The voice book.")]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Name or folder; else voices.", show_default=False,
        autocompletion=among(lambda: model_names("identify")),
    ),
]  # fmt: skip
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def enroll(
    name: Annotated[str, typer.Argument(help="Whose voice it is.", show_default=False)],
    files: Files,
    book: BookFile = Path("voices.tympan"),
    false_accept: Annotated[
        float,
        typer.Option(
            "--false-accept", min=0.0001, max=0.5, help="So many of the strangers may get a name."
        ),
    ] = 0.01,
    model: ModelName = None,
    device: Device = "auto",
    clean: CleanOrNot = None,
    json: Json = False,
) -> None:
    """Put a voice into a voice book, from recordings in which this person alone speaks."""
    from tympan.cli.sources import recordings
    from tympan.tasks.identify.api import enroll as enroll_voice

    found = recordings(files)
    paths = [one.path if one.path is not None else "-" for one in found]
    expected = enroll_voice(
        name,
        *paths,
        book=book,
        false_accept=false_accept,
        model=model,
        device=device,
        clean=clean,
    )
    if json:
        from tympan.cli.outputs import json_line

        typer.echo(json_line({"name": name, "book": str(book), "expected": expected.to_json()}))
        return
    from tympan.tasks.identify.book import read_book

    typer.echo(read_book(book).line_of(name) + f", in {book}")
    typer.echo(expected)
