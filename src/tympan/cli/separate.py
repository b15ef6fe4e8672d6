"""`tympan separate`: a sound file for each source of a mix; live through a pipe."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.enroll import Device
from tympan.cli.sources import Clean, Files, Partial, Quiet

if TYPE_CHECKING:
    from tympan.cli.sources import Recording
    from tympan.tasks.results import Separation
    from tympan.tasks.separate.model import SeparateModel

STDOUT = "-"


def separate(
    files: Files,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", show_default=False,
            help="voice, voices, instruments, or a folder; else voice.",
            autocompletion=among(lambda: model_names("separate")),
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", show_default=False,
            help="Source to keep, again for more; all others are in the rest.",
        ),
    ] = None,
    present: Annotated[
        list[str] | None,
        typer.Option(
            "--present", show_default=False,
            help="A source that is in the mix, again for all of them, where they are known.",
        ),
    ] = None,
    stems: Annotated[
        bool, typer.Option("--stems", help="Gather the sources in the model's few stems.")
    ] = False,
    book: Annotated[
        Path | None,
        typer.Option(
            "--book", show_default=False,
            help="A voice book; --keep is then the name of somebody in it.",
        ),
    ] = None,
    amount: Annotated[
        float,
        typer.Option("--amount", min=0, max=1, help="How much of the rest is taken away."),
    ] = 1.0,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", show_default=False,
            help="Folder; in it one for each recording, else they are here. - is WAV of the "
            "first source to standard output.",
        ),
    ] = None,
    format: Annotated[
        str,
        typer.Option(
            "--format", help="wav (floats, which sum to the recording), flac, mp3, opus …"
        ),
    ] = "wav",
    stream: Annotated[
        bool,
        typer.Option("--stream", help="Live, from standard input or mic to standard output."),
    ] = False,
    pcm: Annotated[
        str,
        typer.Option(
            "--pcm", show_default=False,
            help="Bare samples on standard input: FORMAT:RATE:CHANNELS (with --stream).",
        ),
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object per file, one per line.")
    ] = False,
    device: Device = "auto",
    partial: Partial = False,
    clean: Clean = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Take the mix apart: a voice from noise, one clip per source.

    Each source is a file of the recording's rate, channels and length, and so is the rest: together
    they are the recording. A folder stands for all recordings in it and in its sub-folders.
    """
    from tympan.cli.failures import Failures, announce, counted
    from tympan.cli.sources import check_readable, recordings
    from tympan.errors import ArgumentError
    from tympan.tasks.separate.api import find_separator, model_for

    options: dict[str, Any] = {
        "keep": ",".join(keep or ()), "present": ",".join(present or ()), "stems": stems,
        "amount": amount, "book": book,
    }  # fmt: skip
    chosen = model_for(model, book)
    if stream or pcm:
        _live(files, find_separator(chosen, device), options, pcm, quiet)
        return
    found = recordings(files, each=True)
    check_readable(found)
    separator = find_separator(chosen, device)
    separator.wanted(**options)
    if out == STDOUT:
        if len(found) > 1:
            raise ArgumentError("standard output holds one recording", fix="name a folder")
        with found[0].opened(partial=partial, clean=clean) as source:
            _piped(separator, source, options)
        return
    folders = _folders(found, None if out is None else Path(out))
    failures = Failures(len(found))
    announce(found[0], quiet=quiet or len(found) > 1)
    for recording in counted(found, quiet=quiet):
        with failures.of(recording), recording.opened(partial=partial, clean=clean) as source:
            _show(_apart(separator, source, folders[recording], format, options), json, quiet)
    failures.finish()


def _folders(found: list[Recording], out: Path | None) -> dict[Recording, Path]:
    """A folder for each recording, no two the same; that of a single one may be named itself."""
    from tympan.cli.outputs import unique_targets

    if out is not None and len(found) == 1 and not found[0].listed:
        return {found[0]: out}

    def free(path: Path, recording: Recording) -> bool:
        return not path.is_file()  # such as that of a recording without an ending

    return unique_targets(found, out or Path(), "", free)


def _apart(
    model: SeparateModel, source: Any, folder: Path, format: str, options: dict[str, Any]
) -> Separation:
    from tympan.tasks.separate.api import separated_files

    return separated_files(model, source, folder, format, **options)


def _show(answer: Separation, json: bool, quiet: bool) -> None:
    """The files, and what may be wrong with them."""
    from tympan.cli.outputs import json_line

    if json:
        typer.echo(json_line(answer.to_json()))
    elif not quiet:
        for path in answer.sources.values():
            typer.echo(path)
    if not quiet:
        for line in answer.warnings:
            typer.echo(f"tympan: {answer.file}: {line}", err=True)


def _piped(model: SeparateModel, source: Any, options: dict[str, Any]) -> None:
    """The first source of a recording as WAV to standard output, while it is made."""
    from tympan.tasks.inputs import blocks_of

    blocks = blocks_of(source)
    first = next(blocks, None)
    if first is None:
        return
    rate_hz, block = first

    def waves() -> Iterator[Any]:
        yield block
        for _, wave in blocks:
            yield wave

    _to_stdout(model, waves(), rate_hz, options)


def _to_stdout(
    model: SeparateModel, waves: Iterator[Any], rate_hz: int, options: dict[str, Any]
) -> None:
    from tympan.audio import _wav

    out, begun = sys.stdout.buffer, False
    for parts in model.stream(waves, rate_hz=rate_hz, **options):
        wave = next(iter(parts.values()))
        if not begun:
            out.write(_wav.header(rate_hz, len(wave), "PCM_16", {}))
            begun = True
        out.write(_wav.to_bytes(wave.T, "PCM_16"))
        out.flush()


def _live(
    files: list[str], model: SeparateModel, options: dict[str, Any], pcm: str, quiet: bool
) -> None:
    """From a live source to standard output.

    Raises:
        ArgumentError: more than one source, or a terminal would get the sound.
    """
    from tympan.cli.watch import stop_on_signals
    from tympan.errors import ArgumentError
    from tympan.live.sources import open_source

    if len(files) != 1:
        raise ArgumentError("one source is heard at a time", fix="tympan separate --stream -")
    if sys.stdout.isatty():
        fix = "tympan separate --stream mic | aplay"
        raise ArgumentError("standard output is a terminal, not a place for sound", fix=fix)
    source = open_source(files[0], pcm=pcm)
    stop = threading.Event()
    stop_on_signals(stop)

    def say(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    chunks = source.chunks(stop, say)
    first = next(chunks, None)
    if first is None:
        return
    rate_hz, shape = first.rate_hz, (first.rate_hz, len(first.samples))
    latency_s = model.begin(rate_hz, len(first.samples)).stream.latency_s
    say(f"{source.name}: {model.name} gives each sample {1000 * latency_s:.0f} ms later")

    def waves() -> Iterator[Any]:
        yield first.samples
        for chunk in chunks:
            if (chunk.rate_hz, len(chunk.samples)) != shape:
                raise ArgumentError("the source changed its rate or channels", file=source.name)
            yield chunk.samples

    _to_stdout(model, waves(), rate_hz, options)
