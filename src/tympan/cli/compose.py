"""`tympan compose`: music to a file, or to the loudspeaker while it is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tympan.cli.completion import among, model_names
from tympan.cli.enroll import Device, Json
from tympan.cli.sources import Quiet

if TYPE_CHECKING:
    from tympan.tasks.results import Composition

OUT = "piece.mid"


def compose(
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", "-o", show_default=False,
            help=f"File to write: mid, wav, mp3, musicxml, csv, json …; else {OUT}. Several: -o "
            "again.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", "-m", show_default=False, help="Name or folder of a model; else chorale.",
            autocompletion=among(lambda: model_names("compose")),
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same piece.")] = 0,
    bars: Annotated[
        int, typer.Option("--bars", min=1, max=10_000, help="Length, without what is given.")
    ] = 16,
    key: Annotated[
        str | None,
        typer.Option("--key", help="Such as C, 'G major', Am; else any.", show_default=False),
    ] = None,
    tempo: Annotated[
        float | None,
        typer.Option("--tempo", min=20, max=400, help="Beats per minute.", show_default=False),
    ] = None,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0, max=3, help="Below 1 tamer, above wilder.")
    ] = 0.8,
    continue_: Annotated[
        Path | None,
        typer.Option(
            "--continue", help="MIDI or ABC file that the piece begins with.", show_default=False
        ),
    ] = None,
    harmonize: Annotated[
        Path | None,
        typer.Option(
            "--harmonize", help="MIDI or ABC file of a melody, or of some of the voices.",
            show_default=False,
        ),
    ] = None,
    soundfont: Annotated[
        Path | None,
        typer.Option(
            "--soundfont", help="SF2 or SF3 file for the sound; else tympan's own instruments.",
            show_default=False,
        ),
    ] = None,
    parallels: Annotated[
        bool, typer.Option("--parallels", help="Let voices move in parallel fifths and octaves.")
    ] = False,
    any_range: Annotated[
        bool, typer.Option("--any-range", help="Let voices leave their usual ranges.")
    ] = False,
    title: Annotated[str, typer.Option("--title", help="Of the piece.", show_default=False)] = "",
    score: Annotated[
        Path | None,
        typer.Option("--score", help="Draw a piano roll: svg.", show_default=False),
    ] = None,
    play: Annotated[bool, typer.Option("--play", help="Play it while it is made.")] = False,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Make music."""
    from tympan.tasks.compose.api import ordered

    targets = _checked(out, score, play)
    if soundfont is not None:
        from tympan.notation.soundfont import check

        check(soundfont)
    composer, order = ordered(
        model, device, continue_=continue_, harmonize=harmonize, title=title, seed=seed, bars=bars,
        key=key, tempo_bpm=tempo, temperature=temperature, parallels=parallels,
        any_range=any_range,
    )  # fmt: skip
    if play:
        _play(composer, order)
    if not targets:
        return
    found = _with_soundfont(composer.compose(order), soundfont)
    for target in targets:
        found.save(target)
    if not quiet:
        _report(found, targets, json)


def _checked(out: list[Path] | None, score: Path | None, play: bool) -> list[Path]:
    """The files to write, refused before anything is composed if they cannot be.

    Raises:
        ArgumentError: another ending, a folder, or a file in no folder.
    """
    from tympan._files import check_target
    from tympan.errors import ArgumentError
    from tympan.tasks.results.composition import Composition
    from tympan.tasks.results.formats import check_ending

    targets = list(out or ([] if play else [Path(OUT)]))
    for one in targets:
        check_ending(check_target(one), Composition.formats, "a composition")
    if score is not None:
        if score.suffix.lower() != ".svg":
            raise ArgumentError("a piano roll is drawn as .svg", file=score, fix="--score roll.svg")
        targets.append(check_target(score))
    return targets


def _with_soundfont(found: Composition, soundfont: Path | None) -> Composition:
    """The piece, to be played with a soundfont."""
    from dataclasses import replace

    return found if soundfont is None else replace(found, soundfont=str(soundfont))


def _play(composer: Any, order: Any) -> None:
    """Play the piece while it is composed.

    Raises:
        MissingDependencyError: sounddevice is not installed.
    """
    from tympan.audio._player import open_output
    from tympan.tasks.compose.api import RATE_HZ
    from tympan.tasks.compose.playing import sounding

    stream = open_output(RATE_HZ)
    try:
        for block in sounding(composer, order, RATE_HZ):
            stream.write(block[:, None])
    finally:
        stream.stop()
        stream.close()


def _report(found: Composition, targets: list[Path], json: bool) -> None:
    """Say what was written."""
    from tympan.cli.outputs import json_line

    if json:
        typer.echo(json_line({**found.to_json(), "files": [str(one) for one in targets]}))
        return
    typer.echo(f"{', '.join(map(str, targets))}: {found.shown()}")
    for line in found.warnings:
        typer.echo(line, err=True)
