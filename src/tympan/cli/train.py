"""`tympan train`: from a folder of recordings to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show_settings(asked: bool) -> None:
    """Print every setting with its default and its meaning, and end."""
    if not asked:
        return
    import shutil
    import textwrap

    from tympan.tasks.settings import list_settings

    width = max(40, min(100, shutil.get_terminal_size().columns))
    for one in list_settings():
        only = "; only with --from scratch" if one.scratch_only else ""
        typer.echo(f"{one.name}={one.default}  ({one.kind}; {one.group}{only})")
        typer.echo(
            textwrap.fill(one.meaning, width, initial_indent="    ", subsequent_indent="    ")
        )
    raise typer.Exit


def train(
    folder: Annotated[
        Path,
        typer.Argument(help="One sub-folder per label, or metadata.csv.", show_default=False),
    ],
    task: Annotated[
        str | None,
        typer.Option(
            "--task", help="The question (so far: classify); else guessed.", show_default=False
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="Model to start from, or 'scratch'; else the shipped one.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder of the model; else FOLDER-classify, here.",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", min=0, show_default=False,
            help="Passes over the data; else 20, from scratch 40, with few recordings 0: a head.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Same seed, same weights; 0.", show_default=False)
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            "--folds", min=2, show_default=False,
            help="Score all recordings by cross-validation in so many folds; then learn from all.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Any setting: key=value; --settings lists them.", show_default=False
        ),
    ] = None,
    _settings: Annotated[
        bool,
        typer.Option(
            "--settings", help="List all settings and what they do.", is_eager=True,
            callback=show_settings,
        ),
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Start over: do not go on from what is in --out.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the report in the browser.")
    ] = False,
) -> None:  # fmt: skip
    """Train a model on your recordings."""
    from tympan.errors import ArgumentError
    from tympan.report.trained import train as run
    from tympan.training.signals import TrainingInterrupted

    values: dict[str, str] = {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise ArgumentError(f"--set {setting!r} is no key=value", fix="--set lr=0.001")
        values[name.strip()] = value.strip()
    again = "the same command" + ", without --restart," * restart + " goes on from what is saved"
    try:
        result = run(
            folder, task=task, from_=from_, out=out, epochs=epochs, seed=seed, folds=folds,
            settings=values, resume=not restart, say=typer.echo,
        )  # fmt: skip
    except TrainingInterrupted as stopped:
        raise TrainingInterrupted(stopped.what, file=stopped.file, fix=again) from stopped
    except KeyboardInterrupt as stopped:  # before the first step, or between two trainings
        raise TrainingInterrupted("interrupted", fix=again) from stopped
    typer.echo(result)
    typer.echo(f"report: {result.folder / 'report.html'}")
    typer.echo(f"next: {next_step(result.folder)}")
    if open_page:
        result.open()


def next_step(folder: Path) -> str:
    """The command that asks a new model.

    >>> next_step(Path("my model")), next_step(Path("sounds"))
    ("tympan classify FILE --model 'my model'", 'tympan classify FILE --model ./sounds')
    """
    from shlex import quote

    from tympan.models.catalogue import shipped_names

    # A name of the catalogue would win over a folder of the same name.
    name = f"./{folder}" if str(folder) in shipped_names() else str(folder)
    return f"tympan classify FILE --model {quote(name)}"
