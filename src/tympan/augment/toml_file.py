"""Augmentations from presets and TOML files, with errors that name the line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tympan._toml import PlaceError, at_line, nearest, read_toml
from tympan.augment.augmentation import SECTIONS, Augmentation, check_place
from tympan.augment.base import Transform
from tympan.augment.plain import Context, from_plain
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
    text, data = read_toml(path)
    try:
        return _built(data, source, context)
    except PlaceError as error:
        raise at_line(error, text, path) from error


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
