"""Options are checked once, the same for Python and the command line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tympan.errors import ArgumentError
from tympan.tasks.verbs import Extra, Option, Verb


def option(kind: type, default: Any = None, **others: Any) -> Option:
    return Option("some_s", kind, default, "Some.", **others)


@pytest.mark.parametrize(
    ("one", "value", "kept"),
    [
        (option(int, 1, low=1), 3, 3),
        (option(int, 1, low=1), 1, 1),
        (option(int, 1), np.int64(3), 3),
        (option(float, 1.0), 2, 2.0),
        (option(float, 1.0), np.float32(0.5), 0.5),
        (option(float), None, None),
        (option(float, low=0, high=1), 1, 1.0),
        (option(str, "a", choices=("a", "b")), "b", "b"),
        (option(bool, False), True, True),
    ],
)
def test_what_fits_is_kept_in_its_kind(one: Option, value: Any, kept: Any) -> None:
    assert one.check(value) == kept
    assert type(one.check(value)) is type(kept)


@pytest.mark.parametrize(
    ("one", "value", "told"),
    [
        (option(int, 1, low=1), 0, "give 1 or more"),
        (option(float, 1.0, high=2), 2.5, "give 2 or less"),
        (option(float, 1.0, low=0, high=1), -0.1, "give 0 to 1"),
        (option(float, 1.0), float("nan"), "give a number"),
        (option(float, 1.0), "1", "give a number"),
        (option(int, 1), 1.5, "give a whole number"),
        (option(int, 1), True, "give a whole number"),
        (option(int, 1), None, "give a whole number"),
        (option(bool, False), 1, "give True or False"),
        (option(str, "a"), 1, "give text"),
        (option(str, "a", choices=("a", "b")), "c", "one of a, b"),
    ],
)
def test_what_does_not_fit_is_a_mistake(one: Option, value: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match="some_s=") as caught:
        one.check(value)
    assert told in str(caught.value)


def test_the_command_line_leaves_units_out() -> None:
    assert option(float, short="s").flags == ("--some", "-s")
    assert Option("f_min_hz", float, None, "").flags == ("--f-min",)
    assert Option("level", float, None, "", flag="--loudness").flags == ("--loudness",)


def verb(*options: Option, extras: tuple[Extra, ...] = ()) -> Verb:
    return Verb("v", "V?", "math:sqrt", options, extras=extras)


@pytest.mark.parametrize(
    ("options", "extras", "name"),
    [
        ((Option("model_s", int, 1, ""),), (), "--model"),
        ((Option("x", int, 1, "", short="q"),), (), "-q"),
        ((Option("x", int, 1, "", flag="--json"),), (), "--json"),
        ((Option("device", str, "", "", flag="--on"),), (), "device"),
        ((Option("a_s", int, 1, ""), Option("a_hz", int, 1, "")), (), "--a"),
        ((Option("a", int, 1, ""),), (Extra("a", "", ""),), "--a"),
    ],
)
def test_two_options_of_one_name_are_refused(
    options: tuple[Option, ...], extras: tuple[Extra, ...], name: str
) -> None:
    with pytest.raises(ArgumentError, match=f"the option {name}: it is taken"):
        verb(*options, extras=extras)


def test_options_are_filled_in_and_unknown_ones_named() -> None:
    one = verb(Option("top", int, 5, ""), Option("every_s", float, None, ""))
    assert one.checked({}) == {"top": 5, "every_s": None}
    assert one.checked({"every_s": 2}) == {"top": 5, "every_s": 2.0}
    with pytest.raises(ArgumentError, match="did you mean top"):
        one.checked({"topp": 3})
    with pytest.raises(ArgumentError, match="it has top, every_s"):
        one.checked({"zzz": 3})


def test_a_task_that_is_not_where_the_verb_says_is_named() -> None:
    for place in ("no_such_module:TASK", "math:TASK"):
        with pytest.raises(ArgumentError, match="the question 'v' cannot be loaded"):
            Verb("v", "", place).load_task()
