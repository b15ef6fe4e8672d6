"""Transforms as plain values, and back: what stands in files and in the cards of models."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from tympan import augment
from tympan._toml import Place, PlaceError, nearest
from tympan.augment._names import SPECTROGRAM, WAVEFORM
from tympan.augment.base import Transform
from tympan.augment.recordings import Recordings
from tympan.errors import ArgumentError, TympanError

GROUPS = ("Compose", "OneOf", "PerChannel")
# Arguments that name recordings.
RECORDINGS = ("backgrounds", "impulse_responses")


@dataclass(frozen=True)
class Context:
    """What transforms are made for, and where they were read.

    Args:
        rate_hz: sample rate of the audio.
        unit_db: decibels of one unit of the spectrograms, for transforms that add decibels.
        folder: what names of recordings are relative to; the current folder if None.
    """

    rate_hz: int
    unit_db: float = 1.0
    folder: Path | None = None


def to_plain(transform: Transform) -> dict[str, Any]:
    """Return the name of a transform and all its arguments, as JSON can hold them.

    Raises:
        ArgumentError: it holds recordings that have no name on disk.

    >>> from tympan.augment import Gain
    >>> to_plain(Gain(-3.0, 3.0))
    {'transform': 'Gain', 'min_gain_db': -3.0, 'max_gain_db': 3.0, 'p': 1.0}
    """
    names = inspect.signature(type(transform)).parameters
    values = {name: _plain(getattr(transform, name), name) for name in names}
    return {"transform": type(transform).__name__, **values}


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Transform):
        return to_plain(value)
    if isinstance(value, Recordings):
        return value.to_dict()
    if name in RECORDINGS and value is not None:
        what = f"{name} that are not on disk cannot be written down"
        raise ArgumentError(what, fix="use tympan.augment.Recordings(folder, rate_hz)")
    if isinstance(value, tuple | list):
        return [_plain(each, name) for each in value]
    return value


def from_plain(data: Any, context: Context, place: Place = ()) -> Transform:
    """Return the transform that a mapping describes: `transform`, its name, and its arguments.

    The sample rate, and the unit of spectrograms, come from the context. With `per_channel = true`
    each channel draws for itself.

    Raises:
        PlaceError: what cannot be made, and where it stands.

    >>> from_plain({"transform": "LowPass", "p": 0.5}, Context(rate_hz=8000)).rate_hz
    8000
    """
    if not isinstance(data, Mapping):
        raise PlaceError(f"{data!r} is no transform", place, fix='transform = "Gain", p = 0.5, …')
    given = dict(data)
    name = given.pop("transform", None)
    if name is None:
        raise PlaceError("a transform has no name", place, fix='add transform = "Gain", or another')
    kind = _kind(name, (*place, "transform"))
    each = given.pop("per_channel", False)
    if not isinstance(each, bool):
        what = f"per_channel is {each!r}"
        raise PlaceError(what, (*place, "per_channel"), fix="true or false")
    try:
        made = kind(**_arguments(kind, given, context, place))
        return augment.PerChannel(made) if each else made
    except PlaceError:
        raise
    except TympanError as error:
        wrong = _meant(error.what, given)
        raise PlaceError(f"{name}: {error.what}", (*place, wrong), fix=error.fix) from error


def transform_names() -> list[str]:
    """Return the names of all transforms that a file can hold."""
    return sorted({*WAVEFORM, *SPECTROGRAM, *GROUPS})


def _meant(what: str, given: Mapping[str, Any]) -> str:
    """Return the argument that an error speaks of: the one that its first word names, if any."""
    first = what.split(" ", 1)[0]
    if first in given:
        return first
    return next((key for key in given if len(first) > 1 and first in key), "transform")


def _kind(name: object, place: Place) -> type[Transform]:
    known = transform_names()
    if name not in known:
        raise PlaceError(f"unknown transform {name!r}", place, fix=nearest(name, known))
    kind: type[Transform] = getattr(augment, str(name))
    return kind


def _arguments(
    kind: type[Transform], given: Mapping[str, Any], context: Context, place: Place
) -> dict[str, Any]:
    """Return the constructor's arguments, checked and converted."""
    takes = inspect.signature(kind).parameters
    hints = typing.get_type_hints(kind.__init__)
    result: dict[str, Any] = {}
    for key, value in given.items():
        here = (*place, key)
        if key not in takes:
            what = f"{kind.__name__} takes no {key!r}"
            raise PlaceError(what, here, fix=nearest(key, takes))
        if key in RECORDINGS:
            result[key] = _recordings(value, context, here)
        elif key == "rate_hz" and value is not None and value != context.rate_hz:
            what = f"{kind.__name__} for {value!r} Hz, the audio is at {context.rate_hz} Hz"
            raise PlaceError(what, here, fix="leave rate_hz out")
        else:
            result[key] = _converted(value, hints[key], context, here, kind.__name__)
    if "rate_hz" in takes:
        result["rate_hz"] = context.rate_hz
    if kind is augment.FilterAugment and context.unit_db != 1.0:
        result.setdefault("scale", context.unit_db)
    needed = [k for k, v in takes.items() if v.default is v.empty and k not in result]
    if needed:
        what = f"{kind.__name__} needs {' and '.join(needed)}"
        raise PlaceError(what, (*place, "transform"), fix=f"add {needed[0]} = …")
    return result


def _recordings(value: Any, context: Context, place: Place) -> Recordings | None:
    if value is None:
        return None
    try:
        if isinstance(value, Mapping):
            return Recordings.from_dict(dict(value), context.rate_hz, context.folder)
        if isinstance(value, str):
            return Recordings(value, context.rate_hz, context.folder)
    except TympanError as error:
        what = f"{error.file}: {error.what}" if error.file else error.what
        raise PlaceError(what, place, fix=error.fix) from error
    raise PlaceError(f"{place[-1]} is {value!r}", place, fix="name a folder of recordings")


def _converted(value: Any, hint: Any, context: Context, place: Place, owner: str) -> Any:
    """Return a value as the type hint of its argument wants it."""
    if hint is Transform:
        return from_plain(value, context, place)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        for one in sorted(inner, key=lambda kind: kind is str):
            try:
                return _converted(value, one, context, place, owner)
            except PlaceError as error:
                if len(error.place) > len(place):
                    raise
    elif origin in (tuple, Sequence):
        if isinstance(value, list | tuple):
            kinds = inner if origin is tuple and inner[-1] is not Ellipsis else None
            if kinds is None or len(kinds) == len(value):
                kinds = kinds or (inner[0],) * len(value)
                made = [
                    _converted(each, one, context, (*place, i), owner)
                    for i, (each, one) in enumerate(zip(value, kinds, strict=True))
                ]
                return tuple(made)
    elif hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif hint in (int, bool, str, types.NoneType) and type(value) is hint:
        return value
    shown = "" if not isinstance(place[-1], int) else f" of {place[-2]}"
    named = place[-1] if not shown else "an entry"
    what = f"{owner}: {named}{shown} is {value!r}"
    raise PlaceError(what, place, fix=f"give {_in_words(hint)}")


def _in_words(hint: Any) -> str:
    """Return what a type hint asks for, in words.

    >>> _in_words(float), _in_words(tuple[str, ...])
    ('a number', 'a list of texts')
    """
    words = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_in_words(one) for one in inner if one is not types.NoneType)
    if origin in (tuple, Sequence):
        count = "" if origin is not tuple or inner[-1] is Ellipsis else f"{len(inner)} "
        return f"a list of {count}{words.get(inner[0], 'a value').split(' ', 1)[-1]}s"
    return words.get(hint, str(hint))
