"""What the configurations of tasks share: checked ranges, and the way to a card and back."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from tympan.errors import ArgumentError, ModelError


def check_ranges(config: object, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a configuration of which a number is out of its range; NaN is out of each.

    Raises:
        ArgumentError: which one, and the range.

    >>> from types import SimpleNamespace
    >>> check_ranges(SimpleNamespace(hop=0), {"hop": (1, 100)})
    Traceback (most recent call last):
    tympan.errors.ArgumentError: hop=0 must be between 1 and 100
    """
    for name, (low, high) in ranges.items():
        value = getattr(config, name)
        if not low <= value <= high:
            raise ArgumentError(f"{name}={value} must be between {low:g} and {high:g}")


@dataclass(frozen=True)
class CardConfig:
    """A configuration of plain values that a card holds; a task adds the fields."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the card holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], file: str | None = None) -> Self:
        """Read a card's configuration.

        Raises:
            ModelError: an unknown field, or one of another type or out of its range.
        """
        known = {f.name: f.default for f in fields(cls)}
        kinds = typing.get_type_hints(cls)
        # JSON has no tuples.
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        unknown = sorted(set(values) - set(known))
        wrong = [n for n, v in values.items() if n in known and not _fits(v, known[n], kinds[n])]
        if unknown or wrong:
            what = f"its configuration has an unusable field {(unknown + wrong)[0]!r}"
            raise ModelError(what, file=file, fix="get or train the model again")
        try:
            return cls(**values)
        except ArgumentError as error:
            raise ModelError(f"its configuration is unusable: {error.what}", file=file) from error


def _fits(value: object, default: object, kind: Any) -> bool:
    """Whether a value read from a card is of its field's type; `true` is no number."""
    if default is None:
        return value is None or isinstance(value, dict)
    if isinstance(default, float):
        return type(value) in (int, float)
    if isinstance(default, tuple) and isinstance(value, tuple):
        wanted = (str,) if str in typing.get_args(kind) else (int, float)
        return all(type(one) in wanted for one in value)
    return type(value) is type(default)
