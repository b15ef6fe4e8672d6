"""`tympan label`: from a few examples to labels of an archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tympan.cli.sources import Quiet

if TYPE_CHECKING:
    from tympan.tasks.embed.labelling import Labelling


# With fewer moments of a label, none is left to test it on.
ENOUGH = 2


def label(
    index: Annotated[
        Path,
        typer.Argument(help="What `tympan embed ARCHIVE -o index.npz` made.", show_default=False),
    ],
    example: Annotated[
        list[str] | None,
        typer.Option(
            "--example", "-e", show_default=False,
            help="LABEL=FILE, or LABEL=FILE@START-END in seconds; again and again.",
        ),
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            "--examples", help="Table of examples: file_name,label and start_s,end_s.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Table of the answers; gone on from if it is there.")
    ] = Path("labels.csv"),
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch", min=1, max=500, show_default=False,
            help="Without a browser: write the next so many moments as a table and a page.",
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers", help="Take such a table back, its column label filled in.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path,
        typer.Option("--folder", help="Where the names in the index lead from; else from here.",
                     show_default=False),
    ] = Path(),
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", help="Model of the index; else it says so itself.",
            show_default=False,
        ),
    ] = None,
    other: Annotated[
        str, typer.Option("--other", help="Label of moments to which none of the labels applies.")
    ] = "other",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Chooses the random windows.")] = 0,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Of the local page; 0: a free one.")
    ] = 0,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the local page in the browser.")
    ] = True,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Label the sounds of an archive from a few examples."""
    from shlex import quote

    from tympan.tasks.embed.label import label as begin

    labelling = begin(index, out=out, folder=folder, model=model, other=other, seed=seed)
    for one in example or ():
        labelling.example(*parsed_example(one))
    if examples is not None:
        labelling.examples(examples)
    if answers is not None:
        from tympan._words import plural

        filled, empty = labelling.fill(answers)
        if not quiet:
            typer.echo(f"{plural(filled, 'moment')} answered, {empty} left empty")
    again = f"tympan label {quote(str(index))} -o {quote(str(out))}"
    if batch is not None:
        table = out.with_name(f"{out.stem}-next.csv")
        again += f" --answers {quote(str(table))}"
        _write_batch(labelling, batch, table, index.name, again)
    elif answers is None:
        _serve(labelling, index.name, port, open_page)
    if not quiet:
        typer.echo(summary(labelling, again))


def parsed_example(text: str) -> tuple[str, str, tuple[float, float] | None]:
    """Label, file and times of an example.

    Raises:
        ArgumentError: it is none.

    >>> parsed_example("frog=pond.wav@1.5-3")
    ('frog', 'pond.wav', (1.5, 3.0))
    >>> parsed_example("frog=a@b.wav")
    ('frog', 'a@b.wav', None)
    """
    import re

    from tympan.errors import ArgumentError

    label, equals, file = text.partition("=")
    label = " ".join(label.split())
    if not equals or not label or not file:
        fix = "--example frog=pond.wav, or --example frog=pond.wav@1.5-3"
        raise ArgumentError(f"--example {text!r} is no LABEL=FILE", fix=fix)
    times = re.fullmatch(r"(.+)@(\d+(?:\.\d*)?)-(\d+(?:\.\d*)?)", file)
    if times is None:
        return label, file, None
    start_s, end_s = float(times[2]), float(times[3])
    if end_s <= start_s:
        raise ArgumentError(f"--example {text!r} ends before it begins", fix="give START-END")
    return label, times[1], (start_s, end_s)


def summary(labelling: Labelling, again: str) -> str:
    """How many answers there are, and what to do with them.

    Args:
        labelling: the answers.
        again: the command that takes or asks for more.
    """
    from shlex import quote

    lines = [f"{name}: {yes} yes, {no} no" for name, (yes, no) in labelling.counts.items()]
    path = labelling.answers.path
    lines.append(f"labels: {path}")
    home = quote(str(labelling.archive))
    if min((yes for yes, _ in labelling.counts.values()), default=0) < ENOUGH:
        lines.append(f"next: {again}  (a training needs {ENOUGH} moments of each label or more)")
        return "\n".join(lines)
    lines.append(f"next: tympan train {home} --task classify --metadata {quote(str(path))}")
    return "\n".join(lines)


def _write_batch(labelling: Labelling, count: int, table: Path, name: str, command: str) -> None:
    from tympan.report.label_batch import write_batch

    page = write_batch(labelling, count, table, name, command)
    how = "a label or several (a;b), yes for the one suggested, no for none; empty: not known"
    typer.echo(f"table: {table}\npage: {page}")
    typer.echo(f"fill in its column label: {how}\nthen: {command}")


def _serve(labelling: Labelling, name: str, port: int, open_page: bool) -> None:
    """Show the page until it is finished or interrupted."""
    import webbrowser

    from tympan.errors import ArgumentError
    from tympan.report.label_server import Desk, LabelServer

    desk = Desk(labelling, name)
    desk.start()
    try:
        server = LabelServer(desk, port)
    except OSError as error:
        what = f"port {port} cannot be used: {error.strerror}"
        raise ArgumentError(what, fix="give another with --port, or none") from error
    typer.echo(f"the page: {server.address}\nCtrl-C ends it; every answer is kept at once")
    if open_page:
        webbrowser.open(server.address)
    try:
        server.run()
    except KeyboardInterrupt:
        typer.echo()
