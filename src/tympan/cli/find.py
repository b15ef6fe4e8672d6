"""`tympan find`: the moments of an archive that sound like an example."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.sources import Partial


def find(
    example: Annotated[str, typer.Argument(help="Recording of the sound.", show_default=False)],
    index: Annotated[
        Path,
        typer.Argument(help="What `tympan embed ARCHIVE -o index.npz` made.", show_default=False),
    ],
    top: Annotated[int, typer.Option("--top", "-k", help="How many moments.", min=1)] = 10,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="Model of the index; else it says so itself.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Page with players to write.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per moment, one per line.")
    ] = False,
    partial: Partial = False,
) -> None:  # fmt: skip
    """Find the moments of an archive that sound like an example."""
    from dataclasses import asdict

    from tympan.cli.outputs import json_line
    from tympan.cli.sources import check_readable, recordings
    from tympan.errors import ArgumentError

    (recording,) = recordings([example])
    if recording.path is not None and recording.path.suffix.lower() in (".npz", ".parquet"):
        fix = "the example comes first: tympan find EXAMPLE INDEX"
        raise ArgumentError("is an index, not a recording", file=example, fix=fix)
    check_readable([recording])
    from tympan.tasks.embed.find import find as search

    with recording.opened(partial=partial) as source:
        matches = search(source, index, top=top, model=model)
        for match in matches:
            typer.echo(json_line(asdict(match)) if as_json else match)
        if out is not None:
            from tympan.report.found import write_found

            typer.echo(f"page: {write_found(source, matches, out)}", err=as_json)
