"""The options of a question from the fields of a request; files become paths of ours."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from tympan._words import suggested
from tympan.errors import ArgumentError
from tympan.serve.asked import Fields
from tympan.serve.refusals import Refusal, refusal_of, sentence
from tympan.serve.settings import ServeSettings
from tympan.tasks.verbs import Asked, Option

_SWITCH = {"true": True, "1": True, "yes": True, "on": True} | dict.fromkeys(
    ("false", "0", "no", "off"), False
)


def options_of(
    verb: Asked, found: Fields, settings: ServeSettings, *, known: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[str]]:
    """The options of a verb, checked, and which of them are recordings to be decoded first.

    Args:
        verb: the question.
        found: the fields that remain.
        settings: the folder that names may lead into.
        known: fields that the route has besides, for the message.

    Raises:
        Refusal: there is no such option, or its value cannot be used.
    """
    by_name = {one.name: one for one in verb.options}
    given: dict[str, Any] = {}
    for name in (*found.values, *found.files):
        if name not in by_name:
            hint = suggested(name[:80], (*by_name, *known), "field")
            text = sentence(f"{verb.name} has no field {name[:80]!r}: {hint}")
            raise Refusal(400, text, "unknown_field", param=name[:80])
        option = by_name[name]
        if name in found.files:
            if not option.reads:
                text = f"{name} is a value, not a file."
                raise Refusal(400, text, "invalid_type", param=name)
            given[name] = str(found.files[name][0])
        elif option.reads:
            given[name] = str(in_folder(found.values[name], name, settings))
        else:
            given[name] = _of_kind(option, found.values[name])
    decode = [name for name in given if by_name[name].reads == "recording"]
    try:
        return verb.checked(given), decode
    except ArgumentError as error:
        raise refusal_of(error) from error


def _of_kind(option: Option, value: Any) -> Any:
    """A text of a form as a value of the option's kind; a value of JSON as it is."""
    if not isinstance(value, str) or option.kind is str:
        return value
    try:
        if option.kind is bool:
            return _SWITCH[value.strip().lower()]
        return option.kind(value)
    except (ValueError, KeyError, OverflowError):
        return value  # the verb says what is wrong with it


def in_folder(name: Any, param: str, settings: ServeSettings) -> Path:
    """The file that a client names, if the operator has opened a folder for that.

    Raises:
        Refusal: no folder is open, or there is no such file in it.
    """
    if settings.folder is None:
        text = f"{param} is a file: upload it; this server opens no files by name."
        raise Refusal(400, text, "no_server_files", param=param)
    root = settings.folder.resolve()
    with contextlib.suppress(OSError, ValueError, TypeError, RuntimeError):
        path = (root / str(name)).resolve()
        if path.is_relative_to(root) and path.is_file():
            return path
    text = f"There is no such file in the server's folder: {str(name)[:80]!r}."
    raise Refusal(404, text, "file_not_found", param=param)
