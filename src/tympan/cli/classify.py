"""`tympan classify`: what sound is it, and when?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def classify(
    files: Annotated[list[Path], typer.Argument(help="Sound files.", show_default=False)],
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
) -> None:
    """Name what is heard, and when."""
    import json

    from tympan.errors import ArgumentError, TympanError
    from tympan.tasks.ask import classify as ask
    from tympan.tasks.ask import load

    ready = load(model, "classify")  # a mistake here concerns no file
    if explain is not None:
        from tympan.tasks.classify import explain as why

        if len(files) > 1:
            raise ArgumentError("--explain draws one picture", fix="give one file")
        why(ready, files[0]).save(explain)
    failed: list[TympanError] = []
    for file in files:
        try:
            answer = ask(file, model=model, top=top, every_s=every)
        except TympanError as error:
            # One bad file among many must not cost the answers about the others.
            if len(files) == 1:
                raise
            typer.echo(f"tympan: {error}", err=True)
            failed.append(error)
            continue
        typer.echo(json.dumps(answer.to_json(), ensure_ascii=False) if as_json else answer)
    if failed:
        raise TympanError(f"{len(failed)} of {len(files)} files could not be classified")
