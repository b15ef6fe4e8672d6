"""Labels of recordings and of parts of them, as a row of a table has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tympan.data._text import times
from tympan.data.table import TAG_SEPARATOR
from tympan.errors import ArgumentError

LONGEST_LABEL = 100


@dataclass(frozen=True, order=True)
class LabelMark:
    """A label of a recording or of a part of it.

    Args:
        start_s: where the part begins; below 0: the label is of the whole recording.
        end_s: where it ends.
        label: the label; empty and of the whole: nothing is in the recording.

    >>> LabelMark.of("dog").whole, LabelMark(1.0, 2.0, "dog").whole
    (True, False)
    """

    start_s: float
    end_s: float
    label: str

    @classmethod
    def of(cls, label: str) -> LabelMark:
        """A label of a whole recording."""
        return cls(-1.0, -1.0, label)

    @property
    def whole(self) -> bool:
        """Whether it is of the whole recording."""
        return self.start_s < 0


def checked_label(text: str) -> str:
    """A label as it is kept.

    Raises:
        ArgumentError: it cannot be one.

    >>> checked_label("  tree   frog ")
    'tree frog'
    """
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_LABEL or TAG_SEPARATOR in name or not name.isprintable():
        fix = f"1 to {LONGEST_LABEL} letters, without {TAG_SEPARATOR!r}"
        raise ArgumentError(f"{text[:LONGEST_LABEL]!r} cannot be a label", fix=fix)
    return name


def marks_of(cells: Mapping[str, str], timed: bool) -> list[LabelMark]:
    """The labels in a row of a table.

    Args:
        cells: its cells by column.
        timed: whether the table has columns of times.

    Raises:
        ValueError: with a clause that says what is wrong with its times.

    >>> [one.label for one in marks_of({"label": "dog;cat"}, timed=False)]
    ['dog', 'cat']
    """
    labels = [one.strip() for one in cells.get("label", "").split(TAG_SEPARATOR) if one.strip()]
    start, end = cells.get("start_s", ""), cells.get("end_s", "")
    if start or end:
        start_s, end_s = times(start, end)
        return [LabelMark(round(start_s, 3), round(end_s, 3), one) for one in labels]
    if timed and not labels:
        return [LabelMark.of("")]
    return [LabelMark.of(one) for one in labels]
