"""`tympan studio`: the server, and its page in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def studio(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Recordings to be labelled and trained on; the labels go to its metadata.csv.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Where models go that are trained; else here.",
                     show_default=False),
    ] = Path(),
    port: Annotated[
        int, typer.Option("--port", "-p", help="0 takes a free one.", min=0, max=65535)
    ] = 0,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models", "-m", show_default=False,
            help="Model that is offered, by its name, or NAME=FOLDER; again for another.",
        ),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
) -> None:  # fmt: skip
    """Ask everything of a recording, and label and train on a folder, in the browser."""
    import secrets

    from tympan.cli.serve import named
    from tympan.serve import ServeSettings
    from tympan.serve import serve as run

    # Who opens a folder lets only those in who know the address, not every user of this computer.
    token = "" if folder is None else secrets.token_urlsafe(24)
    settings = ServeSettings(
        port=port, models=dict(map(named, models or [])), device=device, token=token,
        labels=folder, models_out=out,
    )  # fmt: skip

    def ready(line: str) -> None:
        address = f"{line.rpartition(' ')[2]}/studio"
        address += f"#token={token}" if token else ""
        typer.echo(f"The studio is at {address}; Ctrl-C ends it.", err=True)
        if open_:
            import webbrowser

            webbrowser.open(address)

    run(settings, ready)
