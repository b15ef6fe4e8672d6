"""`tympan evaluate`: how good is a model on these recordings?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import FileColumn, LabelColumn, Metadata, Quiet


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="Name or folder of a model.", show_default=False, autocompletion=among(model_names)
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(help="Labelled recordings; scores for a composer.", show_default=False),
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="Only rows of this split.", show_default=False)
    ] = None,
    metadata: Metadata = None,
    file_column: FileColumn = None,
    label_column: LabelColumn = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Score a model on labelled recordings."""
    from tympan.cli.outputs import json_line
    from tympan.tasks.evaluating import evaluate as score

    result = score(
        model, folder, split=split, device=device,
        metadata=metadata, file_column=file_column, label_column=label_column,
    )  # fmt: skip
    lines = [*result.warnings, *(f"left out: {line}" for line in result.skipped)]
    for line in lines if not quiet else ():
        typer.echo(f"tympan: {line}", err=True)
    if result.remark and as_json and not quiet:
        typer.echo(f"tympan: {result.remark}", err=True)
    typer.echo(json_line(result.to_json()) if as_json else result)
