"""`tympan train`: from a folder of recordings to a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import FileColumn, LabelColumn, Metadata
from tympan.tasks.registry import verbs


def show_settings(wanted: bool) -> None:
    """Print every setting with its default and its meaning, and end."""
    if not wanted:
        return
    import shutil
    import textwrap

    from tympan.tasks.settings import list_settings

    width = max(40, min(100, shutil.get_terminal_size().columns))
    shown: set[tuple[str, str, str]] = set()
    # A task whose configuration extends another's lists only what it adds or changes.
    for one in (one for task in trainable() for one in list_settings(task)):
        if (one.name, one.default, one.meaning) in shown:
            continue
        shown.add((one.name, one.default, one.meaning))
        only = "; only with --from scratch" if one.scratch_only else ""
        typer.echo(f"{one.name}={one.default}  ({one.kind}; {one.group}{only})")
        typer.echo(
            textwrap.fill(one.meaning, width, initial_indent="    ", subsequent_indent="    ")
        )
    raise typer.Exit


def trainable() -> list[str]:
    """The questions that can be trained.

    >>> trainable()[:2]
    ['classify', 'tag']
    """
    from tympan.tasks.registry import get
    from tympan.tasks.untrained import UntrainedTask

    return [name for name in verbs() if not isinstance(get(name), UntrainedTask)]


def train(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="One sub-folder per label, or with a metadata.csv; else that of --metadata.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task", help=f"The question ({', '.join(verbs())}); else guessed.",
            show_default=False, autocompletion=among(verbs),
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", help="Model to start from, or 'scratch'; else the shipped one.",
            show_default=False, autocompletion=among(lambda: [*model_names(), "scratch"]),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder of the model; else FOLDER-TASK, here.",
            show_default=False,
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs", min=0, show_default=False,
            help="Passes over the data, those that --out holds among them; else 20, from scratch "
            "40, with few recordings 0: a head.",
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
    augment: Annotated[
        str | None,
        typer.Option(
            "--augment", show_default=False,
            help="How recordings are varied: light, speech, machine, music, or a FILE.toml.",
            autocompletion=among(lambda: ("light", "speech", "machine", "music")),
        ),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            "--words", show_default=False,
            help="No recordings: key words that voices say, for --task transcribe.",
        ),
    ] = None,
    metadata: Metadata = None,
    file_column: FileColumn = None,
    label_column: LabelColumn = None,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", min=1, show_default=False,
            help="Processor threads; fewer for each where several trainings run at once.",
        ),
    ] = None,
    clean: Annotated[
        bool | None,
        typer.Option(
            "--clean/--no-clean", show_default=False,
            help="Take the noise away before, here and in answers; else as the start model does.",
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
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no remarks, only the scores.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the report in the browser.")
    ] = False,
) -> None:  # fmt: skip
    """Train a model on your recordings."""
    if words is not None:
        folder, from_ = said_words(words, folder, task, out), from_ or "scratch"
    if folder is None and metadata is None:
        what = "no recordings are given, neither by the argument FOLDER nor by --metadata"
        raise typer.BadParameter(what, ctx=context)
    from tympan.models import load_card
    from tympan.report.trained import train as run
    from tympan.training.signals import TrainingInterrupted

    task = "transcribe" if words is not None else task
    again = "the same command" + ", without --restart," * restart + " goes on from what is saved"
    try:
        result = run(
            folder, task=task, from_=from_, out=out, epochs=epochs, seed=seed, folds=folds,
            settings=parsed(settings or ()), resume=not restart, progress=not quiet,
            say=_unsaid if quiet else typer.echo,
            augment=augment, metadata=metadata, file_column=file_column,
            label_column=label_column, threads=threads, clean=clean,
        )  # fmt: skip
    except TrainingInterrupted as stopped:
        raise TrainingInterrupted(stopped.what, file=stopped.file, fix=again) from stopped
    except KeyboardInterrupt as stopped:  # before the first step, or between two trainings
        raise TrainingInterrupted("interrupted", fix=again) from stopped
    typer.echo(result)
    if not quiet:
        typer.echo(f"report: {result.folder / 'report.html'}")
        typer.echo(f"next: {next_step(result.folder, load_card(result.folder).task)}")
    if open_page:
        result.open()


def said_words(words: str, folder: Path | None, task: str | None, out: Path | None) -> Path:
    """The folder in which voices have said key words.

    Raises:
        ArgumentError: recordings, another task or no `--out` beside it.
    """
    from tympan.errors import ArgumentError
    from tympan.tasks.transcribe.own_words import made_recordings, words_in

    if folder is not None or out is None or task not in (None, "transcribe"):
        what = "--words makes its own recordings for --task transcribe"
        raise ArgumentError(what, fix="leave out FOLDER, and give --out")
    return made_recordings(words_in(words), out.with_name(f"{out.name}-recordings"))


def _unsaid(line: str) -> None:
    """Say nothing."""


def parsed(settings: Sequence[str]) -> dict[str, str]:
    """`--set` as names and values.

    Raises:
        ArgumentError: one is no `key=value`.

    >>> parsed(["lr = 0.001"])
    {'lr': '0.001'}
    """
    from tympan.errors import ArgumentError

    values: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise ArgumentError(f"--set {setting!r} is no key=value", fix="--set lr=0.001")
        values[name.strip()] = value.strip()
    return values


def next_step(folder: Path, task: str = "classify") -> str:
    """The command that puts the question to a new model.

    >>> next_step(Path("my model")), next_step(Path("sounds"))
    ("tympan classify FILE --model 'my model'", 'tympan classify FILE --model ./sounds')
    """
    from shlex import quote

    from tympan.models.catalogue import shipped_names

    # A name of the catalogue would win over a folder of the same name.
    name = f"./{folder}" if str(folder) in shipped_names() else str(folder)
    given = "" if task in verbs() and verbs()[task].takes == "nothing" else " FILE"
    return f"tympan {task}{given} --model {quote(name)}"
