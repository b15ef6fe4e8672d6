"""What several kinds of answer consist of: a label, and a label from here to there."""

from __future__ import annotations

from dataclasses import dataclass, field


def percent(share: float) -> str:
    """A share of 1 as people write it.

    >>> percent(0.934)
    '93 %'
    """
    return f"{100 * share:.0f} %"


UNKNOWN = "unknown"
"""The label of what was rejected as unfamiliar."""
UNLIKE = "unlike anything it was trained on"
"""What people read about a sound of low familiarity."""


HARDLY = 0.1
"""From this familiarity down a segment is marked: one known recording in ten is as unlike."""


class AboutModel(str):
    """A warning that is about the model, and so the same for each recording it answers about.

    The command line says it once, and not of each file.
    """

    __slots__ = ()


def interval_text(start_s: float, end_s: float) -> str:
    """From when to when, in columns that stand below one another.

    >>> interval_text(0.0, 2.5)
    '   0.00 –    2.50 s'
    """
    return f"{start_s:7.2f} – {end_s:7.2f} s"


@dataclass(frozen=True)
class Label:
    """One label with its score, a probability in 0 … 1.

    >>> print(Label("dog", 0.934))
    dog 93 %
    """

    label: str
    score: float

    def __str__(self) -> str:
        return f"{self.label} {percent(self.score)}"


@dataclass(frozen=True)
class Segment:
    """A label from `start_s` to `end_s` with its score.

    `familiarity` is that of a classifier or tagger, see `Classification`; `low_hz` and `high_hz`
    are the edges of a band, where labels have one. None where there is none.

    >>> print(Segment(0.0, 2.5, "rain", 0.8))
       0.00 –    2.50 s  rain 80 %
    >>> print(Segment(0.0, 2.5, "rain", 0.8, familiarity=0.06))
       0.00 –    2.50 s  rain 80 %  (hardly familiar)
    """

    start_s: float
    end_s: float
    label: str
    score: float
    familiarity: float | None = field(default=None, metadata={"optional": True})
    low_hz: float | None = field(default=None, metadata={"optional": True})
    high_hz: float | None = field(default=None, metadata={"optional": True})

    @property
    def hardly_familiar(self) -> bool:
        """Whether it is so unlike what the model learned that its label means little."""
        known = self.familiarity is not None and self.label != UNKNOWN
        return known and (self.familiarity or 0.0) < HARDLY

    def __str__(self) -> str:
        text = f"{interval_text(self.start_s, self.end_s)}  {Label(self.label, self.score)}"
        if self.hardly_familiar:
            text += "  (hardly familiar)"
        if self.low_hz is None or self.high_hz is None:
            return text
        return f"{text}  {self.low_hz:.0f} – {self.high_hz:.0f} Hz"
