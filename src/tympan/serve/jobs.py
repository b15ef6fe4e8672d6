"""What a worker process works on: recordings, texts, live streams; each in small steps."""

from __future__ import annotations

import dataclasses
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np

from tympan.serve.encoding import Encoder
from tympan.serve.frames import Message
from tympan.serve.held import Held
from tympan.serve.sending import sent, told
from tympan.tasks.cleaned import WITHOUT, cleaned, cleaning_as_wanted
from tympan.tasks.inputs import Feed
from tympan.tasks.model import BaseModel, WindowSession
from tympan.tasks.windows import PromptSession

Say = Callable[..., None]
"""Sends a frame to the server: the fields of a message, and perhaps bytes."""

# So much of a recording goes through a model before the next one has its turn.
STEP_S = 30.0
# Of what in a text is not spoken, so many are named.
MOST_UNSPOKEN = 50
# So many sentences are read for that before others have their turn.
SENTENCES = 8


class Job(ABC):
    """Something to be done, step by step.

    Args:
        number: the server's name for it.
        held: the model that does it.
        say: sends what is found.

    Attributes:
        ended: nothing is left but what waits for a batch.
        uses: the models that are held for it.
    """

    def __init__(self, number: int, held: Held, say: Say) -> None:
        self.number, self.held, self._say = number, held, say
        self.uses: tuple[Held, ...] = (held,)
        self.ended = False

    @property
    def has_work(self) -> bool:
        """Whether a step can be done now."""
        return not self.ended

    @property
    def ready(self) -> bool:
        """Whether it can be finished without waiting for a batch."""
        return self.ended

    @abstractmethod
    def step(self) -> None:
        """Do a part of it; sets `ended` after the last."""

    def flush(self) -> None:
        """Have answered what waits for a batch; here nothing does."""
        return

    @abstractmethod
    def finish(self) -> None:
        """Send the answer."""

    def alone(self) -> Job | None:
        """The same from its beginning, sharing nothing with others; None: that cannot help."""
        return None


class RecordingJob(Job):
    """A question about a recording that was decoded.

    Args:
        number, held, say: as of `Job`.
        order: `path`, `offset`, `rate_hz`, `channels`, `samples` of the sound; `options` of the
            verb; `name` of the recording; `save`, a file to write the answer to; `tell`, whether
            what is decided is sent at once; `clean`, whether its noise is taken away before,
            None as the model was made to.
        shared: its windows go through the net with those of others.
    """

    def __init__(
        self, number: int, held: Held, say: Say, order: Message, *, shared: bool = True
    ) -> None:
        super().__init__(number, held, say)
        self._order, self._shared = order, shared
        self._tell = bool(order.get("tell"))
        self._whole = not _goes_in_steps(held.model)
        self._at_s = 0.0
        self._answer: Any = None
        self._session: Any = None
        clean = order.get("clean")
        self._model = cleaning_as_wanted(held.model, clean)
        # Before a model that takes apart, a file is cleaned as it is.
        self._clean = bool(clean) and held.model.task in WITHOUT
        if not self._whole:
            together = shared and held.batcher is not None
            more = {"batcher": held.batcher} if together else {}
            model = self._model
            self._session = model.session(name=order["name"], **order["options"], **more)
            self._feed = Feed(int(order["rate_hz"]), int(order["channels"]))
            listening = PromptSession(self._session, self._found) if self._tell else self._session
            self._feed.join(model, listening)
            self._blocks = blocks_of_order(order)

    def step(self) -> None:
        """Give the model the next half minute."""
        if self._whole:
            path = Path(self._order["path"])
            with cleaned(path) if self._clean else nullcontext(path) as source:
                self._answer = self._model(source, **self._order["options"])
            self.ended = True
            return
        block = next(self._blocks, None)
        if block is not None:
            self._feed.push(block)
            self._at_s += block.shape[1] / self._feed.rate_hz
            if self._tell:
                self._say(id=self.number, at_s=round(self._at_s, 3))
            return
        self._feed.finish()
        if isinstance(self._session, WindowSession):
            self._session.end()
        self.ended = True

    @property
    def ready(self) -> bool:
        """Whether no window waits for others."""
        session = self._session
        return self.ended and (not isinstance(session, WindowSession) or session.ready)

    def flush(self) -> None:
        """Have answered what waits for a batch, of others too."""
        if not self.ready:
            self._session.flush_waiting()

    def finish(self) -> None:
        """Send the answer, and write it where a file is wanted."""
        answer = self._answer if self._whole else self._feed.answers()[0]
        if dataclasses.is_dataclass(answer) and hasattr(answer, "file"):
            answer = dataclasses.replace(answer, file=self._order["name"])  # type: ignore[type-var]
        self._say(id=self.number, **sent(answer, self._order))

    def alone(self) -> Job | None:
        """The same without sharing batches."""
        if not self._shared:
            return None
        return RecordingJob(self.number, self.held, self._say, self._order, shared=False)

    def _found(self, found: Iterable[Any]) -> None:
        for one in found:
            self._say(id=self.number, decided=told(one))


