"""Values that mean nothing, and numbers that are written in two ways."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What pandas and spreadsheets write where a value is missing.
_UNSET = frozenset(
    ("", "NaN", "nan", "-nan", "-NaN", "null", "NULL", "<NA>", "NA", "N/A", "n/a", "#N/A", "NaT")
)
_WHOLE = re.compile(r"([-+]?\d+)\.0*")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def is_unset(value: str) -> bool:
    """Whether a cell holds no value.

    >>> is_unset("NaN"), is_unset("none"), is_unset("0")
    (True, False, False)
    """
    return value.strip() in _UNSET


def unify(values: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """A column with missing values as empty text, and whole numbers without decimals.

    Numbers are changed only where the whole column is numbers: a table that once had a gap holds
    1.0 where it meant 1.

    Args:
        values: the cells.

    Returns:
        The cells, and how often each text that means no value was found.

    >>> unify(["1", "1.0", "NaN", "2.5"])
    (['1', '1', '', '2.5'], {'NaN': 1})
    """
    found: dict[str, int] = {}
    cells = []
    for value in values:
        unset = is_unset(value)
        if unset and value:
            found[value] = found.get(value, 0) + 1
        cells.append("" if unset else value)
    if all(_NUMBER.fullmatch(cell) for cell in cells if cell):
        cells = [m[1] if (m := _WHOLE.fullmatch(cell)) else cell for cell in cells]
    return cells, found
