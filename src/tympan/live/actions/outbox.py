"""Messages that are sent by a thread of their own, again and again until they arrive."""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections import deque

from tympan.live.actions.base import Action, Repeated, Say, plain
from tympan.live.actions.log import EventLog
from tympan.live.event import Event

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0
# Without a log to keep them, no more messages than this wait.
MOST_WAITING = 1000


class Refused(Exception):
    """The other side does not want this message, now or later."""


class Sender(Action):
    """An action that tells another computer; a subclass knows how.

    Args:
        name: as the rules call it.
        say: called with what goes wrong.
        log: keeps messages over a restart; None: they wait in memory.
        when: begin, end or both.
        give_up_s: a message that is older is dropped, and that is said.
    """

    def __init__(
        self,
        name: str,
        say: Say,
        log: EventLog | None = None,
        *,
        when: str = "begin",
        give_up_s: float = 86_400.0,
    ) -> None:
        self.name, self.when = name, when
        self._say, self._log, self._give_up_s = Repeated(say), log, give_up_s
        self._queue: deque[tuple[int, str, float]] = deque()
        self._more, self._stop = threading.Condition(), False
        if log is not None:
            self._queue.extend(log.waiting(name))
        self._thread = threading.Thread(target=self._work, name=f"send-{name}", daemon=True)
        self._thread.start()

    @abstractmethod
    def send(self, body: str) -> None:
        """Send one message.

        Raises:
            Refused: the other side does not want it.
            Exception: it did not arrive; it is tried again later.
        """

    def act(self, event: Event) -> None:
        """Put the event among what is to be sent."""
        body = plain(event)
        number = 0
        if self._log is not None:
            try:
                number = self._log.put(self.name, body)
            except OSError as error:  # a full disk: it waits in memory alone
                self._say(f"{self.name}: {error}")
        with self._more:
            if not number and len(self._queue) >= MOST_WAITING:
                self._queue.popleft()
                self._say(f"{self.name}: more than {MOST_WAITING} messages wait; one is dropped")
            self._queue.append((number, body, time.time()))
            self._more.notify()

    @property
    def waiting(self) -> int:
        """How many messages were not sent yet."""
        return len(self._queue)

    def _work(self) -> None:
        wait_s = 0.0
        while True:
            with self._more:
                if wait_s:
                    self._more.wait_for(lambda: self._stop, timeout=wait_s)
                self._more.wait_for(lambda: self._stop or bool(self._queue))
                if not self._queue:
                    return  # it is to stop, and nothing waits
                if self._stop and wait_s:
                    return  # what does not arrive now stays in the log
                number, body, created_s = self._queue[0]
            wait_s = self._attempt(number, body, created_s, wait_s)

    def _attempt(self, number: int, body: str, created_s: float, wait_s: float) -> float:
        """Try to send a message; how long to wait before the next try, 0 if it is done with."""
        try:
            self.send(body)
        except Refused as error:
            self._say(f"{self.name}: {error}; the message is dropped")
        except Exception as error:  # whatever a library raises must not end the thread
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            if time.time() - created_s < self._give_up_s:
                self._say(f"{self.name}: not sent ({reason:.200}); tried again")
                return min(LONGEST_WAIT_S, 2 * wait_s or FIRST_WAIT_S)
            self._say(f"{self.name}: not sent in time ({reason:.200}); the message is dropped")
        with self._more:
            if self._queue and self._queue[0][:2] == (number, body):
                self._queue.popleft()
        if number and self._log is not None:
            try:
                self._log.sent(number)
            except OSError as error:
                self._say(f"{self.name}: {error}")
        return 0.0

    def close(self, wait_s: float = 5.0) -> None:
        """Send what waits, for at most so long; what is left stays in the log."""
        with self._more:
            self._stop = True
            self._more.notify_all()
        self._thread.join(wait_s)
        if self._queue:
            kept = "stay in the log" if self._log is not None else "are lost"
            self._say(f"{self.name}: {len(self._queue)} messages were not sent and {kept}")
