"""`tympan transcribe`: what every question's command does, and live from a microphone or pipe."""

from __future__ import annotations

import inspect
import sys
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among
from tympan.cli.verbs import command
from tympan.tasks.transcribe import VERB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tympan.tasks.results.transcript import Utterance
    from tympan.tasks.transcribe.transcriber import Transcriber

# What is said just now is told so often.
PARTIAL_S = 1.0
# Who answers first in a stream: the quickest that is installed.
LIVE_ENGINES = ("moonshine",)
MICROPHONE = "mic"

_answer = command(VERB)


def _engines() -> list[str]:
    from tympan.tasks.engines import list_engines

    return ["auto", *(one.name for one in list_engines(task="transcribe"))]


_OWN = {
    "engine": (
        Annotated[
            str,
            typer.Option(
                "--engine", help="auto, moonshine, whisper-base or whisper-tiny.",
                autocompletion=among(_engines),
            ),
        ],
        "auto",
    ),
    "live": (
        Annotated[
            bool,
            typer.Option("--live", help="Tell what is said while it is said: mic, mic:NAME or -."),
        ],
        False,
    ),
    "pcm": (
        Annotated[
            str,
            typer.Option(
                "--pcm", show_default=False,
                help="Bare samples on standard input: FORMAT:RATE:CHANNELS (with --live).",
            ),
        ],
        "",
    ),
}  # fmt: skip


def transcribe(files: list[str], **given: Any) -> None:
    """What was said?"""
    engine, live, pcm = (given.pop(name) for name in _OWN)
    given["model"] = chosen_model(given["model"], engine)
    named = any(one == MICROPHONE or one.startswith(f"{MICROPHONE}:") for one in files)
    if live or pcm or named:
        _live(files, given, pcm)
    else:
        _answer(files=files, **given)


def chosen_model(model: str | None, engine: str) -> str | None:
    """The model that a model or an engine names; None: the best that is installed.

    Raises:
        ArgumentError: both are named, or there is no such engine.

    >>> chosen_model(None, "whisper-tiny"), chosen_model("en", "auto")
    ('whisper-tiny', 'en')
    """
    if engine == "auto":
        return model
    from tympan.errors import ArgumentError

    if engine not in _engines():
        fix = f"one of {', '.join(_engines())}"
        raise ArgumentError(f"there is no engine {engine!r}", fix=fix)
    if model is not None:
        raise ArgumentError("a model and an engine are named", fix="name one of them")
    return engine


def _declared() -> None:
    """Give the command the options of the verb, and its own behind them."""
    parameters = list(inspect.signature(_answer).parameters.values())
    place = next(i for i, one in enumerate(parameters) if one.name == "model") + 1
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    own = [
        inspect.Parameter(name, kind, default=default, annotation=annotation)
        for name, (annotation, default) in _OWN.items()
    ]
    parameters[place:place] = own
    transcribe.__doc__ = _answer.__doc__
    transcribe.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    transcribe.__annotations__ = {one.name: one.annotation for one in parameters}


_declared()


def _live(files: list[str], given: dict[str, Any], pcm: str) -> None:
    """Print each utterance when it is final, and on a terminal what is said just now.

    Raises:
        ArgumentError: more than one source, or an option that needs the whole recording.
    """
    from tympan.cli.watch import stop_on_signals
    from tympan.errors import ArgumentError
    from tympan.live.sources import open_source
    from tympan.tasks.cleaned import with_cleaning

    if len(files) != 1:
        raise ArgumentError("one source is heard at a time", fix="tympan transcribe mic")
    for name, fix in (
        ("speakers", "record it, and transcribe the file"),
        ("book", "record it, and transcribe the file"),
        ("out", "tympan transcribe mic > said.txt"),
    ):
        if given.get(name):
            raise ArgumentError(f"--{name} needs the whole recording", fix=fix)
    source = open_source(files[0], pcm=pcm)
    model = with_cleaning(_live_model(given["model"], given["device"]), given["clean"])
    options = {name: given[name] for name in ("hotwords", "language")}
    stop = threading.Event()
    stop_on_signals(stop)
    quiet = bool(given["quiet"])
    if not quiet:
        typer.echo(f"{source.name}: {model.name} listens; Ctrl-C ends", err=True)
    shown = _Shown(json=bool(given["json"]), partial=not quiet and sys.stdout.isatty())
    _listen(model, _samples(source, model, stop, quiet), options, shown)


def _live_model(name: str | None, device: str) -> Transcriber:
    from typing import cast

    from tympan.tasks.answering import load
    from tympan.tasks.engines import find_engine

    if name is None:
        found = [one for one in map(find_engine, LIVE_ENGINES) if one is not None]
        name = next((one.name for one in found if one.installed), None)
    return cast("Transcriber", load(name, "transcribe", device))


def _samples(source: Any, model: Any, stop: threading.Event, quiet: bool) -> Iterator[Any]:
    """What comes in, mixed, at the model's rate, and cleaned where that is wanted."""
    from tympan.live.intake import Intake
    from tympan.tasks.inputs import ModelInput

    def say(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    way: ModelInput | None = None
    shape: tuple[int, int] | None = None
    for chunk, _ in Intake(source, stop, say):
        here = (chunk.rate_hz, len(chunk.samples))
        if way is None or here != shape:
            way = ModelInput(*here, model.rate_hz, cleaner=model.cleaner)
            shape = here
        yield way.push(chunk.samples)
    if way is not None:
        yield way.finish()


def _listen(
    model: Transcriber, blocks: Iterator[Any], options: dict[str, Any], shown: _Shown
) -> None:
    session: Any = model.session(live=True, **options)
    waited_s = 0.0
    for block in blocks:
        for one in session.push(block):
            shown.final(one)
        session.forget()
        waited_s += block.shape[1] / model.rate_hz
        if shown.partial and waited_s >= PARTIAL_S:
            waited_s = 0.0
            shown.now(session.partial())
    for one in session.finish():
        shown.final(one)


class _Shown:
    """What of a stream is printed: final utterances, and on a terminal what is said just now."""

    def __init__(self, *, json: bool, partial: bool) -> None:
        self._json, self.partial, self._wide = json, partial and not json, 0

    def final(self, one: Utterance) -> None:
        from tympan.cli.outputs import json_line
        from tympan.tasks.results.base import plain

        self.clear()
        typer.echo(json_line(plain(one)) if self._json else str(one))
        sys.stdout.flush()

    def now(self, one: Utterance | None) -> None:
        self.clear()
        if one is None:
            return
        import shutil

        room = shutil.get_terminal_size().columns - 4
        text = one.text if len(one.text) <= room else f"…{one.text[-room + 1 :]}"
        self._wide = len(text) + 2
        typer.echo(f"\r~ {text}", nl=False)
        sys.stdout.flush()

    def clear(self) -> None:
        if self._wide:
            typer.echo(f"\r{' ' * self._wide}\r", nl=False)
            self._wide = 0
