"""What is done about events: print, JSON lines, log, webhook, MQTT, command."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tympan._toml import PlaceError, nearest
from tympan.errors import ArgumentError
from tympan.live.actions.base import WHEN, Action, Say
from tympan.live.actions.command import Command
from tympan.live.actions.lines import JsonLines, Print
from tympan.live.actions.log import EventLog
from tympan.live.actions.mqtt import Mqtt
from tympan.live.actions.webhook import Webhook
from tympan.live.clips import ClipRecorder

# Type → the keys that it takes, each with the kind of its value.
KEYS: dict[str, dict[str, type]] = {
    "print": {"json": bool},
    "jsonl": {"path": str},
    "log": {
        "path": str, "clips": str, "pre_s": float, "post_s": float, "longest_s": float,
        "quota_mb": float,
    },
    "webhook": {"url": str, "secret_env": str, "give_up_s": float},
    "mqtt": {
        "host": str, "port": int, "topic": str, "username": str, "password_env": str,
        "tls": bool, "give_up_s": float,
    },
    "command": {"run": list, "timeout_s": float},
}  # fmt: skip
NEEDED = {"jsonl": "path", "log": "path", "webhook": "url", "mqtt": "host", "command": "run"}


@dataclass
class Actions:
    """All actions of a file of rules, made.

    Attributes:
        by_name: name → action.
        log: the first log among them; None: there is none.
        clips: writes the sound of events; None: nobody wants it.
    """

    by_name: dict[str, Action]
    log: EventLog | None = None
    clips: ClipRecorder | None = None

    def close(self, wait_s: float = 5.0) -> None:
        """Do what waits, and close all; the log last, for the others write into it."""
        for one in self.by_name.values():
            if one is not self.log:
                one.close(wait_s)
        if self.log is not None:
            self.log.close(wait_s)


def check_actions(given: Mapping[str, Mapping[str, Any]]) -> None:
    """Look for mistakes in the actions of a file of rules, without doing anything.

    Raises:
        PlaceError: what is wrong, and where.

    >>> check_actions({"hook": {"type": "webhook", "url": "https://example.org"}})
    """
    for name, one in given.items():
        _check(name, one)


def _check(name: str, one: Mapping[str, Any]) -> None:
    place = ("action", name)
    kind = one["type"]
    if kind not in KEYS:
        raise PlaceError(f"unknown type {kind!r}", (*place, "type"), fix=nearest(kind, KEYS))
    known = {**KEYS[kind], "type": str, "when": str}
    for key, value in one.items():
        if key not in known:
            raise PlaceError(f"unknown key {key!r}", (*place, key), fix=nearest(key, known))
        wanted = (int, float) if known[key] is float else (known[key],)
        right = isinstance(value, wanted) and (known[key] is bool) == isinstance(value, bool)
        if not right:
            fix = f"give a value of the kind {known[key].__name__}"
            raise PlaceError(f"{key} is {value!r}", (*place, key), fix=fix)
        if known[key] in (int, float) and value < 0:
            raise PlaceError(f"{key} is {value!r}", (*place, key), fix="give 0 or more")
    needed = NEEDED.get(kind)
    if needed is not None and not one.get(needed):
        raise PlaceError(f"the action {name!r} has no {needed}", place, fix=f"add {needed} = …")
    if one.get("when", "begin") not in WHEN:
        raise PlaceError(f"when is {one['when']!r}", (*place, "when"), fix=", ".join(WHEN))
    if kind == "command" and not all(isinstance(part, str) for part in one["run"]):
        fix = 'for instance run = ["notify-send", "{label}"]'
        raise PlaceError("run is no list of texts", (*place, "run"), fix=fix)
    if kind == "webhook" and not one["url"].lower().startswith(("http://", "https://")):
        raise PlaceError(f"url is {one['url']!r}", (*place, "url"), fix="begin with https://")
    for key in ("secret_env", "password_env"):
        if key in one and one[key] not in os.environ:
            what = f"the environment variable {one[key]} is not set"
            raise PlaceError(what, (*place, key), fix=f"export {one[key]}=…")


def make_actions(given: Mapping[str, Mapping[str, Any]], folder: Path, say: Say) -> Actions:
    """Make the actions of a file of rules.

    Args:
        given: name → its plain values.
        folder: what paths are relative to.
        say: called with what goes wrong later.

    Raises:
        PlaceError: what is wrong, and where.
    """
    check_actions(given)
    made = Actions({})
    # Logs first: the others keep in them what is not sent.
    for name in sorted(given, key=lambda one: given[one]["type"] != "log"):
        try:
            made.by_name[name] = _made(name, given[name], folder, say, made)
        except ArgumentError as error:
            made.close(0.0)
            if isinstance(error, PlaceError):
                raise
            raise PlaceError(error.what, ("action", name), fix=error.fix) from error
        except (OSError, sqlite3.Error) as error:
            made.close(0.0)
            raise PlaceError(f"{name}: {error}", ("action", name)) from error
    return made


def _made(name: str, one: Mapping[str, Any], folder: Path, say: Say, made: Actions) -> Action:
    kind = one["type"]
    when = {"when": one["when"]} if "when" in one else {}
    if kind == "print":
        return Print(name, json=one.get("json", False), **when)
    if kind == "jsonl":
        return JsonLines(name, folder / one["path"], **when)
    if kind == "command":
        timeout_s = one.get("timeout_s", 60.0)
        return Command(name, say, one["run"], timeout_s=timeout_s, **when)
    if kind == "log":
        return _log(name, one, folder, say, made)
    shared = {"log": made.log, **when, **_only(one, "give_up_s")}
    if kind == "webhook":
        secret = os.environ.get(one.get("secret_env", ""), "")
        return Webhook(name, say, one["url"], secret=secret, **shared)
    password = os.environ.get(one.get("password_env", ""), "")
    options = _only(one, "topic", "port", "username", "tls")
    return Mqtt(name, say, one["host"], password=password, **options, **shared)


def _log(name: str, one: Mapping[str, Any], folder: Path, say: Say, made: Actions) -> EventLog:
    log = EventLog(name, folder / one["path"])
    made.log = made.log or log
    if "clips" in one:
        if made.clips is not None:
            raise ArgumentError("two logs write clips", fix="keep clips in one of them")
        options = _only(one, "pre_s", "post_s", "longest_s", "quota_mb")
        made.clips = ClipRecorder(folder / one["clips"], say, removed=log.forget_clip, **options)
    return log


def _only(one: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: one[name] for name in names if name in one}


__all__ = ["KEYS", "Action", "Actions", "EventLog", "check_actions", "make_actions"]
