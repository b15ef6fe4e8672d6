"""`tympan watch`: wait for events in a stream of sound."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.sources import CleanOrNot, Quiet
from tympan.cli.watch_lines import WHOLE, Show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tympan.live.engine import Summary
    from tympan.live.rules import ModelSpec, Rules


def _profiles() -> list[str]:
    from tympan.live.rules import profile_names

    return profile_names()


def watch(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            help="mic, mic:NAME, - (standard input), a growing file, a FIFO, an address "
            "(http, rtsp …), or a folder into which recordings drop; none with --check.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", show_default=False,
            help="Model that answers, again for another; else those of the rules.",
            autocompletion=among(model_names),
        ),
    ] = None,
    rules: Annotated[
        str | None,
        typer.Option(
            "--rules", "-r", show_default=False,
            help="Profile (break-in, machine, baby-and-home) or TOML file; else all answers are "
            "printed.",
            autocompletion=among(_profiles),
        ),
    ] = None,
    book: Annotated[
        str | None,
        typer.Option(
            "--book", show_default=False,
            help="Voice book of the models of voices; else voices.tympan here.",
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", help="SQLite file for the events.", show_default=False),
    ] = None,
    clips: Annotated[
        Path | None,
        typer.Option("--clips", help="Folder for their sound (with --log).", show_default=False),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Look for mistakes in the rules, and do nothing.")
    ] = False,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="SOURCE is a recording: answer it as fast as possible."),
    ] = False,
    start: Annotated[
        datetime | None,
        typer.Option("--start", help="When the recording of --replay began.", show_default=False),
    ] = None,
    pcm: Annotated[
        str,
        typer.Option("--pcm", help="Bare samples: FORMAT:RATE:CHANNELS.", show_default=False),
    ] = "",
    once: Annotated[
        bool, typer.Option("--once", help="End with what is there; do not wait for more.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="SOURCE is a file that is still to come: wait for it.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per event.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines instead of the view of the terminal.")
    ] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")] = "auto",
    clean: CleanOrNot = None,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Wait for events in a stream of sound, and act on them."""
    from tympan._words import agrees, plural
    from tympan.live.api import checked, prepared
    from tympan.live.sources import open_source

    given, models = _with_book(_rules(rules, model), model or [], book)
    given = _with_log(given, log, clips)
    if check:
        checked(given, models, device=device, clean=clean)
        names, count = ", ".join(one.name for one in given.rules), len(given.rules)
        typer.echo(f"{plural(count, 'rule')} {agrees(count)} right: {names}")
        return
    if source is None:
        what = "a source is wanted: a microphone (mic), a file, a FIFO, an address, a folder or -"
        raise typer.BadParameter(what, ctx=context)
    stop = threading.Event()
    stop_on_signals(stop)
    printed = [one for one in given.actions.values() if one["type"] == "print"]
    live = not (plain or json or quiet or replay) and sys.stderr.isatty() and sys.stdout.isatty()
    show = Show(quiet, json, live, rules is None, bool(printed))
    found, engine, actions = prepared(
        _without_print(given) if live or json else given, models, device=device, clean=clean,
        say=show.say, on_event=show.event, on_decided=show.decided, on_chunk=show.chunk,
    )  # fmt: skip
    listening = [one.name for one in engine.models]
    show.whole = {one.name for one in engine.models if one.model.task in WHOLE}
    try:
        place = open_source(
            source, pcm=pcm, replay=replay, start=start, log=actions.log, once=once, wait=wait,
            idle_s=None,
        )  # fmt: skip
        with show.view(source, listening) if live else nullcontext():
            if not live:
                who = f"{', '.join(listening)} {agrees(len(listening), 'listens', 'listen')}"
                show.say(f"{place.name}: {who}; Ctrl-C ends")
            summary = engine.run(place, stop)
    finally:
        actions.close()
    _finish(summary, found, quiet=quiet, json=json, default=rules is None)


def _rules(given: str | None, models: list[str] | None) -> Rules:
    from tympan.errors import ArgumentError
    from tympan.live.rules import ModelSpec, Rule, Rules, load_rules

    if given is not None:
        return load_rules(given)
    if not models:
        from tympan.live.rules import profile_names

        fix = (
            "--model sounds prints what it hears; --rules takes a TOML file or a profile: "
            f"{', '.join(profile_names())}"
        )
        raise ArgumentError("neither a model nor rules are given", fix=fix)
    # Without rules everything that a model decides is shown; this rule only gives names to it.
    return Rules((Rule("any", threshold=2.0),), tuple(ModelSpec(name) for name in models))


def _with_book(
    rules: Rules, models: list[str], book: str | None
) -> tuple[Rules, Sequence[ModelSpec | str]]:
    """The rules and further models, those of voices with the book unless they name one."""
    from dataclasses import replace

    from tympan.errors import ArgumentError
    from tympan.live.listener import verb_of
    from tympan.live.rules import ModelSpec

    if book is None:
        return rules, models

    def with_book(spec: ModelSpec) -> ModelSpec:
        if (spec.verb or verb_of(spec.name)) != "identify":
            return spec
        return replace(spec, options={"book": book, **spec.options})

    own, others = tuple(map(with_book, rules.models)), [with_book(ModelSpec(x)) for x in models]
    if not any("book" in one.options for one in (*own, *others)):
        raise ArgumentError("--book is of no model here", fix="add --model voices")
    return replace(rules, models=own), others


def _with_log(rules: Rules, log: Path | None, clips: Path | None) -> Rules:
    from dataclasses import replace

    from tympan.errors import ArgumentError

    if clips is not None and log is None:
        raise ArgumentError("--clips needs --log", fix="add --log events.db")
    if log is None:
        return rules
    added = {"type": "log", "path": str(log.absolute())}
    if clips is not None:
        added["clips"] = str(clips.absolute())
    # A rule that names its actions gets this one too.
    changed = tuple(
        replace(one, actions=(*one.actions, "--log")) if one.actions else one for one in rules.rules
    )
    return replace(rules, rules=changed, actions={**rules.actions, "--log": added})


def _without_print(rules: Rules) -> Rules:
    """The view shows the events; lines would tear it."""
    from dataclasses import replace

    kept = {name: one for name, one in rules.actions.items() if one["type"] != "print"}
    changed = tuple(
        replace(one, actions=tuple(name for name in one.actions if name in kept))
        for one in rules.rules
    )
    return replace(rules, rules=changed, actions=kept)


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and Ctrl-C end the listening in good order; a second one at once."""

    def end(number: int, frame: Any) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _finish(summary: Summary, rules: Rules, *, quiet: bool, json: bool, default: bool) -> None:
    from tympan.errors import TympanError

    if not quiet and not json:
        shown = str(summary).splitlines()
        typer.echo("\n".join(shown[:1] if default else shown), err=True)
    if summary.unwritten:
        what = f"{summary.unwritten} events could not be written"
        raise TympanError(what, fix="make room on the disk; they were printed above")
