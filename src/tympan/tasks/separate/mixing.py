"""What is given out of a mix's sources: all, or those to keep and everything else, always summing.

The remainder of the mix is a source too, so that what is written sums to the mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.separate.streams import Stream

if TYPE_CHECKING:
    from tympan.tasks.separate.person import Person

Wave = npt.NDArray[np.float32]
REST = "rest"
"""The name of everything else."""


@dataclass(frozen=True)
class Wanted:
    """Which sources are given out.

    Args:
        labels: of the model, in the order of its outputs.
        keep: those that are wanted; all others are in the rest. Empty: all.
        amount: how much of the rest is taken out of what is kept, 0 … 1.
        stems: label → stem: sources of a stem are given out together.
        person: whose voice the first of the labels is.
        present: the labels that are in the mix; the others get nothing and are not given out.
            Empty: nobody knows.

    Raises:
        ArgumentError: a label that the model does not have, or that does not play.

    >>> Wanted(("voice", "drums"), ("drums",)).names
    ('drums', 'rest')
    """

    labels: tuple[str, ...]
    keep: tuple[str, ...] = ()
    amount: float = 1.0
    stems: Mapping[str, str] | None = None
    person: Person | None = None
    present: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for one in self.present:
            if one not in self.labels:
                fix = f"one of {', '.join(self.labels)}"
                what = f"the model knows no source {one!r}"
                raise ArgumentError(what, fix=fix, option="present")
        for one in self.keep:
            if one not in self._all:
                fix = f"one of {', '.join(self._all)}"
                raise ArgumentError(f"the model knows no source {one!r}", fix=fix, option="keep")
        if not 0 <= self.amount <= 1:
            what = f"amount={self.amount} is out of range"
            raise ArgumentError(what, fix="give 0 to 1", option="amount")

    @property
    def _all(self) -> tuple[str, ...]:
        here = [one for one in self.labels if not self.present or one in self.present]
        return tuple(dict.fromkeys(here if self.stems is None else [self.stems[x] for x in here]))

    @property
    def kept(self) -> tuple[str, ...]:
        """The sources given out beside the rest."""
        return tuple(one for one in self._all if not self.keep or one in self.keep)

    @property
    def names(self) -> tuple[str, ...]:
        """All that is given out."""
        return (*self.kept, REST)

    def numbers(self) -> Wave:
        """1 for each label that is in the mix, `(k,)`.

        >>> Wanted(("voice", "drums", "bass"), present=("bass",)).numbers().tolist()
        [0.0, 0.0, 1.0]
        """
        return np.array([one in self.present for one in self.labels], np.float32)

    def parts(self, mix: Wave, sources: Wave) -> Wave:
        """Sources `(k, c, t)` and their mix `(c, t)` → what is given out, which sums to the mix."""
        found = np.empty((len(self.names), *mix.shape), np.float32)
        for row, name in enumerate(self.kept):
            rows = [
                i for i, one in enumerate(self.labels) if (self.stems or {}).get(one, one) == name
            ]
            found[row] = sources[rows].sum(0, dtype=np.float32)
        rest = mix - found[:-1].sum(0, dtype=np.float32)
        if self.amount < 1:
            found[:-1] += rest * np.float32((1 - self.amount) / max(1, len(self.kept)))
            rest = mix - found[:-1].sum(0, dtype=np.float32)
        found[-1] = rest
        return found


class Apart:
    """A recording in blocks, and what is given out of each, aligned with it.

    Args:
        stream: the recording on its way through the net.
        wanted: what is given out.
        channels: of the recording.
    """

    def __init__(self, stream: Stream, wanted: Wanted, channels: int) -> None:
        self.stream, self.wanted = stream, wanted
        self._waiting = [np.zeros((channels, 0), np.float32)]

    def push(self, wave: Wave) -> Wave:
        """Take the next samples `(c, t)`; what is done, `(names, c, t)`."""
        self._waiting.append(wave)
        return self._matched(self.stream.push(wave))

    def finish(self) -> Wave:
        """The rest of the recording."""
        return self._matched(self.stream.finish())

    def _matched(self, sources: Wave) -> Wave:
        count = sources.shape[2]
        mix = self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting, axis=1)
        self._waiting = [mix[:, count:]]
        if not count:
            return np.zeros((len(self.wanted.names), len(mix), 0), np.float32)
        return self.wanted.parts(mix[:, :count], sources)


def stems_of(
    mapping: Mapping[str, str] | None, labels: Sequence[str], model: str
) -> dict[str, str]:
    """Which stem each source of a model belongs to.

    Raises:
        ArgumentError: the model has no stems.
    """
    if not mapping:
        what = f"the model {model!r} has no stems to gather its sources in"
        raise ArgumentError(what, fix="leave out stems", option="stems")
    return {label: mapping.get(label, "other") for label in labels}
