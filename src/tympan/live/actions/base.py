"""What an action is: something that is done when an event begins or ends."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from tympan.live.event import Event

Say = Callable[[str], None]
WHEN = ("begin", "end", "both")


class Action(ABC):
    """Something that is done about events; it never keeps the listening waiting.

    Attributes:
        name: as the rules call it.
        when: at the `"begin"` of an event, at its `"end"`, or at `"both"`.
    """

    name: str
    when: str = "begin"

    def take(self, event: Event) -> None:
        """Take an event that has begun or ended, if it is the time for it."""
        if self.when == "both" or (self.when == "begin") == event.open:
            self.act(event)

    @abstractmethod
    def act(self, event: Event) -> None:
        """Do it.

        Raises:
            OSError: it cannot be done now; the engine says so and keeps the event for later.
        """

    def close(self, wait_s: float = 5.0) -> None:  # noqa: B027
        """The listening ends: do what waits, for at most so long."""


class Repeated:
    """Says one thing no more than once in a while, and how often it was left unsaid.

    >>> said = []
    >>> say = Repeated(said.append, every_s=60)
    >>> say("disk full"), say("disk full"), said
    (None, None, ['disk full'])
    """

    def __init__(self, say: Say, every_s: float = 60.0) -> None:
        self._say, self._every_s = say, every_s
        self._last: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def __call__(self, line: str) -> None:
        import time

        now = time.monotonic()
        with self._lock:
            since, left_out = self._last.get(line, (-1e9, 0))
            if now - since < self._every_s:
                self._last[line] = (since, left_out + 1)
                return
            if len(self._last) > 100:
                self._last.clear()
            self._last[line] = (now, 0)
        self._say(line + (f" ({left_out} times more since)" if left_out else ""))


def plain(event: Event, **more: Any) -> str:
    """An event as one line of JSON."""
    import json

    return json.dumps({**event.to_json(), **more}, ensure_ascii=False)
