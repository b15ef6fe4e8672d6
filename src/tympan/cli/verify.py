"""`tympan verify`: are two recordings of one voice?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.enroll import Device, Json, ModelName
from tympan.cli.sources import CleanOrNot, File, Quiet


def verify(
    first: File,
    second: Annotated[str, typer.Argument(help="The other one.", show_default=False)],
    threshold: Annotated[
        float,
        typer.Option("--threshold", "-t", min=0, max=1, help="Probability from which they are."),
    ] = 0.5,
    model: ModelName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write to: json or csv.", show_default=False),
    ] = None,
    device: Device = "auto",
    clean: CleanOrNot = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say whether two recordings are of one voice.

    Exits with 0 whatever the answer is (`same` of --json is for programs), with 2 for a mistake.
    """
    from tympan.cli.outputs import json_line
    from tympan.tasks.identify.api import verify as compare

    answer = compare(first, second, threshold=threshold, model=model, device=device, clean=clean)
    if out is not None:
        answer.save(out)
        if not quiet:
            typer.echo(out, err=json)
    if json:
        typer.echo(json_line(answer.to_json()))
    elif out is None:
        typer.echo(answer)
