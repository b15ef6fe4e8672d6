"""What the values of SSML's attributes mean, in numbers.

What the Recommendation leaves open (how long a strong break is, how much slower `slow` is) is
stated in these tables.
"""

from __future__ import annotations

import math
import re

SILENT_DB = -120.0

PAUSES_S = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.3, "x-fast": 1.7}
PITCHES = {"x-low": -6.0, "low": -3.0, "medium": 0.0, "default": 0.0, "high": 3.0, "x-high": 6.0}
VOLUMES_DB = {"silent": SILENT_DB, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0}
VOLUMES_DB |= {"loud": 6.0, "x-loud": 12.0}
# Rate, semitones and decibels of an emphasis.
EMPHASES = {
    "strong": (0.85, 2.0, 3.0),
    "moderate": (0.93, 1.0, 1.5),
    "none": (1.0, 0.0, 0.0),
    "reduced": (1.1, -1.0, -2.0),
}
LIMITS = {"rate": (0.25, 4.0), "pitch": (-24.0, 24.0), "volume": (SILENT_DB, 20.0)}
SAY_AS = {
    "characters": "characters",
    "spell-out": "characters",
    "verbatim": "characters",
    "digits": "digits",
    "number": "cardinal",
    "cardinal": "cardinal",
    "ordinal": "ordinal",
    "fraction": "fraction",
    "date": "date",
    "time": "time",
    "duration": "duration",
    "telephone": "telephone",
    "currency": "currency",
    "unit": "unit",
    "address": "address",
}
_NUMBER = re.compile(r"[-+]?\d{1,9}(?:\.\d{0,9})?|[-+]?\.\d{1,9}")


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def seconds(text: str) -> float | None:
    """A time such as `500ms` or `1.5s`.

    >>> seconds("500ms"), seconds("+1.5s"), seconds("2")
    (0.5, 1.5, None)
    """
    text = text.casefold()
    unit = "ms" if text.endswith("ms") else "s"
    if not text.endswith(unit):
        return None
    value = _number(text.removesuffix(unit).strip())
    if value is None or value < 0:
        return None
    return value / 1000 if unit == "ms" else value


def rate_factor(text: str) -> float | None:
    """A factor: `1.2`, `120%`, `+20%`.

    >>> [rate_factor(one) for one in ("1.2", "80%", "+25%", "-25%", "0")]
    [1.2, 0.8, 1.25, 0.75, None]
    """
    value = _number(text.removesuffix("%"))
    if value is None:
        return None
    if text.endswith("%"):
        value = value / 100 + (1 if text[0] in "+-" else 0)
    return value if value > 0 else None


def semitones(text: str) -> float | None:
    """A step: `+2st`, `-10%`; in Hz none, as each voice has a pitch of its own.

    >>> semitones("+2st"), round(semitones("+10%"), 2), semitones("120hz")
    (2.0, 1.65, None)
    """
    if text.endswith("st"):
        return _number(text.removesuffix("st"))
    factor = rate_factor(text) if text.endswith("%") else None
    return None if factor is None else 12 * math.log2(factor)


def decibels(text: str) -> float | None:
    """A step `+6dB`, or an amplitude: `50` of 100, `+10%`.

    >>> decibels("-6db"), round(decibels("50"), 2), decibels("0"), round(decibels("+10%"), 2)
    (-6.0, -6.02, -120.0, 0.83)
    """
    if text.endswith("db"):
        return _number(text.removesuffix("db"))
    value = _number(text.removesuffix("%"))
    if value is None or (value < 0 and not text.endswith("%")):
        return None
    factor = value / 100 + (1 if text.endswith("%") and text[0] in "+-" else 0)
    return max(SILENT_DB, 20 * math.log10(factor)) if factor > 0 else SILENT_DB
