"""What `--set` can change: every setting of a training, its default, its meaning, its conversion.

All of it stands in the docstrings of the configurations; here it is read from there, so that the
help, the documentation and the code say the same.
"""

from __future__ import annotations

import dataclasses
import inspect
import numbers
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tympan.errors import ArgumentError

Config = TypeVar("Config")

# An entry of a docstring's list begins four spaces in, and goes on deeper.
_ENTRY = re.compile(r"^ {4}(\w+): (.+?)(?=^ {0,4}\S|\Z)", re.MULTILINE | re.DOTALL)
_NUMBERS: dict[Any, type] = {int: numbers.Integral, float: numbers.Real}
# What stands in a card because of the training, and is no way to change it.
_FITTED = ("temperature", "thresholds", "augment")


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: as `--set name=value` takes it.
        default: what it is unless it is set.
        kind: the values it takes: `int`, `float`, `str`, `bool`; `or none` where it may be off.
        meaning: what it does.
        group: whose it is: `"training"`, or the task's name.
        scratch_only: a trained encoder brings its own; only `--from scratch` takes another.
    """

    name: str
    default: str
    kind: str
    meaning: str
    group: str
    scratch_only: bool = False


def list_settings(task: str = "classify") -> list[Setting]:
    """All settings of a task's training, in the order of its configurations.

    Args:
        task: the question.

    Raises:
        ArgumentError: there is no such task.

    >>> crop = next(one for one in list_settings() if one.name == "crop")
    >>> crop.default, crop.kind, crop.group
    ('0.75', 'float', 'classify')
    """
    from tympan.tasks.registry import get

    question = get(task)
    (_, usual), *others = question.defaults().items()
    found = []
    for group, part in (("training", "training"), (task, "config")):
        for one in _of(group, getattr(usual, part)):
            defaults = [one.default]
            for when, phase in others:
                value = _shown(getattr(getattr(phase, part), one.name))
                if value != one.default:
                    defaults.append(f"{when} {value}")
            only = group == task and one.name in question.pretrained_fields
            found.append(dataclasses.replace(one, default=", ".join(defaults), scratch_only=only))
    return found


def _of(group: str, config: Any) -> Iterator[Setting]:
    """The settings of one configuration."""
    meanings: dict[str, str] = {}
    for kind in reversed(type(config).__mro__):  # a configuration may extend another
        docstring = inspect.cleandoc(kind.__doc__ or "")
        meanings |= {name: " ".join(text.split()) for name, text in _ENTRY.findall(docstring)}
    kinds = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        if field.name in _FITTED:
            continue
        kind = kinds[field.name]
        if typing.get_origin(kind) is tuple:  # a list of numbers or words
            kind = tuple
        choices = typing.get_args(kind) or (kind,)
        shown = " or ".join("none" if c is type(None) else c.__name__ for c in choices)
        default = _shown(getattr(config, field.name))
        yield Setting(field.name, default, shown, meanings[field.name], group)


def _shown(value: Any) -> str:
    """A value as `--set` takes it."""
    text = "none" if value is None else f"{value:g}" if type(value) is float else str(value)
    return text.lower()


def apply_settings(config: Config, settings: Mapping[str, Any]) -> tuple[Config, set[str]]:
    """Return `config` with the fields named in `settings` replaced, and which names were used.

    Text, as it comes from `--set key=value`, is converted to the type of the field.

    Raises:
        ArgumentError: a value does not fit its field.

    >>> from tympan.training import TrainingConfig
    >>> config, used = apply_settings(TrainingConfig(), {"epochs": "5", "other": "1"})
    >>> config.epochs, used
    (5, {'epochs'})
    """
    kinds = typing.get_type_hints(type(config))
    known = {f.name for f in dataclasses.fields(config)} & set(settings)  # type: ignore[arg-type]
    values = {name: _converted(name, settings[name], kinds[name]) for name in known}
    return dataclasses.replace(config, **values), known  # type: ignore[type-var]


def _converted(name: str, value: Any, kind: Any) -> Any:
    """`"0.5"` → 0.5 where the field is a float; `"none"` → None where it may be."""
    choices = typing.get_args(kind) or (kind,)
    if isinstance(value, str) and value.lower() == "none" and type(None) in choices:
        return None
    if not isinstance(value, str) and _fits(value, choices):
        return value
    readers: dict[Any, Callable[[str], Any]] = {bool: _as_bool, int: int, float: float, str: str}
    for reader in (readers[c] for c in readers if c in choices and isinstance(value, str)):
        try:
            return reader(value)
        except ValueError:
            continue
    wanted = " or ".join(getattr(c, "__name__", str(c)) for c in choices)
    raise ArgumentError(f"{name}={value!r} is no {wanted}", fix=f"--set {name}=<{wanted}>")


def _fits(value: Any, choices: tuple[Any, ...]) -> bool:
    """Whether a value that is no text is of a field's type; of lists it is seen later."""
    if not set(choices) <= {*_NUMBERS, bool, str, type(None)}:
        return True
    if isinstance(value, bool) or value is None:
        return type(value) in choices
    return isinstance(value, tuple(_NUMBERS[c] for c in choices if c in _NUMBERS))


def _as_bool(text: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]
