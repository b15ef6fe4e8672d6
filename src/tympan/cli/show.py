"""`tympan show`: pictures of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.sources import Partial, source

# As in `tympan.spectra.figures.KINDS`, which would load numpy for every `--help`.
_KINDS = ("waveform", "spectrum", "both", "spectrogram", "mel", "log", "mfcc", "all")


def show(
    file: Annotated[Path, typer.Argument(help="Sound file.", show_default=False)],
    kind: Annotated[str, typer.Option("--kind", "-k", help=f"One of {', '.join(_KINDS)}.")] = "all",
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
) -> None:
    """Draw waveform, spectrum, spectrogram, MFCC."""
    from tympan.spectra import figures

    target = Path(f"{file.stem}.png") if out is None else out
    for path in figures.show(source(file, partial), kind, path=target):
        typer.echo(path)
