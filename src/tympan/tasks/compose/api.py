"""Composing from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.notation import Piece
    from tympan.tasks.compose.model import Composer, Order
    from tympan.tasks.results import Composition

    Given: TypeAlias = Piece | str | os.PathLike[str]

RATE_HZ = 44_100
PLAIN = ("seed", "bars", "tempo_bpm", "temperature", "parallels", "any_range")


def compose(
    *,
    model: str | os.PathLike[str] | None = None,
    seed: int = 0,
    bars: int = 16,
    key: str | None = None,
    tempo_bpm: float | None = None,
    temperature: float = 0.8,
    continue_: Given | None = None,
    harmonize: Given | None = None,
    soundfont: str | os.PathLike[str] | None = None,
    parallels: bool = False,
    any_range: bool = False,
    title: str = "",
    device: str = "auto",
) -> Composition:
    """Make music.

    Args:
        model: name or folder of a model; a four-part chorale by default.
        seed: same seed, same piece.
        bars: how many, beside those that are given.
        key: such as `"G major"` or `"Am"`; the model's choice by default.
        tempo_bpm: beats per minute; the model's usual by default.
        temperature: 1 draws as the net says, below 1 tamer; 0 always takes the likeliest.
        continue_: a piece, or a MIDI or ABC file, that this one begins with.
        harmonize: a melody, or some of the voices, to which the others are found.
        soundfont: SF2 or SF3 file that it is played with; tympan's own instruments by default.
        parallels: voices may move in parallel fifths and octaves, as the net wants it; else what
            makes one is hardly ever drawn.
        any_range: voices may leave the ranges that they have in the training set.
        title: of the piece.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Returns:
        The piece, which knows its notes, its sound (`clip()`), and how to be saved as MIDI,
        MusicXML, sound or picture.

    Raises:
        ArgumentError: an option is out of its range, or nothing can be made of what is given.
        ModelError: the model cannot be used.
        DataError: a file is no score, or no soundfont.

    >>> tune = compose(bars=2, seed=1)
    >>> tune.bars, len(tune.piece.parts)
    (2, 4)
    """
    from dataclasses import replace

    if soundfont is not None:
        from tympan.notation.soundfont import check

        check(soundfont)
    composer, order = ordered(
        model, device, continue_=continue_, harmonize=harmonize, title=title, seed=seed, bars=bars,
        key=key, tempo_bpm=tempo_bpm, temperature=temperature, parallels=parallels,
        any_range=any_range,
    )  # fmt: skip
    found = composer.compose(order)
    return found if soundfont is None else replace(found, soundfont=os.fspath(soundfont))


def compose_stream(
    *,
    model: str | os.PathLike[str] | None = None,
    rate_hz: int = RATE_HZ,
    continue_: Given | None = None,
    harmonize: Given | None = None,
    device: str = "auto",
    **options: Any,
) -> Iterator[npt.NDArray[np.float32]]:
    """Make music, and give its sound `(t,)` while the rest is still being composed.

    Args:
        model: as in `compose`, and so are the other arguments.
        rate_hz: of the sound.
        continue_, harmonize, device: as in `compose`.
        options: `seed`, `bars`, `key`, `tempo_bpm`, `temperature`, `parallels`,
            `any_range`.

    Yields:
        Samples, one block after another.

    Raises:
        ArgumentError: as `compose`.

    >>> first = next(compose_stream(bars=8, rate_hz=8000))
    >>> first.dtype
    dtype('float32')
    """
    from tympan.tasks.compose.playing import sounding

    composer, order = ordered(
        model, device, continue_=continue_, harmonize=harmonize, title="", **options
    )
    return sounding(composer, order, rate_hz)


def ordered(
    model: str | os.PathLike[str] | None,
    device: str,
    *,
    continue_: Given | None,
    harmonize: Given | None,
    title: str,
    **options: Any,
) -> tuple[Composer, Order]:
    """The composer, loaded, and what it is to compose.

    Raises:
        ArgumentError: an option is out of its range, or two pieces are given.
        ModelError: the model cannot be used.
    """
    from tympan.tasks.answering import load
    from tympan.tasks.compose.config import FILL, KEYS
    from tympan.tasks.compose.grid import key_called
    from tympan.tasks.compose.model import Composer, Order
    from tympan.tasks.registry import verb

    checked = verb("compose").checked(options)
    values = {name: checked[name] for name in (*PLAIN, "key")}
    if continue_ is not None and harmonize is not None:
        raise ArgumentError("a piece to continue and one to harmonize are given", fix="give one")
    given = continue_ if harmonize is None else harmonize
    piece = None if given is None else with_notes(given)
    composer: Any = load(model, "compose", device)
    partner = composer.config.partner
    if harmonize is not None and partner and composer.config.kind != FILL:
        filling: Any = load(partner, "compose", device)
        composer = Composer(filling.net, filling.name, composer.known, composer.net)
    key = values.pop("key")
    return composer, Order(
        **values,
        key=KEYS if key is None else key_called(key),
        given=piece,
        harmonize=harmonize is not None,
        title=title,
    )


def with_notes(source: Given) -> Piece:
    """A piece that has notes beside drums.

    Raises:
        DataError: the file cannot be read.
        ArgumentError: it has none.
    """
    from tympan.notation import Piece

    piece = read_piece(source)
    if not any(part.notes for part in piece.parts if not part.drums):
        drums = any(part.notes for part in piece.parts)
        what = "holds drums alone, and no notes" if drums else "holds no notes"
        file = (piece.name or None) if isinstance(source, Piece) else source
        raise ArgumentError(what, file=file, fix="give a piece with a melody")
    return piece


def read_piece(source: Given) -> Piece:
    """A piece, read if it is a file: MIDI or ABC.

    Raises:
        DataError: the file cannot be read.
    """
    from pathlib import Path

    from tympan.notation import Piece, read_midi

    if isinstance(source, Piece):
        return source
    path = Path(source)
    if path.suffix.lower() == ".abc":
        from tympan.notation.abc import read_abc

        return read_abc(path)
    return read_midi(path)
