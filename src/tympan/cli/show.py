"""`tympan show`: pictures of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tympan.cli.completion import among
from tympan.cli.sources import File, Partial
from tympan.report.asked import KINDS as _KINDS


def show(
    file: File,
    kind: Annotated[
        str,
        typer.Option(
            "--kind", "-k", help=f"One of {', '.join(_KINDS)}.",
            autocompletion=among(lambda: _KINDS),
        ),
    ] = "all",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A .png, .svg or .pdf to write, or a folder for one file per kind. "
            "Default: the name of the sound file with .png, here.",
            show_default=False,
        ),
    ] = None,
    partial: Partial = False,
) -> None:  # fmt: skip
    """Draw waveform, spectrum, spectrogram, MFCC."""
    from tympan.cli.sources import one_recording
    from tympan.errors import ArgumentError

    if kind not in _KINDS:
        what = f"unknown kind of figure {kind!r}"
        raise ArgumentError(what, fix=f"use {', '.join(_KINDS)}")
    recording = one_recording(file)
    from tympan.spectra import figures

    target = Path(f"{recording.within.stem}.png") if out is None else out
    with recording.opened(partial=partial) as source:
        note = _synthetic(source)
        if note:
            typer.echo(f"{recording.within}: {note}", err=True)
        for path in figures.show(source, kind, path=target):
            typer.echo(path)


def _synthetic(source: Any) -> str:
    """What a file says of having been made by a machine; empty where it says nothing."""
    from tympan.audio import Clip, probe
    from tympan.audio.synthetic import synthetic_note
    from tympan.errors import AudioFileError

    try:
        note = synthetic_note(source if isinstance(source, Clip) else probe(source).tags)
    except AudioFileError:  # `show` says it
        return ""
    return f"marked as synthetic: {note}" if note else ""
