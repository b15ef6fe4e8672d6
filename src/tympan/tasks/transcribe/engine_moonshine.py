"""Moonshine (Jeffries et al., 2024): fast, small, English; our own recogniser times its words."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from tympan.errors import MissingDependencyError, ModelError
from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe import weights
from tympan.tasks.transcribe.recogniser import RATE_HZ, check_language, spread

if TYPE_CHECKING:
    from tympan.tasks.transcribe.transcriber import Transcriber

T = TypeVar("T")
Wave = npt.NDArray[np.float32]
# It hears up to 30 s; what it computes grows with the square of the length, and from 40 s on it
# writes what nobody said.
LONGEST_S = 15.0
# Shorter waves get silence behind them.
SHORTEST_S = 1.0
INSTALL = "pip install 'tympan[moonshine]'"
TINY = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
# So many instances at most: each takes some 100 MB.
MOST = 4


def load(device: str = "cpu") -> Transcriber:
    """The engine `moonshine`; it computes on the CPU."""
    from tympan.tasks.transcribe.aligning import OwnAligner
    from tympan.tasks.transcribe.transcriber import Transcriber

    folder = weights.package_folder("moonshine_voice", INSTALL) / "assets" / "tiny-en"
    weights.check(folder, TINY, INSTALL)
    return Transcriber(MoonshineRecogniser(str(folder)), device, aligner=OwnAligner(device))


class Pool(Generic[T]):
    """Instances of what must not be used by two threads at once.

    Args:
        make: makes one.
        most: there are no more; who comes then waits.

    >>> pool = Pool(list, 2)
    >>> with pool.taken() as one:
    ...     one.append(1)
    >>> with pool.taken() as same:
    ...     print(same)
    [1]
    """

    def __init__(self, make: Callable[[], T], most: int) -> None:
        self._make, self._most, self._count = make, most, 0
        self._idle: queue.LifoQueue[T] = queue.LifoQueue()
        self._lock = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[T]:
        """One that nobody else has meanwhile."""
        one = self._free()
        try:
            yield one
        finally:
            self._idle.put(one)

    def _free(self) -> T:
        with self._lock:
            try:
                return self._idle.get_nowait()
            except queue.Empty:
                if self._count < self._most:
                    one = self._make()
                    self._count += 1
                    return one
        return self._idle.get()


class MoonshineRecogniser:
    """Moonshine tiny, English, a pool of it: one instance in two threads writes garbage.

    Args:
        folder: of its weights.

    Raises:
        MissingDependencyError: the package is not installed.
        ModelError: it cannot be loaded.
    """

    name = "moonshine"
    rate_hz = RATE_HZ
    longest_s = LONGEST_S
    languages: tuple[str, ...] = ("en",)
    gives_times = False

    def __init__(self, folder: str) -> None:
        try:
            from moonshine_voice import ModelArch, Transcriber
        except (ImportError, OSError) as error:
            what = f"the engine 'moonshine' cannot be loaded: {error}"
            raise MissingDependencyError(what, fix=INSTALL) from error

        def make() -> Any:
            try:
                # Where speech is has been found already.
                return Transcriber(folder, ModelArch.TINY, options={"vad_threshold": "0"})
            except Exception as error:  # of the package, of several kinds
                what = f"cannot be loaded: {error}"
                raise ModelError(what, file=folder, fix=f"{INSTALL} --force-reinstall") from error

        self._pool: Pool[Any] = Pool(make, MOST)
        with self._pool.taken():  # what is wrong with it is said at once
            pass

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words of a wave `(t,)`, with estimated times; it cannot be told of hot words."""
        check_language("moonshine", language, self.languages)
        length_s = len(wave) / RATE_HZ
        short = max(0, round(SHORTEST_S * RATE_HZ) - len(wave))
        samples = np.pad(np.asarray(wave, np.float32), (0, short))
        with self._pool.taken() as one:
            lines = one.transcribe_without_streaming(samples.tolist(), RATE_HZ).lines
        return spread(" ".join(line.text for line in lines), 0.0, length_s)
