"""English spans of time: *May 5–7*, *Mon–Fri*, *9am-5pm*; and dates and times of other shapes."""

from __future__ import annotations

import re

from tympan.text.english import dates
from tympan.text.english.numbers import cardinal, digits, in_name, ordinal
from tympan.text.english.words import DAY_SHORT, MONTHS
from tympan.text.listing import listing
from tympan.text.tokens import Given, Scan, Token, at_dash, tokens_at

# With spaces around it a dash stands between clauses as well: only what is a time or a date on both
# sides is a span then. The long dash is never one.
_DASH, _SPACED = "[-–]", r"\s?[-–]\s?"
_DAYS = (*DAY_SHORT, *dict.fromkeys(DAY_SHORT.values()))
_DAY_NAME = "|".join(sorted((name.capitalize() for name in _DAYS), key=len, reverse=True))
_MONTH = dates.NAMES
_HALF = r"\d{1,2}(?:[:.][0-5]\d)?\s?[aApP]\.?\s?[mM]\b"
_HOUR = rf"{_HALF}|[0-2]?\d:[0-5]\d(?!\d)"
_AFTER_HOUR = "|".join(
    rf"(?<={before})"
    for before in (
        r"\d:\d\d",
        r"\d[aApP][mM]",
        r"\d [aApP][mM]",
        r"[aApP]\.[mM]\.",
        r"[aApP]\. [mM]\.",
    )
)

MONTH_DAYS = (
    rf"\b(?P<month>{_MONTH})\b\.?\s+(?P<a>{dates.DAY}(?:st|nd|rd|th)?)"
    rf"(?:{_DASH}|{_SPACED}(?={dates.DAY},?\s+{dates.YEAR}\b))(?P<b>{dates.DAY}(?:st|nd|rd|th)?)(?:(?P<comma>,?)\s+(?P<year>{dates.YEAR}))?"
    r"(?![\w:]|[.,/-]\d|\s*(?:%|percent))"
)
DAYS_MONTH = (
    rf"\b(?P<a>{dates.DAY}(?:st|nd|rd|th)?){_DASH}"
    rf"(?=(?:{dates.DAY})(?:st|nd|rd|th)?(?:\s+of)?\s+(?:{_MONTH})\b)"
)
NAMED = (
    rf"(?:\b(?P<a>{_DAY_NAME})\.?{_DASH}|(?<![\s\S])(?P<first>{_DAY_NAME})\.?\s[-–]\s"
    rf"(?=(?:{_DAY_NAME})\b\.?[:,]?\s?\d))(?P<b>{_DAY_NAME})\b(?:\.(?=\s*\S))?"
    rf"|\b(?P<c>{_MONTH})\b\.?{_DASH}(?P<d>{_MONTH})\b(?:\.(?=\s*\S))?(?!\s+\d{{1,2}}\b)"
)
# Between two dates or times of day a dash is said.
DATE_TO = rf"{dates.MONTH_DAY}{_SPACED}(?=(?:{_MONTH})\b\.?\s+\d)"
DAY_TO = rf"{dates.DAY_MONTH}{_SPACED}(?={dates.DAY}(?:st|nd|rd|th)?\s+(?:{_MONTH})\b)"
TO = (
    rf"(?:{_AFTER_HOUR}){_SPACED}(?={_HOUR})"
    rf"|(?<=\d){_DASH}(?={_HALF}|[0-2]?\d:[0-5]\d(?!\d))|(?<=:\d\d){_DASH}(?=\d)"
)
# After what bears a number, a dash apart begins another thing where that has a unit of its own.
_BEARERS = listing(
    "flight room gate platform track channel bus train bay suite seat table terminal chapter level"
)
_AFTER_BEARER = "|".join(rf"(?<=\b{one} )" for one in _BEARERS)
NUMBERED = (
    rf"(?<=[A-Za-z] )(?=\d)(?i:{_AFTER_BEARER})"
    r"(?P<number>\d{1,4})(?=\s[-–]\s"
    rf"(?:{_HALF}|\d+ (?:min|people|(?!this|does|plus)[a-z]{{3,}}s)\b))"
)
VERSE = r"(?<![\w:.])(?P<a>\d{1,3}):(?P<b>[1-9])[-–](?P<c>\d{1,3})(?![\w:]|[.,]\d)"
LAP = (
    r"(?<![\w:.])(?:(?P<hour>\d{1,2}):)?(?P<minute>\d{1,2}):(?P<second>[0-5]\d)\.(?P<part>\d{1,3})"
    r"(?![\w:]|\.\d)"
)
YEAR_FIRST = rf"(?<![\w/])(?P<year>{dates.YEAR})/(?P<month>0[1-9]|1[0-2])/(?P<day>\d\d)(?![\w/])"
# Without a year it may be a fraction: only after what a day follows, and where nobody divides by
# the number of the day.
AFTER_ON = (
    r"(?:(?<=\b[Oo]n )|(?<=\b[Uu]ntil )|(?<=\b[Ss]ince ))"
    r"(?P<month>0?[1-9]|1[0-2])/(?P<day>1[3-57-9]|2[1-35-9]|3[01])"
    r"(?![\w/\"]|\.\d|-\w|\s+(?:of|inch|cup|full|scale)\b)"
)
CLASS_OF = r"(?<!\w)'(?P<year>\d\d)(?![\w']|[.,:]\d)"


