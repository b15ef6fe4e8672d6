"""A live stream as a worker works on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from inspect import signature
from typing import Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.serve.frames import Message
from tympan.serve.held import Held
from tympan.serve.jobs import Job, Say
from tympan.serve.sending import told
from tympan.tasks.contract import GivesScores, GoesOn, WritesFiles
from tympan.tasks.inputs import Feed
from tympan.tasks.results.base import plain
from tympan.tasks.windows import PromptSession

# Partial results cost as much as final ones.
PARTIAL_S = 1.0


class LiveJob(Job):
    """A stream of sound that ends when its client wants.

    What a model decides is final; scores, and what is being said just now, are partial.

    Args:
        number, held, say: as of `Job`.
        order: `options` of the verb, `rate_hz`, `channels`.
    """

    def __init__(self, number: int, held: Held, say: Say, order: Message) -> None:
        super().__init__(number, held, say)
        self._waiting: deque[bytes | None] = deque()
        self._rate_hz, self._channels = int(order["rate_hz"]), int(order["channels"])
        model, options = held.model, order["options"]
        # A model may answer sooner where it knows that somebody waits.
        more = {"live": True} if "live" in signature(model.session).parameters else {}
        self._session = model.session(name=order["name"], **options, **more)
        if isinstance(self._session, WritesFiles):  # they would fill the disk without end
            what = f"{model.task} answers with files, which a live connection does not send"
            raise ArgumentError(what, fix=f"send a recording to /v1/{model.task}")
        if isinstance(self._session, GivesScores):
            self._session.on_step = self._scores
        if isinstance(self._session, GoesOn):  # who listens does not wait for a short recording
            self._session.goes_on()
        self._feed = Feed(self._rate_hz, self._channels)
        self._feed.join(model, PromptSession(self._session, self._decided))
        self._seconds = self._partial_s = self._forgot_s = 0.0

    @property
    def has_work(self) -> bool:
        """Whether sound has come in."""
        return bool(self._waiting) and not self.ended

    def push(self, data: bytes | None) -> None:
        """Take the next samples, float32, channels interleaved; None: the stream ends."""
        self._waiting.append(data)

    def step(self) -> None:
        """Give the model what has come."""
        from tympan.live.listener import FORGET_S
        from tympan.live.sources.base import sane

        data = self._waiting.popleft()
        if data is None:
            self.ended = True
            return
        wave = np.frombuffer(data, "<f4").astype(np.float32)
        wave = wave[: len(wave) // self._channels * self._channels]
        wave = np.ascontiguousarray(wave.reshape(-1, self._channels).T)
        self._seconds += wave.shape[1] / self._rate_hz
        self._feed.push(sane(wave))
        self._partial()
        if self._seconds - self._forgot_s > FORGET_S and hasattr(self._session, "forget"):
            self._forgot_s = self._seconds
            self._session.forget()
        self._say(id=self.number, took=len(data), at_s=round(self._seconds, 3))

    def _partial(self) -> None:
        partial = getattr(self._session, "partial", None)
        if partial is None or self._seconds - self._partial_s < PARTIAL_S or self._waiting:
            return
        self._partial_s = self._seconds
        found = partial()
        if found is not None:
            self._say(id=self.number, partial=told(found))

    def finish(self) -> None:
        """The stream ends: what is open is decided."""
        self._feed.finish()
        answer: dict[str, Any] = {"duration_s": round(self._seconds, 3)}
        if hasattr(self._session, "finish"):  # what it decides at the end is all that remains
            self._decided(self._session.finish())
        else:
            found = self._session.result()
            if hasattr(self._session, "decided"):
                self._decided(self._session.decided())
            if not self._forgot_s:  # of a long stream only its end is still known
                answer = found.to_json()
        self._say(id=self.number, answer=answer)

    def _decided(self, found: Iterable[Any]) -> None:
        for one in found:
            self._say(id=self.number, decided=told(one))

    def _scores(self, start_s: float, end_s: float, scores: Mapping[str, float]) -> None:
        kept = sorted(scores.items(), key=lambda one: -one[1])[:5]
        step = {"start_s": start_s, "end_s": end_s, "scores": dict(kept)}
        self._say(id=self.number, scores=plain(step))
