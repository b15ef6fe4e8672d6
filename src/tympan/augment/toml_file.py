"""Augmentations from presets and TOML files, with errors that name the line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tympan.augment.augmentation import SECTIONS, Augmentation, check_place
from tympan.augment.base import Transform
from tympan.augment.plain import Context, Place, PlaceError, from_plain, nearest
from tympan.errors import ArgumentError

PRESETS = Path(__file__).parent / "presets"


def preset_names() -> list[str]:
    """Return the names of the presets.

    >>> preset_names()
    ['light', 'machine', 'music', 'speech']
    """
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_augmentation(
    name_or_path: str | os.PathLike[str], *, rate_hz: int, unit_db: float = 1.0
) -> Augmentation:
    """Return the augmentation of a training, from a preset or a TOML file.

    A file holds one table for each transform, in the order in which they are applied::

        [[waveform]]
        transform = "Reverb"
        max_rt60_s = 0.5
        p = 0.3

        [[spectrogram]]
        transform = "TimeMask"

    The name is that of the class, the other keys are its arguments; `per_channel = true` lets each
    channel draw for itself. Folders of recordings (`backgrounds`, `impulse_responses`) are named
    from the file's own folder on.

    Args:
        name_or_path: "light", "speech", "machine" or "music", or a TOML file ("./light" is one).
        rate_hz: sample rate of the audio; transforms that need it get it.
        unit_db: decibels of one unit of the spectrograms: 1 where they hold decibels, 20 where
            these were divided by 20 …

    Raises:
        ArgumentError: an unknown preset; or what is wrong in the file, with its line.

    >>> load_augmentation("light", rate_hz=16000).waveform[0]
    Gain(min_gain_db=-6.0, max_gain_db=6.0, p=0.5)
    """
    given = os.fspath(name_or_path)
    path, names = Path(given), preset_names()
    if isinstance(name_or_path, str) and given in names:
        path, source = PRESETS / f"{given}.toml", given
    elif path.is_file():
        source = path.name
    elif isinstance(name_or_path, str) and not path.suffix and len(path.parts) == 1:
        what = f"no preset of augmentation is called {given!r}"
        raise ArgumentError(what, fix=f"{nearest(given, names)} Or name a TOML file")
    else:
        raise ArgumentError("no such file", file=given, fix=f"or a preset: {', '.join(names)}")
    context = Context(rate_hz, unit_db, path.parent)
    return _read(path, source, context)


def _read(path: Path, source: str, context: Context) -> Augmentation:
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8 text"
        raise ArgumentError(f"cannot be read: {reason}", file=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(f"is no TOML: {error}", file=path, fix="see toml.io") from error
    try:
        return _built(data, source, context)
    except PlaceError as error:
        line = _line_of(text, error.place)
        what = f"line {line}: {error.what}" if line else error.what
        raise ArgumentError(what, file=path, fix=error.fix) from error


def _built(data: Mapping[str, Any], source: str, context: Context) -> Augmentation:
    chains: dict[str, tuple[Transform, ...]] = {}
    for key, value in data.items():
        if key not in SECTIONS:
            what = f"unknown section {key!r}"
            raise PlaceError(what, (key,), fix=nearest(key, SECTIONS))
        if not isinstance(value, list):
            what = f"{key} is no list of transforms"
            raise PlaceError(what, (key,), fix=f"write [[{key}]], with two brackets")
        made = []
        for number, one in enumerate(value):
            made.append(from_plain(one, context, (key, number)))
            check_place(made[-1], key, context.rate_hz, (key, number, "transform"))
        chains[key] = tuple(made)
    if not any(chains.values()):
        raise PlaceError("holds no transforms", (), fix="begin with [[waveform]]")
    return Augmentation(**chains, rate_hz=context.rate_hz, source=source)


def _line_of(text: str, place: Place) -> int | None:
    """Return the line at which a value stands, or the table that it should stand in.

    >>> _line_of('[[waveform]]\\n\\ntransform = "Gain"', ("waveform", 0, "transform"))
    3
    """
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    here: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[(\[?)\s*([\w.]+)\s*\]", line):
            here = ()
            *parents, last = header[2].split(".")
            for part in parents:
                here = (*here, part)
                here = (*here, counts[here]) if here in counts else here
            here = (*here, last)
            if header[1]:
                counts[here] = counts.get(here, -1) + 1
                here = (*here, counts[here])
            lines[here] = number
        elif key := re.match(r"\s*[\"']?(\w+)[\"']?\s*=", line):
            lines.setdefault((*here, key[1]), number)
    while place:
        # The value itself, or else the first thing in it, or in what it stands in.
        inside = [number for where, number in lines.items() if where[: len(place)] == place]
        if inside:
            return lines.get(place, min(inside))
        place = place[:-1]
    return None