def _goes_in_steps(model: Any) -> bool:
    """Whether a model is called as all are; one that does it in its own way is called so."""
    return isinstance(model, BaseModel) and type(model).__call__ is BaseModel.__call__


def blocks_of_order(order: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """The samples `(c, t)` of a recording of the spool, half a minute at a time."""
    channels = int(order["channels"])
    step = max(1, int(STEP_S * int(order["rate_hz"])))
    left = int(order["samples"])
    with Path(order["path"]).open("rb") as file:
        file.seek(int(order["offset"]))
        while left > 0:
            flat = np.fromfile(file, "<f4", min(step, left) * channels)
            if len(flat) < channels:
                return
            left -= len(flat) // channels
            yield np.ascontiguousarray(flat.reshape(-1, channels).T, dtype=np.float32)


class TextJob(Job):
    """A text of which sound is made, sentence by sentence.

    Args:
        number, held, say: as of `Job`.
        order: `text`, `options` of the verb, `format` of the sound.
    """

    def __init__(self, number: int, held: Held, say: Say, order: Message) -> None:
        super().__init__(number, held, say)
        model = held.model
        self._order = order
        self._unread: Iterator[Any] | None = self._sentences()
        self._unspoken: dict[str, None] = {}
        self._parts = iter(model.stream(order["text"], **order["options"]))
        who = order["options"].get("speaker")
        tags = model.tags(who) if hasattr(model, "tags") else {}
        self._encoder = Encoder(order["format"], model.rate_hz, tags)
        self._samples, self._warnings = 0, dict[str, None]()

    def step(self) -> None:
        """Make the sound of the next sentence; before the first, say what will not be spoken."""
        if self._unread is not None:
            self._read(self._unread)
            return
        part = next(self._parts, None)
        if part is None:
            self.ended = True
            return
        self._samples += len(part.samples)
        self._warnings |= dict.fromkeys(getattr(part, "warnings", ()))
        self._send(self._encoder.push(part.samples))

    def finish(self) -> None:
        """Send the end of the sound."""
        if not self._samples:
            from tympan.errors import ArgumentError

            raise ArgumentError("nothing in the text can be spoken", fix="give letters or numbers")
        self._send(self._encoder.finish())
        seconds = self._samples / self.held.model.rate_hz
        answer = {"duration_s": round(seconds, 6), "warnings": list(self._warnings)}
        self._say(id=self.number, answer=answer)

    def _read(self, sentences: Iterator[Any]) -> None:
        """Read a few sentences for what in them will not be spoken; at the end, say it."""
        for _ in range(SENTENCES):
            one = next(sentences, self)
            if one is self or len(self._unspoken) >= MOST_UNSPOKEN:
                self._unread = None
                self._say(id=self.number, unspoken=list(self._unspoken)[:MOST_UNSPOKEN])
                return
            self._unspoken |= dict.fromkeys(getattr(one, "unspoken", ()))

    def _sentences(self) -> Iterator[Any]:
        """The sentences, read once more than they are spoken, which takes little time."""
        stream, order = self.held.model.stream, self._order
        if "skip" not in signature(stream).parameters:
            return  # of another package, it cannot read without speaking
        for part in stream(order["text"], **order["options"], skip=sys.maxsize):
            yield getattr(part, "sentence", None)

    def _send(self, data: bytes) -> None:
        if data:
            self._say(data, id=self.number, sound=len(data))


class MakeJob(Job):
    """A question that takes nothing but its options.

    Args:
        number, held, say: as of `Job`.
        order: `options` of the verb; `save`, a file to write the answer to.
    """

    def __init__(self, number: int, held: Held, say: Say, order: Message) -> None:
        super().__init__(number, held, say)
        self._order = order
        self._answer: Any = None

    def step(self) -> None:
        """All of it."""
        import tympan

        model, order = self.held.model, self._order
        if callable(model):
            self._answer = model(**order["options"])
        else:
            ask = getattr(tympan, str(order["verb"]))
            self._answer = ask(model=order["model"], **order["options"])
        self.ended = True

    def finish(self) -> None:
        """Send the answer."""
        self._say(id=self.number, **sent(self._answer, self._order))
