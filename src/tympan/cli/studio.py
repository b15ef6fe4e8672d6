"""`tympan studio`: the server, and its page in the browser."""

from __future__ import annotations

from typing import Annotated

import typer


def studio(
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
    """Ask everything of a recording, in the browser, until Ctrl-C."""
    from tympan.cli.serve import named
    from tympan.serve import ServeSettings
    from tympan.serve import serve as run

    settings = ServeSettings(port=port, models=dict(map(named, models or [])), device=device)

    def ready(line: str) -> None:
        address = f"{line.rpartition(' ')[2]}/studio"
        typer.echo(f"The studio is at {address}; Ctrl-C ends it.", err=True)
        if open_:
            import webbrowser

            webbrowser.open(address)

    run(settings, ready)
