"""What loaded models share: a recording in, an answer out; streams; many recordings at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from tympan.errors import TympanError
from tympan.tasks.contract import Answer, Session, Thresholds
from tympan.tasks.inputs import Feed, ModelInput, Stage, blocks_of, name_of
from tympan.tasks.windows import Batcher
from tympan.tasks.windows.centered import CenteredCutter

if TYPE_CHECKING:
    from tympan.tasks.windows import Cutter, Wave, Window

A = TypeVar("A", bound=Answer)
# Recordings that are worked on at once never wait for more windows than this.
PATIENCE = 64


class BaseModel(ABC, Generic[A]):
    """A loaded model: give it `session`, and it answers about files, streams and many files.

    A subclass has the attributes of `tympan.tasks.contract.Model` (`name`, `task`, `rate_hz`,
    `mono`, `labels`) and `device`. If its sessions are `WindowSession`s and it has a `batcher`,
    windows of several recordings go through the net together.

    Attributes:
        cleaner: makes, from rate and channels, what takes the noise from a recording; of a model
            that was trained on cleaned recordings, else None.
        shares: the model of another question whose net it answers with, which lives as long.
    """

    name: str
    labels: tuple[str, ...]
    device: str
    cleaner: Callable[[int, int], Stage] | None = None
    shares: Any = None

    @property
    @abstractmethod
    def task(self) -> str:
        """Name of its task."""

    @property
    @abstractmethod
    def rate_hz(self) -> int:
        """Rate of the samples that its sessions take."""

    @property
    def mono(self) -> bool:
        """Whether they take one channel."""
        return True

    @abstractmethod
    def session(
        self, *, name: str = "", batcher: Batcher | None = None, **options: Any
    ) -> Session[A]:
        """Begin a recording called `name`, with the verb's options."""

    def batcher(self) -> Batcher | None:
        """What takes the windows of several recordings through the net; None: each alone."""
        return None

    def __call__(self, source: Any, *, name: str = "", **options: Any) -> A:
        """Answer about a recording of any length, which is opened once and read in blocks.

        Args:
            source: path, bytes, binary file object or `Clip`.
            name: how the answer calls it.
            options: those of the verb.

        Raises:
            AudioFileError: the recording cannot be read.
            ArgumentError: an option cannot be used.
        """
        session = self.session(name=name or name_of(source), **options)
        feed = self._fed(session, source)
        answer: A = feed.answers()[0]
        return answer

    def stream(self, blocks: Iterable[Wave], **options: Any) -> Iterator[Any]:
        """Yield what is decided, while samples `(c, t)` or `(t,)` at `rate_hz` come in.

        Windows that are complete are answered at the end of each block: none waits for others.
        """
        session = self.session(**options)
        for wave in self._cleaned(blocks):
            yield from session.push(wave)
            if isinstance(session, WindowSession):
                yield from session.flush()
                session.forget()
        session.result()
        if isinstance(session, WindowSession):
            yield from session.decided()

    def _cleaned(self, blocks: Iterable[Wave]) -> Iterator[Wave]:
        """Blocks as `(c, t)`, without their noise where that is wanted."""
        stage = None
        for block in blocks:
            wave = np.atleast_2d(block)
            if self.cleaner is not None:
                stage = stage or self.cleaner(self.rate_hz, len(wave))
                wave = stage.push(wave)
            yield wave
        if stage is not None:
            yield stage.finish()

    def answer_many(
        self,
        sources: Iterable[Any],
        *,
        on_error: Callable[[Any, TympanError], None] | None = None,
        **options: Any,
    ) -> Iterator[A]:
        """Answer about recordings in their order, their windows in common batches.

        Memory is bounded: a recording waits for at most 64 further windows.

        Args:
            sources: recordings, as in a call; taken one after another.
            on_error: called in the place of a recording that cannot be read, which then has no
                answer; None: the error is raised there.
            options: those of the verb, the same for all.
        """
        batcher = self.batcher()
        shared = {} if batcher is None else {"batcher": batcher}
        open_: deque[tuple[Any, Session[A] | None, Feed | TympanError]] = deque()
        for source in sources:
            try:
                session = self.session(name=name_of(source), **options, **shared)
                open_.append((source, session, self._fed(session, source)))
            except TympanError as error:
                open_.append((source, None, error))
            while open_ and _ready(open_[0][1]):
                yield from _finished(*open_.popleft(), on_error)
        while open_:
            yield from _finished(*open_.popleft(), on_error)

    def _fed(self, session: Session[A], source: Any) -> Feed:
        """Read a recording from its beginning to its end, into a session."""
        steps = self.reading(session, source)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                feed: Feed = end.value
                return feed

    def reading(self, session: Session[A], source: Any) -> Generator[float, None, Feed]:
        """Read a recording into a session, block by block; yields the seconds that are read."""
        feed, read_s = None, 0.0
        for rate_hz, block in blocks_of(source):
            if feed is None:
                feed = Feed(rate_hz, len(block))
                feed.join(self, session)
            feed.push(block)
            read_s += block.shape[1] / rate_hz
            yield round(read_s, 3)
        if feed is None:
            feed = Feed(self.rate_hz, 1)
            feed.join(self, session)
        feed.finish()
        if isinstance(session, WindowSession):
            session.end()
        return feed


