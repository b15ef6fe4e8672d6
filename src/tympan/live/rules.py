"""What is to be done when something happens: rules, read from a small TOML file or a profile."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from tympan._toml import Place, PlaceError, at_line, nearest, read_toml
from tympan.errors import ArgumentError
from tympan.live.hours import Hours, parse_hours, zone_of

PROFILES = Path(__file__).parent / "profiles"


@dataclass(frozen=True)
class Rule:
    """When an event begins and ends, and what is done then.

    Attributes:
        name: of the rule, unique in its file.
        labels: any of these labels counts; empty: each label of the model.
        model: name of the model that it is about; empty: each that has one of the labels.
        threshold: score from which an event begins; None: that of the model, or 0.5.
        release: score below which it ends; None: four fifths of the threshold.
        min_s: shortest event: so long the score must stay up.
        max_s: an event that lasts longer ends, and the next may begin.
        cooldown_s: after an event, none begins for so long.
        quiet: hours in which none begins.
        active: the only hours in which one begins; empty: all.
        actions: names of what is done; empty: all actions of the file.
    """

    name: str
    labels: tuple[str, ...] = ()
    model: str = ""
    threshold: float | None = None
    release: float | None = None
    min_s: float = 0.0
    max_s: float = 600.0
    cooldown_s: float = 0.0
    quiet: tuple[Hours, ...] = ()
    active: tuple[Hours, ...] = ()
    actions: tuple[str, ...] = ()

    def allows(self, local: datetime) -> bool:
        """Whether an event may begin at this local time."""
        if self.active and not any(one.hold(local) for one in self.active):
            return False
        return not any(one.hold(local) for one in self.quiet)


@dataclass(frozen=True)
class ModelSpec:
    """A model that answers, and how.

    Attributes:
        name: of the catalogue, an engine, or a folder.
        verb: the question; empty: that of the model.
        options: of the verb.
        clean: take the noise away from voices before; None: as the model was made to.
    """

    name: str
    verb: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    clean: bool | None = None


@dataclass(frozen=True)
class Rules:
    """All that a file of rules says.

    Attributes:
        rules: in the order of the file.
        models: those that answer.
        actions: name → what is done, as plain values with their `type`.
        zone: time zone of the hours; None: that of the computer.
        path: the file; None: rules made in Python.
        text: of the file, to find lines in.
    """

    rules: tuple[Rule, ...]
    models: tuple[ModelSpec, ...] = ()
    actions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    zone: tzinfo | None = None
    path: Path | None = None
    text: str = field(default="", repr=False)

    @property
    def profile(self) -> str:
        """The name of the profile that these are; empty: a file of the user's own."""
        return self.path.stem if self.path is not None and self.path.parent == PROFILES else ""

    def error(self, error: PlaceError) -> ArgumentError:
        """An error about a value of these rules, with its line; a profile goes by its name."""
        if self.path is None:
            return error
        found = at_line(error, self.text, self.path)
        if not self.profile:
            return found
        return ArgumentError(found.what, file=f"the profile {self.profile}", fix=found.fix)


def profile_names() -> list[str]:
    """The names of the profiles that are part of the package.

    >>> "break-in" in profile_names()
    True
    """
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def load_rules(name_or_path: str | os.PathLike[str]) -> Rules:
    """Read rules from a profile or a TOML file::

        time_zone = "Europe/Berlin"

        [[model]]
        name = "sounds"

        [[rule]]
        name = "glass"
        labels = ["glass breaking"]
        threshold = 0.6
        quiet = ["mon-fri 08:00-17:00"]

        [action.log]
        type = "log"
        path = "events.db"

    Args:
        name_or_path: `"break-in"`, `"machine"` or `"baby-and-home"`, or a file.

    Raises:
        ArgumentError: an unknown profile; or what is wrong in the file, with its line.

    >>> [rule.name for rule in load_rules("machine").rules]
    ['unusual']
    """
    given = os.fspath(name_or_path)
    path = Path(given)
    if isinstance(name_or_path, str) and given in profile_names():
        path = PROFILES / f"{given}.toml"
    elif not path.is_file():
        fix = f"name a TOML file, or a profile: {', '.join(profile_names())}"
        raise ArgumentError("no such file of rules", file=given, fix=fix)
    text, data = read_toml(path)
    try:
        return _built(data, path, text)
    except PlaceError as error:
        raise at_line(error, text, path) from error


