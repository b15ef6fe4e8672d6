"""A command as a worker does it: several models, several recordings, one answer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from tympan.serve.commands import all_commands
from tympan.serve.frames import Message
from tympan.serve.held import Held
from tympan.serve.jobs import Job, Say
from tympan.serve.sending import sent
from tympan.tasks.cleaned import cleaning_as_wanted


class CommandJob(Job):
    """Something that is asked beside the questions, see `tympan.tasks.commands`.

    Args:
        number, say: as of `Job`.
        models: that do it.
        order: `verb`, the command; `path` and `name` of the recording; `options` of the command;
            `names` of those that are recordings; `tell`, whether the seconds that are done are
            sent at once; `save`, a file to write the answer to; `clean`, whether noise is taken
            away before, None as each model was made to.
    """

    def __init__(self, number: int, models: Sequence[Held], say: Say, order: Message) -> None:
        super().__init__(number, Held(None), say)  # it shares no batches with others
        self.uses = tuple(models)
        self._order = order
        self._answer: Any = None
        self._at_s = -1.0
        names = {"": order["name"], **order["names"]}
        options = dict(order["options"])
        for name in order["names"]:
            options[name] = opened(options[name], names[name])
        ready = [cleaning_as_wanted(one.model, order.get("clean")) for one in models]
        self._steps = all_commands()[str(order["verb"])].begun(
            opened(order["path"], names[""]), ready, **options
        )

    def step(self) -> None:
        """The next part of it."""
        try:
            at_s = next(self._steps)
        except StopIteration as end:
            self._answer, self.ended = end.value, True
            return
        if self._order.get("tell") and at_s != self._at_s:  # some steps read nothing more
            self._at_s = at_s
            self._say(id=self.number, at_s=at_s)

    def finish(self) -> None:
        """Send the answer, and write it where a file is wanted."""
        self._say(id=self.number, **sent(self._answer, self._order))


def opened(path: str, name: str) -> io.BufferedReader:
    """A file that is called as the client calls it, which never becomes a path.

    >>> opened(__file__, "dog.wav").name
    'dog.wav'
    """
    raw = io.FileIO(path)
    raw.name = name
    return io.BufferedReader(raw)
