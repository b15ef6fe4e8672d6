"""Hours of the day: over midnight, on single days, and where the clock is put forward and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.live.hours import parse_hours, zone_of

MONDAY = datetime(2026, 1, 5)


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 7 * 1440 - 1))
def test_hours_of_every_day_hold_exactly_their_minutes(start: int, end: int, now: int) -> None:
    hours = parse_hours(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    length = (end - start) % 1440 or 1440
    inside = (now - start) % 1440 < length
    assert hours.hold(MONDAY + timedelta(minutes=now)) == inside


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    hours = parse_hours("fri 22:00-06:00")
    friday = MONDAY + timedelta(days=4)
    assert hours.hold(friday.replace(hour=23))
    assert hours.hold(friday + timedelta(days=1, hours=5))
    assert not hours.hold(friday.replace(hour=5))
    assert not hours.hold(friday + timedelta(days=1, hours=23))


def test_days_wrap_around_the_week() -> None:
    hours = parse_hours("sat-mon 08:00-09:00")
    assert [hours.hold(MONDAY + timedelta(days=i, hours=8)) for i in range(7)] == [
        True, False, False, False, False, True, True,
    ]  # fmt: skip


def test_whole_days() -> None:
    assert parse_hours("sun").hold(MONDAY + timedelta(days=6, hours=23, minutes=59))
    assert not parse_hours("sun").hold(MONDAY)


def test_the_clock_on_the_wall_counts_when_it_is_put_forward_and_back() -> None:
    berlin, hours = ZoneInfo("Europe/Berlin"), parse_hours("02:00-03:00")

    def minutes(day: datetime) -> int:
        moments = (day.replace(tzinfo=UTC) + timedelta(minutes=i) for i in range(1440))
        return sum(hours.hold(one.astimezone(berlin)) for one in moments)

    assert minutes(datetime(2026, 3, 29)) == 0  # the hour does not exist
    assert minutes(datetime(2026, 10, 25)) == 120  # it comes twice
    assert minutes(datetime(2026, 6, 1)) == 60


@pytest.mark.parametrize(
    "text", ["", "8-9", "24:00-25:00", "08:60-09:00", "xyz 08:00-09:00", "mon-foo", 8, None]
)
def test_other_hours_are_refused(text: object) -> None:
    with pytest.raises(ArgumentError, match="are no hours"):
        parse_hours(text)  # type: ignore[arg-type]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no time zone 'Mars/Base'"):
        zone_of("Mars/Base")
