"""English dates and times."""

from __future__ import annotations

import re

from tympan.text.english.numbers import cardinal, ordinal, plural, year
from tympan.text.english.words import DAY_SHORT, MONTH_SHORT, MONTHS
from tympan.text.tokens import Given, Scan, Token, tokens_at

_NAME = "|".join([*(m.capitalize() for m in MONTHS), *(m.capitalize() for m in MONTH_SHORT)])
NAMES = rf"(?:{_NAME}|{_NAME.upper()})"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
YEAR = r"(?:1\d{3}|20\d\d)"
# What is counted by the number is no day: *in May 2 years ago*.
COUNTED = (
    r"\s+(?:years?|months?|weeks?|days?|hours?|minutes?|people|men|women|children|times"
    r"|hundred|thousand|million|billion)\b"
)
_MARKS = "aApP"

ISO = rf"\b(?P<year>{YEAR})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![\w-])"
SLASHED = (
    r"(?<![\w/.])(?P<ab>\d{1,2}/\d{1,2}/|\d{1,2}\.\d{1,2}\.|\d{1,2}-\d{1,2}-)"
    rf"(?P<year>{YEAR}|\d\d)(?![\w/-]|\.\d)"
)
MONTH_DAY = (
    rf"\b(?!(?<=\b[Ii]n ){NAMES}\s+\d+{COUNTED})"
    rf"(?P<month>{NAMES})\b\.?\s+(?P<day>{DAY}(?:st|nd|rd|th)?)"
    rf"(?:(?P<comma>,?)\s+(?P<year>{YEAR}))?(?![\w:]|[.,/-]\d|\s*(?:%|percent))"
)
DAY_MONTH = (
    rf"\b(?P<day>{DAY}(?:st|nd|rd|th)?)(?P<of>\s+of)?\s+(?P<month>{NAMES})\b\.?"
    rf"(?:(?P<comma>,?)\s+(?P<year>{YEAR})(?!\w|[.,]\d))?"
)
MONTH_YEAR = rf"\b(?P<month>{NAMES})\b\.?(?P<comma>,?)\s+(?P<year>{YEAR})(?!\w|[.,/-]\d)"
MONTH_SLASH_YEAR = r"(?<![\w/.,-])(?P<month>0[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d)(?![\w/-]|\.\d)"
TIME = (
    r"(?<![\w:.])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
    r"(?:\s?(?P<half>[aApP])(?:\.\s?[mM]\.?|[mM]\b))?(?![\w:])"
)
HOUR = (
    r"(?<![\w:.,])(?P<hour>1[0-2]|0?[1-9])(?:\.(?P<minute>[0-5]\d))?"
    r"\s?(?P<half>[aApP])(?:\.\s?[mM]\.?|[mM]\b)"
)
DECADE = r"(?<!\w)'?(?P<year>(?:1[1-9]|20)\d0|[1-9]0)'?s\b"


def month_name(name: str) -> str:
    """The full name of a month."""
    lower = name.lower()
    full = lower if lower in MONTHS else MONTHS[MONTH_SHORT[lower] - 1]
    return full.capitalize()


def _day(found: re.Match[str]) -> list[str]:
    return ordinal(found["day"].rstrip("stndrh"))


def _real(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def _full(found: re.Match[str], month: int, day: int, year_text: str) -> Given:
    """Month, day and year of a date in figures; the year's mark stands at its place."""
    words = [MONTHS[month - 1].capitalize(), *ordinal(str(day))]
    spoken = year(year_text if len(year_text) == 4 else _century(year_text))
    whole = found.span()
    comma = Token(",", *whole, "mark")
    return [*words, comma, *spoken]


def _century(text: str) -> str:
    return ("19" if int(text) >= 50 else "20") + text


def iso(found: re.Match[str], scan: Scan) -> Given:
    """2024-03-15."""
    return _full(found, int(found["month"]), int(found["day"]), found["year"])


def slashed(found: re.Match[str], scan: Scan) -> Given:
    """3/15/2024 as in the US, 15.3.2024 and what can only be day first as in Europe."""
    separator = found["ab"][-1]
    first, second, _ = found["ab"].split(separator)
    a, b = int(first), int(second)
    if separator == "." or a > 12:
        a, b = b, a
    if not _real(a, b) and _real(b, a):
        a, b = b, a
    if not _real(a, b):
        between = {"/": "slash", ".": "dot", "-": "dash"}[separator]
        parts = (cardinal(part) for part in (second, found["year"]))
        return [*cardinal(first), *(word for part in parts for word in (between, *part))]
    return _full(found, a, b, found["year"])


def month_day(found: re.Match[str], scan: Scan) -> Given:
    """March 15, 2024."""
    out = tokens_at(found, "month", [month_name(found["month"])])
    out += tokens_at(found, "day", _day(found))
    return out + year_after(found)


def day_month(found: re.Match[str], scan: Scan) -> Given:
    """15 March 2024: the fifteenth of March."""
    article = [] if scan.last_word() == "the" else ["the"]
    out = tokens_at(found, "day", [*article, *_day(found)])
    out += tokens_at(found, "of" if found["of"] else "day", ["of"])
    out += tokens_at(found, "month", [month_name(found["month"])])
    return out + year_after(found)


def month_year(found: re.Match[str], scan: Scan) -> Given:
    """March 2024."""
    return tokens_at(found, "month", [month_name(found["month"])]) + year_after(found)


def month_slash_year(found: re.Match[str], scan: Scan) -> Given:
    """06/2024, as on a card."""
    month = MONTHS[int(found["month"]) - 1].capitalize()
    return [*tokens_at(found, "month", [month]), *tokens_at(found, "year", year(found["year"]))]


def year_after(found: re.Match[str]) -> list[Token]:
    """The year of a date, if it has one."""
    if not found["year"]:
        return []
    comma = [Token(",", *found.span("comma"), "mark")] if found["comma"] else []
    return comma + tokens_at(found, "year", year(found["year"]))


def time(found: re.Match[str], scan: Scan) -> Given:
    """10:30, 9:05 pm, 14:00."""
    hour, minute, second, half = (found[k] for k in ("hour", "minute", "second", "half"))
    out = tokens_at(found, "hour", cardinal(str(int(hour))))
    if minute == "00" and not second:
        if not half:
            out += tokens_at(found, "minute", ["o'clock" if 1 <= int(hour) <= 12 else "hundred"])
    else:
        out += tokens_at(found, "minute", _two(minute))
    if second:
        out += tokens_at(found, "second", ["and", *cardinal(str(int(second)))])
        out += tokens_at(found, "second", ["second" if int(second) == 1 else "seconds"])
    return out + _half(found)


def _two(minute: str) -> list[str]:
    return (["oh"] if minute[0] == "0" else []) + cardinal(str(int(minute)))


def hour(found: re.Match[str], scan: Scan) -> Given:
    """7pm, 7.30 a.m."""
    out = tokens_at(found, "hour", cardinal(str(int(found["hour"]))))
    if found["minute"] and found["minute"] != "00":
        out += tokens_at(found, "minute", _two(found["minute"]))
    return out + _half(found)


def _half(found: re.Match[str]) -> list[Token]:
    if not found["half"]:
        return []
    return [Token(found["half"].upper() + "M", found.start("half"), found.end(), "spell")]


def decade(found: re.Match[str], scan: Scan) -> Given:
    """1990s, '90s, 80s."""
    return plural(year(found["year"]) if len(found["year"]) == 4 else cardinal(found["year"]))


def weekday(word: str) -> str | None:
    """The full name of a day that was shortened."""
    return DAY_SHORT.get(word.lower())
