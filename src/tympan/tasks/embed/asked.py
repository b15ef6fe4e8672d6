"""`find` as a server is asked it: in an index, or in a recording that is sent with it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.embed.find import Match, embedded_by, nearest
from tympan.tasks.embed.index import Index
from tympan.tasks.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.tasks.answering import Source
    from tympan.tasks.contract import Model
    from tympan.tasks.results import Embedding


@dataclass(frozen=True)
class Found(Result):
    """The moments that sound most like an example.

    Attributes:
        file: name of the example.
        matches: the most similar first.
        duration_s: length of the example.
        model: name of the model that compared them.
        warnings: what may be wrong with the example.

    >>> print(Found("frog.wav", (Match("pond.wav", 2.0, 4.5, 0.93),)))
    frog.wav:
    0.930  pond.wav  2.00 – 4.50 s
    """

    file: str
    matches: tuple[Match, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    formats: ClassVar[tuple[str, ...]] = (".json", ".csv")

    def shown(self) -> str:
        """One line for each moment."""
        return "".join(f"\n{one}" for one in self.matches)

    def columns(self) -> tuple[str, ...]:
        """Those of a moment."""
        return ("file", "start_s", "end_s", "similarity")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """One row for each moment."""
        return [(one.file, one.start_s, one.end_s, one.similarity) for one in self.matches]

    def plot(self) -> Figure:
        """A bar for the similarity of each moment."""
        from tympan.tasks.results.figures import bars

        names = [f"{one.file} {one.start_s:.2f} s" for one in self.matches]
        values = [one.similarity for one in self.matches]
        return bars(names, values, [False] * len(names), self.file)


def found(
    source: Source,
    models: Sequence[Model[Embedding]],
    *,
    index: str | None,
    within: Source | None,
    top: int,
    every_s: float | None,
) -> Generator[float, None, Found]:
    """`find` with a model that is loaded, see `tympan.tasks.commands.Command.function`.

    Args:
        source: the example.
        models: one, that of the index.
        index: file of the index; None: `within` is searched.
        within: a recording to search.
        top: how many moments.
        every_s: from one moment of `within` to the next; None: the model's window.

    Raises:
        ArgumentError: neither is given, or both are; or the index is of another model.
        DataError: the index cannot be read.
    """
    (model,) = models
    if (index is None) == (within is None):
        fix = "give what `tympan embed` made as index, or a recording as within"
        what = "find searches an index or a recording, one of them"
        raise ArgumentError(what, fix=fix, option="index")
    if index is not None:
        if every_s is not None:
            fix = "leave it out: an index has its own moments"
            raise ArgumentError("every_s goes with within", fix=fix, option="every_s")
        archive = Index.load(Path(index))
    else:
        searched = model(within, every_s=every_s)
        yield searched.duration_s
        archive = index_of(searched)
    example = embedded_by(model, source, archive) if len(archive) else model(source)
    matches: list[Match] = []
    if len(archive) and example.vector:
        matches = nearest(archive, np.asarray(example.vector, np.float32), top)
    length_s, name = example.duration_s, example.model
    return Found(example.file, tuple(matches), length_s, name, example.warnings)


def index_of(one: Embedding) -> Index:
    """The vectors of one recording as an index.

    >>> from tympan.tasks.results import Embedding
    >>> index_of(Embedding("a.wav", (1.0, 0.0), duration_s=2.0)).end_s.tolist()
    [2.0]
    """
    vectors, times_s = one.vectors, one.times_s
    if not len(vectors):  # the recording is one part, or none
        vectors = np.array([one.vector] if one.vector else [], np.float32).reshape(
            -1, len(one.vector)
        )
        times_s = np.array([[0.0, one.duration_s]] * len(vectors)).reshape(-1, 2)
    names = np.array([one.file] * len(vectors), dtype=str)
    return Index(vectors, names, times_s[:, 0], times_s[:, 1], one.model, one.fingerprint)
