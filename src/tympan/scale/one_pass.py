"""Many questions, one pass: each file is opened and decoded once, and all models get its blocks.

What goes wrong stays where it went wrong: a file that cannot be read is a row that says so, a
question that fails leaves the others their answers, and of models that take windows those of
several files go through the net together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import TympanError
from tympan.scale.job import Asked, BatchJob
from tympan.scale.made import with_files_kept
from tympan.tasks.cleaned import WITHOUT, with_cleaning, without_noise
from tympan.tasks.inputs import ModelInput, blocks_of, way_to, with_warnings
from tympan.tasks.model import WindowSession

if TYPE_CHECKING:
    from tympan.tasks.contract import Model

# Files that wait for the windows of others, at most.
MOST_OPEN = 32


@dataclass
class FileRow:
    """What is known of one file.

    Attributes:
        file: its name.
        duration_s, rate_hz, channels, bytes: of it; None where it could not be read.
        answers: column → answer.
        errors: column → why there is none; `""`: of the file itself.
        seconds: that it took.
    """

    file: str
    duration_s: float | None = None
    rate_hz: int | None = None
    channels: int | None = None
    bytes: int | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class OnePass:
    """The models of a job, loaded once.

    Args:
        job: the questions.

    Raises:
        ModelError: a model cannot be loaded.
        ArgumentError: a model cannot answer so, whatever the file.
    """

    def __init__(self, job: BatchJob) -> None:
        from tympan.tasks.answering import load

        self.job = job
        self.models: list[tuple[Asked, Model[Any]]] = [
            # What cleans by itself gets what is clean already, where all is cleaned.
            (one, with_cleaning(load(one.model, one.verb, job.device), own))
            for one in job.asked
            for own in [False if job.clean and one.verb not in WITHOUT else None]
        ]
        # What is wrong for every file is told once, and not a million times.
        for asked, model in self.models:
            model.session(name="", **asked.options)

    def rows(self, files: Sequence[str], *, alone: bool = False) -> list[FileRow]:
        """What the files hold, in their order.

        Args:
            files: their names.
            alone: no windows of one file with those of another.
        """
        if not alone:
            try:
                return list(self._together(files))
            except Exception:  # one of them is at fault: each for itself shows which
                pass
        return [row for name in files for row in self._together([name], guard=True)]

    def _together(self, files: Sequence[str], *, guard: bool = False) -> Iterator[FileRow]:
        batchers = [getattr(model, "batcher", lambda: None)() for _, model in self.models]
        waiting: deque[_Open] = deque()
        for name in files:
            waiting.append(_Open(name, self, batchers, guard=guard))
            while waiting and (waiting[0].ready or len(waiting) > MOST_OPEN):
                yield waiting.popleft().finished()
        while waiting:
            yield waiting.popleft().finished()


class _Open:
    """One file that was read, whose answers may wait for the windows of others."""

    def __init__(self, name: str, owner: OnePass, batchers: Sequence[Any], *, guard: bool) -> None:
        self.row, self._guard = FileRow(name), guard
        self._sessions: dict[str, tuple[Any, Any]] = {}  # column → session, model
        self._inputs: dict[tuple[Any, ...], ModelInput] = {}
        self._ways: dict[str, ModelInput] = {}  # column → what its session is given
        self._made, self._clean = owner.job.made, owner.job.clean
        begin = time.monotonic()
        with self._noted(""):
            for (asked, model), batcher in zip(owner.models, batchers, strict=True):
                with self._noted(asked.column):
                    shared = {} if batcher is None else {"batcher": batcher}
                    session = model.session(name=name, **asked.options, **shared)
                    self._sessions[asked.column] = session, model
            with opened(name, owner.job.storage) as source:
                self.row.bytes = _size(source)
                self._read(source)
        self.row.seconds = time.monotonic() - begin

    def _read(self, source: Any) -> None:
        samples = 0
        blocks = blocks_of(source)
        for rate_hz, block in _without_noise(blocks) if self._clean else blocks:
            if self.row.rate_hz is None:
                self.row.rate_hz, self.row.channels = int(rate_hz), len(block)
                for column in list(self._sessions):
                    self._join(column)
            samples += block.shape[1]
            self._give({way: way.push(block) for way in self._inputs.values()})
        self._give({way: way.finish() for way in self._inputs.values()})
        self.row.duration_s = samples / (self.row.rate_hz or 1)
        for column, (session, _) in list(self._sessions.items()):
            if isinstance(session, WindowSession):
                with self._noted(column):
                    session.end()

    def _join(self, column: str) -> None:
        session, model = self._sessions[column]
        assert self.row.rate_hz is not None
        assert self.row.channels is not None
        with self._noted(column):
            self._ways[column] = way_to(
                model, session, self._inputs, self.row.rate_hz, self.row.channels
            )

    def _give(self, ready: dict[ModelInput, np.ndarray]) -> None:
        for column, (session, _) in list(self._sessions.items()):
            wave = ready[self._ways[column]]
            if wave.shape[1]:
                with self._noted(column):
                    deque(session.push(wave), maxlen=0)

    @property
    def ready(self) -> bool:
        """Whether no answer waits for windows of other files."""
        return all(
            not isinstance(session, WindowSession) or session.ready
            for session, _ in self._sessions.values()
        )

    def finished(self) -> FileRow:
        """The row; its answers are asked for now."""
        begin = time.monotonic()
        for column, (session, _) in list(self._sessions.items()):
            if "" in self.row.errors:
                break
            with self._noted(column):
                answer = session.result()
                if self._made:
                    answer = with_files_kept(answer, self._made, column, self.row.file)
                way = self._ways.get(column)
                self.row.answers[column] = (
                    answer if way is None else with_warnings(answer, way.warnings)
                )
        self._sessions.clear()
        self.row.seconds += time.monotonic() - begin
        return self.row

    @contextmanager
    def _noted(self, column: str) -> Iterator[None]:
        """What goes wrong with one question costs that answer alone."""
        try:
            yield
        except TympanError as error:
            self._sessions.pop(column, None)
            self.row.errors[column] = str(error)
        except Exception as error:
            if not self._guard:
                raise
            self._sessions.pop(column, None)
            what = " ".join(f"{type(error).__name__}: {error}".split())
            self.row.errors[column] = f"unexpected {what:.300}"


def _without_noise(blocks: Iterator[tuple[int, np.ndarray]]) -> Iterator[tuple[int, np.ndarray]]:
    """A recording as `--clean` has it."""
    first = next(blocks, None)
    if first is not None:
        whole = (block for _, block in chain((first,), blocks))
        yield from ((first[0], block) for block in without_noise(whole, first[0]))


@contextmanager
def opened(name: str, storage: Any = None) -> Iterator[Any]:
    """What to give to a model: a path, or an open file of an address.

    Raises:
        AudioFileError: nothing is there, or it may not be read.
    """
    if "://" not in name:
        yield name
        return
    from tympan.errors import AudioFileError
    from tympan.scale.listing import file_system

    fs, place = file_system(name, storage or {})
    try:
        file = fs.open(place, "rb")
    except Exception as error:  # each file system has its own
        what = " ".join(f"cannot be opened: {type(error).__name__}: {error}".split())
        raise AudioFileError(what[:300], file=name) from error
    with file:
        yield _Named(file, name)


class _Named:
    """A binary file under the name that the user knows."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self.name = file, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _size(source: Any) -> int | None:
    import os

    try:
        if isinstance(source, str):
            return os.stat(source).st_size
        return int(source.size)
    except (OSError, AttributeError, TypeError, ValueError):
        return None
