"""What a command listens to: a file as it is, or what is left of a cut one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tympan.audio import Clip

Partial = Annotated[
    bool, typer.Option("--partial", help="Of a cut or damaged file take what is there.")
]


def source(file: Path, partial: bool) -> Path | Clip:
    """The file, or with `--partial` the clip that it still holds.

    Raises:
        AudioFileError: it holds nothing at all.
    """
    if not partial:
        return file
    from dataclasses import replace

    from tympan.audio import load

    return replace(load(file, partial=True), name=str(file))