def _ready(session: Session[Any] | None) -> bool:
    return not isinstance(session, WindowSession) or session.ready


def _finished(
    source: Any,
    session: Session[A] | None,
    feed: Feed | TympanError,
    on_error: Callable[[Any, TympanError], None] | None,
) -> Iterator[A]:
    if isinstance(feed, Feed):
        yield from feed.answers()
    elif on_error is None:
        raise feed
    else:
        on_error(source, feed)


class WindowSession(ABC, Generic[A]):
    """One recording on its way through a model that answers windows.

    A subclass takes each window's output (`take`) and sums up (`answer`). What is decided on the
    way it hands to `decide`, and it leaves `push` as that.

    Args:
        cutter: cuts the recording into windows `(t,)`, or `(c, t)` for several channels.
        batcher: takes them through the net.
        mono: whether windows have no axis of channels.

    Attributes:
        input: what is known of the recording beside its samples; None in a stream.
    """

    def __init__(self, cutter: Cutter, batcher: Batcher, *, mono: bool = True) -> None:
        self._cutter, self._lane, self._mono = cutter, batcher.lane(), mono
        self._decided: deque[Any] = deque()
        self._ended = False
        self.input: ModelInput | None = None

    @abstractmethod
    def take(self, window: Window, output: np.ndarray) -> None:
        """Take the output of the next window."""

    @abstractmethod
    def answer(self) -> A:
        """The answer about the recording; all outputs have been taken."""

    def decide(self, found: Iterable[Any]) -> None:
        """Give out what is decided."""
        self._decided.extend(found)

    def forget(self) -> None:
        """Let go of what was decided and given out, for a stream that never ends."""

    def goes_on(self) -> None:
        """This is a stream: nothing waits to see whether it is a short recording."""
        if isinstance(self._cutter, CenteredCutter):
            self._cutter.goes_on()

    def push(self, wave: Wave) -> Iterable[Any]:
        """Take the next samples `(c, t)` at the model's rate; what is decided by now."""
        self._submit(self._cutter.push(wave[0] if self._mono else wave))
        return self.decided()

    def flush(self) -> Iterable[Any]:
        """Answer the windows that wait for others; what is decided by now."""
        self._lane.flush()
        self._collect()
        return self.decided()

    def decided(self) -> Iterable[Any]:
        """What was decided and not given out yet."""
        found, self._decided = self._decided, deque()
        return found

    def end(self) -> None:
        """The recording ends here; its last windows may wait for those of others."""
        if not self._ended:
            self._ended = True
            self._submit(self._cutter.finish())

    @property
    def ready(self) -> bool:
        """Whether the answer waits for no window."""
        self._collect()
        return self._ended and not self._lane.waiting

    def result(self) -> A:
        """The answer about all that was pushed; call it once, at the end."""
        self.end()
        if not self.ready:
            self.flush_waiting()
        return self.answer()

    def flush_waiting(self) -> None:
        """Answer the windows that wait, without giving out what is decided."""
        self._lane.flush()
        self._collect()

    def _submit(self, windows: Iterable[Window]) -> None:
        for window in windows:
            self._lane.submit(window)
            self._collect()

    def _collect(self) -> None:
        for window, output in self._lane.take():
            self.take(window, output)


class ScoringSession(WindowSession[A]):
    """One that also gives scores, see `tympan.tasks.contract.GivesScores`.

    Attributes:
        on_step: is called with the scores of each short time as soon as they are known; None:
            nobody is.
    """

    on_step: Callable[[float, float, Mapping[str, float]], None] | None = None

    @property
    def thresholds(self) -> Thresholds:
        """Score from which each label applies; None: it is not known."""
        return None

    @abstractmethod
    def score_labels(self) -> tuple[str, ...]:
        """Every label that `on_step` may be called with."""
