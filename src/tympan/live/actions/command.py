"""A program of the user's own."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence

from tympan.live.actions.base import Action, Repeated, Say, plain
from tympan.live.event import Event

# More programs than this do not run at once.
MOST_RUNNING = 4


class Command(Action):
    """Starts a program with the event on its standard input, as JSON.

    No shell is involved: `{label}`, `{rule}`, `{score}`, `{start}` and `{clip}` are replaced
    within single arguments, whatever they hold.

    Args:
        name: as the rules call it.
        say: called with what goes wrong.
        arguments: the program and its arguments.
        timeout_s: a program that runs longer is ended.
        when: begin, end or both.
    """

    def __init__(
        self,
        name: str,
        say: Say,
        arguments: Sequence[str],
        *,
        timeout_s: float = 60.0,
        when: str = "begin",
    ) -> None:
        self.name, self.when = name, when
        self._say, self._arguments, self._timeout_s = Repeated(say), list(arguments), timeout_s
        self._running: list[threading.Thread] = []

    def act(self, event: Event) -> None:
        """Start it; it runs beside the listening."""
        self._running = [one for one in self._running if one.is_alive()]
        if len(self._running) >= MOST_RUNNING:
            self._say(f"{self.name}: {MOST_RUNNING} programs run already; not started")
            return
        values = {key: str(value) for key, value in event.to_json().items()}
        arguments = [_filled(one, values) for one in self._arguments]
        thread = threading.Thread(target=self._run, args=(arguments, plain(event)), daemon=True)
        thread.start()
        self._running.append(thread)

    def _run(self, arguments: list[str], body: str) -> None:
        try:
            done = subprocess.run(
                arguments, input=body.encode(), timeout=self._timeout_s, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                env={**os.environ, "TYMPAN_EVENT": body},
            )  # fmt: skip
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            self._say(f"{self.name}: {error}")
            return
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            last = lines[-1] if lines else ""
            self._say(f"{self.name}: ended with {done.returncode}: {last:.200}")

    def close(self, wait_s: float = 5.0) -> None:
        """Wait for programs that still run."""
        for one in self._running:
            one.join(wait_s)


def _filled(argument: str, values: dict[str, str]) -> str:
    """An argument with the values of an event; each is replaced once, whatever it holds.

    >>> _filled("{label}!", {"label": "{score}", "score": "1"})
    '{score}!'
    """
    import re

    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), argument)
