"""`tympan evaluate`: how good is a model on these recordings?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    model: Annotated[str, typer.Argument(help="Name or folder of a model.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="Labelled recordings.", show_default=False)],
    split: Annotated[
        str | None, typer.Option("--split", help="Only rows of this split.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score a model on labelled recordings."""
    import json

    from tympan.tasks import evaluate as score

    result = score(model, folder, split=split)
    for line in result.skipped:
        typer.echo(f"tympan: left out: {line}", err=True)
    if result.remark and as_json:
        typer.echo(f"tympan: {result.remark}", err=True)
    typer.echo(json.dumps(result.to_json()) if as_json else result)