def _built(data: Mapping[str, Any], path: Path, text: str) -> Rules:
    known = ("time_zone", "model", "rule", "action")
    for key in data:
        if key not in known:
            raise PlaceError(f"unknown key {key!r}", (key,), fix=nearest(key, known))
    zone = _checked(data, "time_zone", _text, "", ())
    try:
        found_zone = zone_of(zone)
    except ArgumentError as error:
        raise PlaceError(error.what, ("time_zone",), fix=error.fix) from error
    actions = data.get("action", {})
    if not isinstance(actions, Mapping):
        raise PlaceError("action is no table", ("action",), fix="write [action.NAME]")
    for name, one in actions.items():
        if not isinstance(one, Mapping) or not isinstance(one.get("type"), str):
            fix = 'for instance type = "log"'
            raise PlaceError(f"the action {name!r} has no type", ("action", name), fix=fix)
    rules = tuple(_rule(one, ("rule", i), actions) for i, one in _tables(data, "rule"))
    if not rules:
        raise PlaceError("holds no rule", (), fix="begin with [[rule]]")
    names = [one.name for one in rules]
    for i, name in enumerate(names):
        if name in names[:i]:
            what = f"two rules are called {name!r}"
            raise PlaceError(what, ("rule", i, "name"), fix="give each a name of its own")
    models = tuple(_model(one, ("model", i)) for i, one in _tables(data, "model"))
    return Rules(rules, models, actions, found_zone, path, text)


def _tables(data: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise PlaceError(f"{key} is no list of tables", (key,), fix=f"write [[{key}]]")
    return list(enumerate(value))


_FIELDS = (
    *("name", "labels", "label", "model", "threshold", "release", "min_s", "max_s"),
    *("cooldown_s", "quiet", "active", "actions"),
)


def _rule(one: Mapping[str, Any], place: Place, actions: Mapping[str, Any]) -> Rule:
    for key in one:
        if key not in _FIELDS:
            raise PlaceError(f"unknown key {key!r}", (*place, key), fix=nearest(key, _FIELDS))
    if "name" not in one:
        raise PlaceError("a rule has no name", place, fix='add name = "glass"')
    if "label" in one and "labels" in one:
        raise PlaceError("label and labels both stand there", (*place, "label"), fix="keep labels")
    labels = _checked(one, "label" if "label" in one else "labels", _texts, (), place)
    threshold = _checked(one, "threshold", _number, None, place)
    release = _checked(one, "release", _number, None, place)
    if release is not None and threshold is not None and release > threshold:
        what = f"release {release:g} lies above the threshold {threshold:g}"
        raise PlaceError(what, (*place, "release"), fix="an event ends below it; make it lower")
    min_s = _checked(one, "min_s", _seconds, 0.0, place)
    max_s = _checked(one, "max_s", _seconds, 600.0, place)
    if not max_s > min_s:
        raise PlaceError(f"max_s {max_s:g} is not above min_s {min_s:g}", (*place, "max_s"))
    names = _checked(one, "actions", _texts, (), place)
    for name in names:
        if name not in actions:
            fix = nearest(name, actions) if actions else f"add a table [action.{name}]"
            raise PlaceError(f"there is no action {name!r}", (*place, "actions"), fix=fix)
    return Rule(
        name=_checked(one, "name", _text, "", place),
        labels=labels,
        model=_checked(one, "model", _text, "", place),
        threshold=threshold,
        release=release,
        min_s=min_s,
        max_s=max_s,
        cooldown_s=_checked(one, "cooldown_s", _seconds, 0.0, place),
        quiet=_checked(one, "quiet", _hours, (), place),
        active=_checked(one, "active", _hours, (), place),
        actions=names,
    )


def _model(one: Mapping[str, Any], place: Place) -> ModelSpec:
    name = _checked(one, "name", _text, "", place)
    if not name:
        raise PlaceError("a model has no name", place, fix='add name = "sounds"')
    options = {key: value for key, value in one.items() if key not in ("name", "verb", "clean")}
    clean = _checked(one, "clean", _switch, None, place)
    return ModelSpec(name, _checked(one, "verb", _text, "", place), options, clean)


def _checked(
    one: Mapping[str, Any], key: str, read: Callable[[Any], Any], default: Any, place: Place
) -> Any:
    """The value of a key, read; its default where it is absent."""
    if key not in one:
        return default
    try:
        return read(one[key])
    except ArgumentError as error:
        raise PlaceError(f"{key}: {error.what}", (*place, key), fix=error.fix) from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"{value!r} is no text", fix="write it in quotes")
    return value.strip()


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ArgumentError(f"{value!r} is neither true nor false")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value if isinstance(value, list) else [value]))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ArgumentError(f"{value!r} is no number", fix="for instance 0.6")
    return float(value)


def _seconds(value: Any) -> float:
    number = _number(value)
    if not 0 <= number < float("inf"):
        raise ArgumentError(f"{value!r} is no length in seconds", fix="give 0 or more")
    return number


def _hours(value: Any) -> tuple[Hours, ...]:
    return tuple(map(parse_hours, value if isinstance(value, list) else [value]))
