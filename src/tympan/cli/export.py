"""`tympan export`: a model as a file that runs without tympan."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from tympan.cli.completion import among, model_names


class FrontPlace(enum.StrEnum):
    """Where the spectrogram is made."""

    inside = "inside"
    apart = "apart"


def export(
    model: Annotated[
        str,
        typer.Argument(
            help="Name or folder of a model.",
            show_default=False,
            autocompletion=among(lambda: model_names(None)),
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file to write: .onnx.", show_default=False)
    ],
    front: Annotated[
        FrontPlace,
        typer.Option(
            "--front", help="inside: samples in; apart: a second file makes the spectrogram."
        ),
    ] = FrontPlace.inside,
    int8: Annotated[bool, typer.Option("--int8", help="Numbers of eight bits.")] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="From block to block, its memory goes along.")
    ] = False,
    check: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            show_default=False,
            help="Recording or folder to compare with the model on; else a scene made here.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per file.")] = False,
) -> None:
    """Write a model as an ONNX file that runs without tympan, and see that it is the model."""
    from tympan.cli.outputs import json_line
    from tympan.cli.sources import recordings
    from tympan.exporting.api import export as export_model

    paths = [one.path for one in recordings(check)] if check else []
    for one in export_model(model, out, front=front.value, int8=int8, stream=stream, check=paths):
        typer.echo(json_line(one.to_json()) if json else one)
        same = one.agreement.agree
        if int8 and not json and same < 1:
            typer.echo(f"  agreement with the model: {100 * same:.1f} % (see the page of export)")
