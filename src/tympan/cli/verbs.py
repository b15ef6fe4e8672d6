"""The command of a verb, made from its options; every question has the same.

What it does is in `tympan.cli.running`.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.running import Shared, answer_all
from tympan.cli.sources import CleanOrNot, Files, Partial, Quiet
from tympan.tasks.verbs import Extra, Option, Verb


def command(verb: Verb) -> Callable[..., None]:
    """The function that is a verb's command: Typer reads its options from its signature."""

    def run(files: list[str], **given: Any) -> None:
        shared = Shared(**{name: given.pop(name) for name in _SHARED})
        values = {one.name: _plain(given[one.name]) for one in verb.options}
        asked = {one: given[_extra_name(one)] for one in verb.extras}
        # One that writes no file is a switch.
        extras = {k: v if k.writes else "" for k, v in asked.items() if v not in (None, False)}
        answer_all(verb, files, shared, values, extras)

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


_SHARED = tuple(Shared.__dataclass_fields__)


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
        "clean": (CleanOrNot, None),
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
    kind, default = (str | None, None) if extra.writes else (bool, False)
    declared = typer.Option(extra.flag, help=extra.help, show_default=False)
    return Annotated[kind, declared], default


def _extra_name(extra: Extra) -> str:
    """Its parameter, which no option can be called."""
    return f"extra_{extra.name}"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value