def _to(found: re.Match[str], first: str, second: str) -> Token:
    return Token("to", found.end(first), found.start(second))


def month_days(found: re.Match[str], scan: Scan) -> Given:
    """May 5–7, 2024."""
    a, b = (ordinal(found[group].rstrip("stndrh")) for group in "ab")
    out = tokens_at(found, "month", [dates.month_name(found["month"])]) + tokens_at(found, "a", a)
    out += [_to(found, "a", "b"), *tokens_at(found, "b", b)]
    return out + dates.year_after(found)


def days_month(found: re.Match[str], scan: Scan) -> Given:
    """5–7 May: the first day; the second is read with its month."""
    article = [] if scan.last_word() == "the" else ["the"]
    out = tokens_at(found, "a", [*article, *ordinal(found["a"].rstrip("stndrh"))])
    return [*out, Token("to", found.end("a"), found.end())]


def named(found: re.Match[str], scan: Scan) -> Given:
    """Mon–Fri, Jan–Mar."""
    if found["b"]:
        first = "a" if found["a"] else "first"
        a, b = (found[group].lower() for group in (first, "b"))
        one, other = (DAY_SHORT.get(name, name).capitalize() for name in (a, b))
        return [
            *tokens_at(found, first, [one]),
            _to(found, first, "b"),
            *tokens_at(found, "b", [other]),
        ]
    one, other = (dates.month_name(found[group]) for group in "cd")
    return [*tokens_at(found, "c", [one]), _to(found, "c", "d"), *tokens_at(found, "d", [other])]


def date_to(found: re.Match[str], scan: Scan) -> Given:
    """May 5 – June 7: the first date; the second is read by itself."""
    last = "year" if found["year"] else "day"
    return [*dates.month_day(found, scan), Token("to", found.end(last), found.end())]


def day_to(found: re.Match[str], scan: Scan) -> Given:
    """5 May – 7 June."""
    last = "year" if found["year"] else "month"
    return [*dates.day_month(found, scan), Token("to", found.end(last), found.end())]


def verse(found: re.Match[str], scan: Scan) -> Given:
    """Psalm 23:1-6."""
    out = tokens_at(found, "a", cardinal(found["a"])) + tokens_at(found, "b", cardinal(found["b"]))
    return [*out, _to(found, "b", "c"), *tokens_at(found, "c", cardinal(found["c"]))]


def to(found: re.Match[str], scan: Scan) -> Given:
    """The dash of 9am-5pm, 10:00–11:30, John 3:16-18."""
    return [at_dash(found, "to")]


def numbered(found: re.Match[str], scan: Scan) -> Given:
    """The number of Flight 12 - 3 pm."""
    number = found["number"]
    return in_name(number) if len(number) == 3 else cardinal(number)


def lap(found: re.Match[str], scan: Scan) -> Given:
    """3:45.2, as in sports."""
    hour = cardinal(found["hour"]) if found["hour"] else []
    minute = cardinal(str(int(found["minute"])))
    if hour and int(found["minute"]) < 10:
        minute = ["oh", *minute]
    second = cardinal(str(int(found["second"])))
    if int(found["second"]) < 10:
        second = ["oh", *second]
    return [*hour, *minute, *second, "point", *digits(found["part"])]


def year_first(found: re.Match[str], scan: Scan) -> Given:
    """2024/03/15."""
    if int(found["day"]) in range(1, 32):
        return dates.iso(found, scan)
    words = [*cardinal(found["year"]), "slash", *cardinal(str(int(found["month"])))]
    return [*words, "slash", *cardinal(found["day"])]


def after_on(found: re.Match[str], scan: Scan) -> Given:
    """On 12/25."""
    month = MONTHS[int(found["month"]) - 1].capitalize()
    return [*tokens_at(found, "month", [month]), *tokens_at(found, "day", ordinal(found["day"]))]


def class_of(found: re.Match[str], scan: Scan) -> Given:
    """'05."""
    text = found["year"]
    return ["oh", *digits(text[1])] if text[0] == "0" else cardinal(text)
