"""`tympan serve`: every question as a route of a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[
        str, typer.Option("--host", help="Address; beyond this computer a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", "-p", help="0 takes a free one.", min=0, max=65535)
    ] = 8765,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models", "-m", show_default=False,
            help="Model that is offered, by its name, or NAME=FOLDER; again for another. The first "
            "of a question answers it. Else all that are installed.",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", "-w", help="Processes that hold the models.", min=1, max=64),
    ] = 1,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", show_default=False,
            help="File with what clients must send as Authorization: Bearer TOKEN.",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", show_default=False,
            help="Clients may name files in it; else they can only upload.",
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin", show_default=False,
            help="Web page whose scripts may use the server, such as https://example.org.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name", show_default=False, help="Host name that it goes by, where it has no token."
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option("--batch", help="Requests that a worker works on at once.", min=1)
    ] = 32,
    queue: Annotated[
        int, typer.Option("--queue", help="Requests that may wait at once.", min=1)
    ] = 128,
    deadline: Annotated[
        float, typer.Option("--deadline", help="Seconds that an answer may take.", min=0.1)
    ] = 300.0,
    unload_after: Annotated[
        float,
        typer.Option(
            "--unload-after", help="Seconds after which an idle model leaves; 0: never.", min=0
        ),
    ] = 900.0,
    max_mb: Annotated[
        float, typer.Option("--max-mb", help="Megabytes of a request.", min=0.001)
    ] = 200.0,
    max_hours: Annotated[
        float, typer.Option("--max-hours", help="Length of a recording.", min=0.0001)
    ] = 4.0,
    decode: Annotated[
        float,
        typer.Option("--decode", help="Seconds that decoding a recording may take.", min=1),
    ] = 60.0,
    patience: Annotated[
        float,
        typer.Option("--patience", help="Seconds that a client may be silent in a request.", min=1),
    ] = 20.0,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
) -> None:  # fmt: skip
    """Answer every question over HTTP, until Ctrl-C."""
    from tympan.errors import ArgumentError
    from tympan.serve import ServeSettings
    from tympan.serve import serve as run
    from tympan.serve.settings import read_token

    if folder is not None and not folder.is_dir():
        raise ArgumentError("is no folder", file=folder, fix="--folder names one")
    settings = ServeSettings(
        host=host,
        port=port,
        models=dict(map(named, models or [])),
        workers=workers,
        token="" if token_file is None else read_token(token_file),
        folder=folder,
        origins=tuple(one.rstrip("/") for one in origin or ()),
        names=tuple(one.lower() for one in name or ()),
        device=device,
        batch=batch,
        queue=queue,
        deadline_s=deadline,
        unload_after_s=unload_after,
        most_bytes=int(max_mb * 1e6),
        most_seconds=max_hours * 3600,
        decode_s=decode,
        idle_s=patience,
        header_s=patience / 2,
    )
    run(settings, lambda line: typer.echo(line, err=True))


def named(given: str) -> tuple[str, str]:
    """What clients call a model, and where it is: `NAME=FOLDER`, or one word for both."""
    name, equals, place = given.partition("=")
    if equals:
        return name, place
    return Path(given).name or given, given
