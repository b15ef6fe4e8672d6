"""What `--set` can change: every setting of a training, its default and its meaning.

All of it stands in the docstrings of the configurations; here it is read from there, so that the
help, the documentation and the code say the same.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from dataclasses import dataclass

# An entry of a docstring's list begins four spaces in, and goes on deeper.
_ENTRY = re.compile(r"^ {4}(\w+): (.+?)(?=^ {0,4}\S|\Z)", re.MULTILINE | re.DOTALL)
# What stands in a card because of the training, and is no way to change it.
_FITTED = ("temperature",)


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: as `--set name=value` takes it.
        default: what it is unless told otherwise.
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
    from tympan.tasks.ask import get
    from tympan.tasks.course import usual_training

    # These depend on the start and on how many recordings there are.
    tuned, scratch = usual_training(tuning=True), usual_training(tuning=False)
    few = usual_training(tuning=True, head_only=True)
    chosen = {
        "epochs": f"{tuned.epochs}, from scratch {scratch.epochs}, of few recordings {few.epochs}",
        "lr": f"{tuned.lr:g}, from scratch {scratch.lr:g}",
        "optimizer": f"{tuned.optimizer}, from scratch {scratch.optimizer}",
    }
    question = get(task)
    usual = question.config_type()
    own = list(_of(task, usual))
    chosen |= {
        one.name: f"{tuned_one.default}, from scratch {one.default}"
        for one, tuned_one in zip(own, _of(task, question.for_tuning(usual)), strict=True)
        if tuned_one.default != one.default
    }
    return [
        dataclasses.replace(
            one,
            default=chosen.get(one.name, one.default),
            scratch_only=one.group == task and one.name in question.brought,
        )
        for one in (*_of("training", tuned), *own)
    ]


def _of(group: str, config: typing.Any) -> Iterator[Setting]:
    """The settings of one configuration."""
    text = inspect.getdoc(type(config)) or ""
    meanings = {name: " ".join(told.split()) for name, told in _ENTRY.findall(text)}
    kinds = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        if field.name in _FITTED:
            continue
        choices = typing.get_args(kinds[field.name]) or (kinds[field.name],)
        kind = " or ".join("none" if c is type(None) else c.__name__ for c in choices)
        value = getattr(config, field.name)
        default = "none" if value is None else f"{value:g}" if type(value) is float else str(value)
        yield Setting(field.name, default.lower(), kind, meanings[field.name], group)
