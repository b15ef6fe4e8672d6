"""What a clip may be, checked in one place so that every entrance gives the same clear error."""

from __future__ import annotations

import math
from typing import SupportsIndex

from tympan.errors import ArgumentError

MIN_RATE_HZ = 1
MAX_RATE_HZ = 1_000_000
MAX_CHANNELS = 128
# From 16 Hz to 8 kHz: beyond that, a rate is a mistake that would fill the memory.
MAX_RATE_FACTOR = 512
# One clip in memory: 2 GiB of float32, three hours of 48 kHz mono. Longer sound: `blocks()`.
MAX_CLIP_BYTES = 2 << 30


def check_rate(rate_hz: object, what: str = "rate_hz") -> int:
    """Return the rate as an int, or raise ArgumentError if no sound can have it."""
    if isinstance(rate_hz, (bool, str)) or not isinstance(rate_hz, (SupportsIndex, float)):
        raise ArgumentError(
            f"{what} is {rate_hz!r}, expected samples per second", fix="for example 16000"
        )
    if isinstance(rate_hz, float) and not rate_hz.is_integer():
        raise ArgumentError(f"{what} is {rate_hz}", fix="give a whole number of samples per second")
    rate = int(rate_hz)
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise ArgumentError(
            f"{what} is {rate} Hz", fix=f"rates go from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz"
        )
    return rate


def check_factor(from_hz: int, to_hz: int, name: str | None = None) -> None:
    """Raise ArgumentError if resampling would multiply the number of samples beyond reason."""
    if to_hz > from_hz * MAX_RATE_FACTOR:
        raise ArgumentError(
            f"has {from_hz} samples per second, too few to resample to {to_hz} Hz",
            file=name,
            fix=f"at most {MAX_RATE_FACTOR} times as many are made; its header may be damaged",
        )


def check_number(value: object, what: str, *, low: float | None = None) -> float:
    """Return a finite float, at least `low` where given, or raise ArgumentError."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ArgumentError(f"{what} is {value!r}, expected a number") from None
    if not math.isfinite(number):
        raise ArgumentError(f"{what} is {number}, expected a finite number")
    if low is not None and number < low:
        raise ArgumentError(f"{what} is {number:g}, expected at least {low:g}")
    return number


def to_samples(seconds: float, rate_hz: int) -> int:
    """Seconds as a whole number of samples: the one rounding that all of `audio` uses."""
    return round(seconds * rate_hz)


def check_span(start_s: object, end_s: object) -> tuple[float, float | None]:
    """Return `(start, end)` in seconds, or raise ArgumentError if they do not follow each other."""
    start = check_number(start_s, "start_s", low=0.0)
    if end_s is None:
        return start, None
    end = check_number(end_s, "end_s", low=0.0)
    if end <= start:
        raise ArgumentError(
            f"the slice from {start:g} to {end:g} s is empty", fix="end_s must come after start_s"
        )
    return start, end
