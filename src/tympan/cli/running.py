"""What the command of every verb does: recordings in, answers to the terminal or to files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from tympan.cli.failures import Failures
    from tympan.cli.outputs import Once, Output
    from tympan.cli.sources import Recording
    from tympan.errors import TympanError
    from tympan.tasks.contract import Answer, Model
    from tympan.tasks.verbs import Extra, Verb


@dataclass(frozen=True)
class Shared:
    """What every verb takes on the command line."""

    model: str | None
    json: bool
    out: str | None
    format: str | None
    device: str
    partial: bool
    clean: bool | None
    quiet: bool


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
    from tympan.cli.failures import Failures, announce
    from tympan.cli.sources import check_readable, recordings
    from tympan.errors import ArgumentError
    from tympan.tasks.answering import load
    from tympan.tasks.cleaned import with_cleaning
    from tympan.tasks.contract import Resumes

    options = verb.checked(values)
    found = recordings(files, each=True)
    several = len(found) > 1 or found[0].listed
    if extras and len(found) > 1:
        first = next(iter(extras))
        what = "makes one file" if first.writes else "takes one recording"
        raise ArgumentError(f"{first.flag} {what}", fix="give one recording")
    for extra, path in extras.items():
        if extra.writes:
            check_target(path, found[0].path)
    output = outputs.choose(
        found, verb.save_as, shared.out, shared.format, several=several,
        collect=lambda path: verb.collector(path, {**options, "model": shared.model}),
    )  # fmt: skip
    check_readable(found)
    model = with_cleaning(load(shared.model, verb.name, shared.device), shared.clean)
    failures = Failures(len(found))
    announce(found[0], quiet=shared.quiet or several)
    once = outputs.Once(quiet=shared.quiet)
    with output:
        found = [recording for recording in found if not output.has(recording)]
        if not found:
            answers: Iterator[tuple[Recording, Answer]] = iter(())
        elif len(found) == 1:
            kept = output.kept(found[0])
            answers = iter([(found[0], _answer(model, found[0], shared, options, extras, kept))])
        else:
            answers = _answers(model, found, shared, options, failures, output)
        for recording, answer in answers:
            _show(answer, output.write(recording, answer), shared, once)
            if isinstance(model, Resumes) and (kept := output.kept(recording)) is not None:
                kept.unlink(missing_ok=True)
    if (
        shared.out is not None
        and isinstance(output, outputs.FileForAll | outputs.Collected)
        and not shared.quiet
    ):
        typer.echo(shared.out, err=shared.json)
    failures.finish()


def _answers(
    model: Model[Answer],
    found: Sequence[Recording],
    shared: Shared,
    options: dict[str, Any],
    failures: Failures,
    output: Output,
) -> Iterator[tuple[Recording, Answer]]:
    """The answers about recordings, in their order; together where the model can do that."""
    from tympan.cli.failures import counted, debugging
    from tympan.errors import TympanError
    from tympan.tasks.contract import Resumes

    waiting = counted(found, quiet=shared.quiet)
    if hasattr(model, "answer_many") and not isinstance(model, Resumes):
        taken: deque[Recording] = deque()
        try:
            yield from _together(model, waiting, taken, shared, options, failures)
        except TympanError:
            raise
        except Exception:
            if debugging():
                raise
            # One of those that were taken is at fault: each for itself shows which.
            waiting = chain(taken, waiting)
    for recording in waiting:
        answer = None
        with failures.of(recording):
            answer = _answer(model, recording, shared, options, {}, output.kept(recording))
        if answer is not None:
            yield recording, answer


def _together(
    model: Any,
    waiting: Iterator[Recording],
    taken: deque[Recording],
    shared: Shared,
    options: dict[str, Any],
    failures: Failures,
) -> Iterator[tuple[Recording, Answer]]:
    """The answers of a model that takes the windows of several recordings at once.

    Args:
        model: with `answer_many`.
        waiting: the recordings.
        taken: those that the model has, in order, and that have no answer yet.
        shared: what every verb takes.
        options: of the verb.
        failures: is given what cannot be read.
    """

    def sources() -> Iterator[Any]:
        for recording in waiting:
            with (
                failures.of(recording),
                recording.opened(partial=shared.partial) as source,
            ):
                taken.append(recording)
                yield source

    def failed(source: Any, error: TympanError) -> None:
        with failures.of(taken.popleft()):
            raise error

    for answer in model.answer_many(sources(), on_error=failed, **options):
        yield taken.popleft(), answer


def _answer(
    model: Model[Answer],
    recording: Recording,
    shared: Shared,
    options: dict[str, Any],
    extras: dict[Extra, str],
    kept: Path | None,
) -> Answer:
    """The answer about one recording; the extras are made on the way."""
    from tympan.tasks.contract import Resumes

    with recording.opened(partial=shared.partial) as source:
        if kept is not None and isinstance(model, Resumes) and isinstance(source, Path):
            answer = model.resumed(source, kept, **options)
        else:
            answer = model(source, **options)
        for extra, path in extras.items():
            reason = extra.make(model, source, answer, Path(path))
            if reason:
                typer.echo(f"tympan: no {extra.name}: {reason}", err=True)
            elif extra.writes and not shared.quiet:
                typer.echo(f"{extra.name}: {path}", err=shared.json)
        return answer


def _show(answer: Answer, path: Path | None, shared: Shared, once: Once) -> None:
    """Print an answer, or where it was written."""
    from tympan.cli.outputs import json_line

    shown = once(answer)
    if (shared.json or shared.out is not None) and not shared.quiet:
        for warning in shown.warnings:
            typer.echo(f"tympan: {answer.file}: {warning}", err=True)
    if shared.json:
        typer.echo(json_line(answer.to_json()))
    elif shared.out is None:
        typer.echo(shown)
    if path is not None and not shared.quiet:
        typer.echo(path, err=shared.json)
