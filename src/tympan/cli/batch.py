"""`tympan batch`: many questions about many files."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.sources import Clean

if TYPE_CHECKING:
    from tympan.scale.progress import BatchProgress


def batch(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, patterns, lists (.txt, .csv, .jsonl), addresses (s3://…).",
            show_default=False,
        ),
    ],
    verb: Annotated[
        list[str],
        typer.Option(
            "--verb",
            help="What is asked: classify, or tag:MODEL; again for more.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", "-o", help="Folder of the results.", show_default=False)
    ],
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Option of a verb, such as classify.top=3.", show_default=False),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", help="parquet, jsonl or csv.", show_default=False),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Else one for each processor.", show_default=False),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "cpu",
    ray: Annotated[
        str | None,
        typer.Option("--ray", help="On a Ray cluster: auto, or its address.", show_default=False),
    ] = None,
    block: Annotated[
        int | None,
        typer.Option("--block", min=1, help="Files written together.", show_default=False),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=1, help="Seconds that one file may take.")
    ] = 600.0,
    clean: Clean = False,
    json: Annotated[bool, typer.Option("--json", help="What came of it as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Ask questions about many files, each decoded once; the same command goes on after a stop."""
    from tympan.cli.outputs import json_line
    from tympan.errors import DataError
    from tympan.scale.api import batch as run

    summary = run(
        sources, verb, out, options=settings_of(setting or ()), format=format, workers=workers,
        device=device, ray=ray, block=block, timeout_s=timeout, clean=clean,
        on_progress=None if quiet else ProgressLine(),
    )  # fmt: skip
    typer.echo(json_line(summary.to_json()) if json else summary)
    if summary.files and summary.failed == summary.files:
        what = "the file could not be answered about"
        if summary.files > 1:
            what = f"none of the {summary.files} files could be answered about"
        raise DataError(what, fix=f"the column 'error' of {summary.folder} says why of each")


class ProgressLine:
    """Shows how far a run is: on a terminal each second, else each half minute."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._every_s = 1.0 if self._terminal else 30.0
        self._last = time.monotonic()

    def __call__(self, progress: BatchProgress) -> None:
        over = progress.before + progress.done >= progress.total
        if time.monotonic() - self._last < self._every_s and not (over and self._terminal):
            return
        self._last = time.monotonic()
        end = "\n" if over or not self._terminal else ""
        print(f"\r{progress}" if self._terminal else str(progress), end=end, file=sys.stderr)
        sys.stderr.flush()


_SWITCH = dict.fromkeys(("true", "yes", "1"), True) | dict.fromkeys(("false", "no", "0"), False)


def settings_of(given: Any) -> dict[str, dict[str, Any]]:
    """`VERB.OPTION=VALUE` as options by verb.

    Raises:
        ArgumentError: of another form, or of no option.

    >>> settings_of(["classify.top=3", "segment.onset=0.5"])
    {'classify': {'top': 3}, 'segment': {'onset': 0.5}}
    """
    from tympan.errors import ArgumentError
    from tympan.tasks import registry

    found: dict[str, dict[str, Any]] = {}
    for text in given:
        name, equals, value = text.partition("=")
        verb, dot, option = name.partition(".")
        if not equals or not dot:
            raise ArgumentError(f"--set {text} cannot be read", fix="--set classify.top=3")
        kinds = {one.name: one.kind for one in registry.verb(verb).options}
        kind = kinds.get(option, str)
        try:
            plain: Any = _SWITCH[value.lower()] if kind is bool else kind(value)
        except (ValueError, KeyError):
            plain = value  # the option's own check says what is wrong
        found.setdefault(verb, {})[option] = plain
    return found
