"""The sounds that a mixture consists of, each in a file of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.tasks.results.base import Result, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.audio import Clip


@dataclass(frozen=True)
class Separation(Result):
    """The sources of a mixture.

    Attributes:
        file: the name of the recording.
        sources: label → the sound file of that source.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.
        home: what keeps the files as long as the answer lives; None: they stay.

    >>> answer = Separation("mix.wav", {"voice": Path("voice.wav")})
    >>> answer.to_json()["sources"]
    {'voice': 'voice.wav'}
    >>> print(answer)
    mix.wav:
      voice: voice.wav
    """

    file: str
    sources: Mapping[str, Path]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    home: Any = field(default=None, compare=False, repr=False)

    def _answer(self) -> dict[str, Any]:
        return {"sources": plain(self.sources)}

    def clips(self) -> dict[str, Clip]:
        """The sound of each source, in memory.

        Raises:
            AudioFileError: a file is gone.
        """
        return {label: self.load(label) for label in self.sources}

    def load(self, label: str) -> Clip:
        """Read the sound of one source.

        Raises:
            KeyError: there is no such source.
            AudioFileError: its file is gone.
        """
        from tympan.audio import load

        return load(self.sources[label])

    def shown(self) -> str:
        """The file of each source."""
        return "".join(f"\n  {name}: {path}" for name, path in self.sources.items())

    def columns(self) -> tuple[str, ...]:
        """Those of the sources."""
        return ("label", "path")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each source."""
        return ((label, str(path)) for label, path in self.sources.items())

    def plot(self) -> Figure:
        """The waveform of each source.

        Raises:
            AudioFileError: a file is gone.
        """
        from matplotlib.figure import Figure

        from tympan.spectra.figures import plot_waveform

        count = max(1, len(self.sources))
        figure = Figure(figsize=(9, 0.8 + 1.6 * count), layout="constrained")
        axes = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
        for ax, (label, path) in zip(axes, self.sources.items(), strict=False):
            plot_waveform(path, ax)
            ax.set_title(label, parse_math=False)
        return figure
