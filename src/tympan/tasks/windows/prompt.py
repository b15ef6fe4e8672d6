"""A session that gives out what it decides as soon as it can: for a stream, or a waiting page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class PromptSession:
    """A session whose windows are answered at each block, and what it decides is given out at once.

    Everything else is as of the session itself.

    Args:
        session: of a model.
        give: takes what was decided.

    >>> class Counts:
    ...     def push(self, wave):
    ...         yield len(wave)
    ...     def result(self):
    ...         return "done"
    >>> found = []
    >>> session = PromptSession(Counts(), found.extend)
    >>> session.push([0.0, 0.0]), session.result(), found
    ((), 'done', [2])
    """

    def __init__(self, session: Any, give: Callable[[Iterable[Any]], None]) -> None:
        self._session, self._give = session, give

    @property
    def input(self) -> Any:
        """What is known of the sound beside its samples."""
        return getattr(self._session, "input", None)

    @input.setter
    def input(self, way: Any) -> None:
        """Tell the session, if it wants to know."""
        if hasattr(self._session, "input"):
            self._session.input = way

    def push(self, wave: Any) -> Iterable[Any]:
        """Take the next samples at the model's rate."""
        self._give(self._session.push(wave))
        if hasattr(self._session, "flush"):
            self._give(self._session.flush())
        return ()

    def result(self) -> Any:
        """The answer; what was decided last is given out before it."""
        found = self._session.result()
        if hasattr(self._session, "decided"):
            self._give(self._session.decided())
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)
