"""The command of a verb, made from its options; every question has the same.

What a verb's command does is here once: recordings from wherever they come, the model, answers to
the terminal or to files, and what becomes of bad files.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import Files, Partial, Quiet
from tympan.tasks.verbs import Extra, Option, Verb

if TYPE_CHECKING:
    from tympan.cli.sources import Recording
    from tympan.tasks.contract import Answer, Model


def command(verb: Verb) -> Callable[..., None]:
    """The function that is a verb's command: Typer reads its options from its signature."""

    def run(files: list[str], **given: Any) -> None:
        shared = Shared(**{name: given.pop(name) for name in _SHARED})
        values = {one.name: _plain(given[one.name]) for one in verb.options}
        extras = {one: given[_extra_name(one)] for one in verb.extras}
        answer_all(verb, files, shared, values, {k: v for k, v in extras.items() if v is not None})

    parameters = [
        _parameter("files", Files),
        *(_parameter(one.name, *_of_option(one)) for one in verb.options),
        *(_parameter(_extra_name(one), *_of_extra(one)) for one in verb.extras),
        *(_parameter(name, *declared) for name, declared in _shared(verb).items()),
    ]
    run.__name__ = verb.name
    run.__doc__ = f"{verb.help}\n\nA folder stands for all recordings in it and in its sub-folders."
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run


@dataclass(frozen=True)
class Shared:
    """What every verb takes on the command line."""

    model: str | None
    json: bool
    out: str | None
    format: str | None
    device: str
    partial: bool
    quiet: bool


_SHARED = tuple(Shared.__dataclass_fields__)


def answer_all(
    verb: Verb, files: list[str], shared: Shared, values: dict[str, Any], extras: dict[Extra, str]
) -> None:
    """Answer about recordings, one after another.

    Args:
        verb: the question.
        files: as the user gave them.
        shared: what every verb takes.
        values: the verb's options by name.
        extras: files to make beside the answer.

    Raises:
        TympanError: an option, the model or a single recording cannot be used, or some of many.
    """
    from tympan._files import check_target
    from tympan.cli import outputs
    from tympan.cli.failures import Failures, announce, counted
    from tympan.cli.sources import recordings
    from tympan.errors import ArgumentError
    from tympan.tasks.answering import load

    options = verb.checked(values)
    found = recordings(files)
    several = len(found) > 1 or found[0].listed
    if extras and len(found) > 1:
        raise ArgumentError(f"{next(iter(extras)).flag} makes one file", fix="give one recording")
    for path in extras.values():
        check_target(path, found[0].path)
    output = outputs.choose(found, verb.save_as, shared.out, shared.format, several=several)
    model = load(shared.model, verb.name, shared.device)
    failures = Failures(len(found))
    with output:
        for recording in counted(found, quiet=shared.quiet):
            announce(recording, quiet=shared.quiet or several)
            answer = None
            with failures.of(recording):
                answer = _answer(model, recording, shared, options, extras)
            if answer is not None:
                _show(answer, output.write(recording, answer), shared)
    if shared.out is not None and isinstance(output, outputs.FileForAll) and not shared.quiet:
        typer.echo(shared.out, err=shared.json)
    failures.finish()


def _answer(
    model: Model[Answer],
    recording: Recording,
    shared: Shared,
    options: dict[str, Any],
    extras: dict[Extra, str],
) -> Answer:
    """The answer about one recording; the extras are made on the way."""
    with recording.opened(partial=shared.partial) as source:
        answer = model(source, **options)
        for extra, path in extras.items():
            reason = extra.make(model, source, answer, Path(path))
            if reason:
                typer.echo(f"tympan: no {extra.name}: {reason}", err=True)
            elif not shared.quiet:
                typer.echo(f"{extra.name}: {path}", err=shared.json)
        return answer


def _show(answer: Answer, path: Path | None, shared: Shared) -> None:
    """Print an answer, or where it was written."""
    from tympan.cli.outputs import json_line

    if (shared.json or shared.out is not None) and not shared.quiet:
        for warning in answer.warnings:
            typer.echo(f"tympan: {answer.file}: {warning}", err=True)
    if shared.json:
        typer.echo(json_line(answer.to_json()))
    elif shared.out is None:
        typer.echo(answer)
    if path is not None and not shared.quiet:
        typer.echo(path, err=shared.json)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> Any:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _shared(verb: Verb) -> dict[str, tuple[Any, Any]]:
    """Declaration and default of what every verb takes, in the order of the help page."""
    formats = ", ".join(one.lstrip(".") for one in verb.save_as)
    whose = f"else {verb.default_model}" if verb.default_model else "else the best installed"
    return {
        "model": (
            Annotated[
                str | None,
                typer.Option(
                    "--model", "-m", help=f"Name or folder; {whose}.", show_default=False,
                    autocompletion=among(lambda: model_names(verb.name)),
                ),
            ],
            None,
        ),
        "json": (
            Annotated[
                bool, typer.Option("--json", help="One JSON object per file, one per line.")
            ],
            False,
        ),
        "out": (
            Annotated[
                str | None,
                typer.Option(
                    "--out", "-o", show_default=False,
                    help="File or folder to write to; a file's extension chooses the format.",
                ),
            ],
            None,
        ),
        "format": (
            Annotated[
                str | None,
                typer.Option(
                    "--format", show_default=False,
                    help=f"Of the files in a folder: {formats}; else json.",
                ),
            ],
            None,
        ),
        "device": (
            Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")],
            "auto",
        ),
        "partial": (Partial, False),
        "quiet": (Quiet, False),
    }  # fmt: skip


def _of_option(option: Option) -> tuple[Any, Any]:
    """How an option is declared to Typer, and its default."""
    kind, default = option.kind, option.default
    if option.choices:
        kind = _choice(option)
        default = None if default is None else kind(default)
    declared: dict[str, Any] = {"help": option.help, "show_default": option.default is not None}
    if option.kind in (int, float):
        declared |= {"min": option.low, "max": option.high}
    flags = list(option.flags)
    if option.kind is bool and option.default:  # a switch says what it changes
        flags[0] = f"{flags[0]}/--no-{flags[0].removeprefix('--')}"
    annotation = kind if option.default is not None else kind | None
    return Annotated[annotation, typer.Option(*flags, **declared)], default


def _choice(option: Option) -> Any:
    """A type whose members are an option's choices."""
    members: Any = {one: one for one in option.choices}
    return enum.Enum(option.name, members, type=str)


def _of_extra(extra: Extra) -> tuple[Any, Any]:
    help_ = extra.help
    return Annotated[str | None, typer.Option(extra.flag, help=help_, show_default=False)], None


def _extra_name(extra: Extra) -> str:
    """Its parameter, which no option can be called."""
    return f"extra_{extra.name}"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value
