"""`tympan explain`: every stage from a recording to its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import File, Partial


def explain(
    file: File,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures.")] = Path(
        "explained"
    ),
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            help="Name or folder.",
            autocompletion=among(lambda: model_names("classify")),
        ),
    ] = "sounds",
    label: Annotated[
        str | None,
        typer.Option("--label", help="Explain this label, not the best.", show_default=False),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**63 - 1, help="Of the augmented versions.")
    ] = 0,
    partial: Partial = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Draw every stage from samples to scores."""
    from tympan.cli.sources import one_recording
    from tympan.models import find_model

    find_model(model)
    recording = one_recording(file)
    from tympan.report.explain import explain as write

    with recording.opened(partial=partial) as source:
        written = write(source, out, model=model, label=label, seed=seed)
    for path in written.pictures:
        typer.echo(path)
    typer.echo(f"page: {written.path}")
    if open_page:
        written.open()
