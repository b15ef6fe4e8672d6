"""Hours of the day and days of the week, as the clock on the wall shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from tympan.errors import ArgumentError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIMES = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True)
class Hours:
    """A span of the day, on some days of the week; it may run past midnight.

    Attributes:
        days: numbers of the days on which it begins, Monday is 0.
        start_min: minute of the day at which it begins.
        end_min: minute of the day at which it is over; not later than `start_min`: on the next day.

    >>> night = parse_hours("22:00-06:00")
    >>> night.hold(datetime(2026, 1, 5, 23, 0)), night.hold(datetime(2026, 1, 5, 12, 0))
    (True, False)
    """

    days: frozenset[int]
    start_min: int
    end_min: int

    def hold(self, local: datetime) -> bool:
        """Whether a local time lies in them.

        By the clock on the wall: where it is put forward at night, the hour that does not exist is
        missing; where it is put back, the hour that comes twice counts twice.
        """
        minute = local.hour * 60 + local.minute
        if self.start_min < self.end_min:
            return local.weekday() in self.days and self.start_min <= minute < self.end_min
        if minute >= self.start_min:
            return local.weekday() in self.days
        yesterday = (local - timedelta(days=1)).weekday()
        return minute < self.end_min and yesterday in self.days


def parse_hours(text: str) -> Hours:
    """Read `"22:00-06:00"`, `"sat 00:00-24:00"`, `"mon-fri 08:00-17:00"` or `"sat,sun"`.

    Raises:
        ArgumentError: it is none of these.

    >>> sorted(parse_hours("fri-sun 20:00-24:00").days)
    [4, 5, 6]
    >>> parse_hours("25:00-26:00")
    Traceback (most recent call last):
    tympan.errors.ArgumentError: '25:00-26:00' are no hours (write "22:00-06:00" or \
"mon-fri 08:00-17:00")
    """
    wrong = ArgumentError(
        f"{text!r} are no hours", fix='write "22:00-06:00" or "mon-fri 08:00-17:00"'
    )
    if not isinstance(text, str):
        raise wrong
    *days, last = text.lower().split() or [""]
    found = _TIMES.fullmatch(last)
    if found is None:
        days, start, end = [*days, last], 0, 24 * 60
    else:
        start, end = (int(found[i]) * 60 + int(found[i + 1]) for i in (1, 3))
        if start >= 24 * 60 or end > 24 * 60 or int(found[2]) > 59 or int(found[4]) > 59:
            raise wrong
    numbers = _days("".join(days), wrong) if days else frozenset(range(7))
    return Hours(numbers, start, end)


def _days(text: str, wrong: ArgumentError) -> frozenset[int]:
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first[:3] not in DAYS or (last and last[:3] not in DAYS):
            raise wrong
        start = DAYS.index(first[:3])
        end = DAYS.index(last[:3]) if last else start
        numbers |= {(start + i) % 7 for i in range((end - start) % 7 + 1)}
    return frozenset(numbers)


def zone_of(name: str) -> tzinfo | None:
    """A time zone by its name, `"Europe/Berlin"`; empty: that of the computer (None).

    Raises:
        ArgumentError: there is no such zone.

    >>> str(zone_of("UTC"))
    'UTC'
    """
    if not name:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        fix = 'for instance "Europe/Berlin"; `pip install tzdata` where the system has none'
        raise ArgumentError(f"there is no time zone {name!r}", fix=fix) from error
