"""German spans: *3.–5. Mai*, *Mo–Fr*, *14:30–16:00 Uhr*, *2019/20*."""

from __future__ import annotations

import re

from tympan.text.german import dates
from tympan.text.german.numbers import cardinal, ordinal, year
from tympan.text.german.words import MONTHS, SHORT_DAYS
from tympan.text.listing import listing
from tympan.text.tokens import Given, Scan, Token, at_dash, tokens_at

# With spaces around it a dash stands between clauses as well: only what is a time or a date on both
# sides is a span then. The long dash is never one.
_DASH, _SPACED = "[-–]", r"\s?[-–]\s?"
_DAY_NAME = "|".join(SHORT_DAYS)

DAYS = (
    rf"\b(?P<a>{dates.DAY})(?:{_DASH}|\.{_SPACED})(?P<b>{dates.DAY})\.\s?"
    rf"(?P<month>(?:{dates.NAMES})\b|(?:0?[1-9]|1[0-2])\.)(?:\s?(?P<year>{dates.YEAR})(?!\w|[.,]\d))?"
)
NAMED = (
    rf"\b(?P<a>{_DAY_NAME})\b\.?(?P<sign>{_DASH}|\s?/\s?"
    rf"|(?<=(?<![\s\S])\w\w)\s[-–]\s(?=(?:{_DAY_NAME})\b\.?[:,]?\s?\d)"
    rf"|(?<=(?<![\s\S])\w\w\.)\s[-–]\s(?=(?:{_DAY_NAME})\b\.?[:,]?\s?\d))"
    rf"(?P<b>{_DAY_NAME})\b\.?(?!-)"
)
WEEKDAY = rf"\b(?P<day>{_DAY_NAME})\.(?P<comma>,)?(?=\s?\d)"
# Between two dates or times of day a dash is said.
DATE_TO = rf"{dates.DAY_MONTH}{_SPACED}(?={dates.DAY}\.?\s?(?:{dates.NAMES})\b)"
_HOUR = r"\d{1,2}:[0-5]\d|\d{1,2}(?:[.:]\d\d)?\s?Uhr\b"
_DATE = r"\d{1,2}\.\s?\d{1,2}\."
TO = (
    rf"(?:(?<=\d:\d\d)|(?<=\bUhr)){_SPACED}(?={_HOUR})|(?<=\d\.\d\d){_SPACED}(?=\d{{1,2}}\.\d\d\s?Uhr\b)"
    r"|(?:(?<=\d\.\d\.)|(?<=\d\.\d\d\.)|(?<=\d\. \d\.)|(?<=\d\.\d\d\d\d))"
    rf"{_SPACED}(?={_DATE})|(?:(?<=\d)|(?<=\d\.)){_DASH}(?={_HOUR}|{_DATE})"
)
# After what bears a number, a dash apart begins another thing where that has a unit of its own.
_BEARERS = listing("Flug Zimmer Raum Gleis Tor Kanal Bus Zug Linie Wagen Platz Tisch Kapitel Halle")
_AFTER_BEARER = "|".join(rf"(?<=\b{one} )" for one in _BEARERS)
NUMBERED = (
    rf"(?<=[a-z] )(?=\d)(?:{_AFTER_BEARER})(?P<number>\d{{1,4}})(?=\s[-–]\s"
    r"\d+(?:[.:]\d\d)? (?:Uhr|Min|Minuten?|Stunden?|Tagen?|Wochen?|Leuten?|Personen|Betten)\b)"
)
SEASON = r"(?<![\w./])(?P<year>(?:1[89]|20)\d\d)/(?P<next>\d\d)(?![\w/]|,\d)"


def days(found: re.Match[str], scan: Scan) -> Given:
    """3.–5. Mai 2024, 3.-5.4."""
    ending = dates.ending(scan)
    out = tokens_at(found, "a", ordinal(found["a"], ending))
    out.append(Token("bis", found.end("a"), found.start("b")))
    out += tokens_at(found, "b", ordinal(found["b"], ending))
    name = found["month"]
    if name[0].isdigit():
        number = int(name.rstrip("."))
        words = [MONTHS[number - 1]] if found["year"] else ordinal(str(number), ending)
    else:
        words = [dates.month_name(name)]
    out += tokens_at(found, "month", words)
    return [*out, *tokens_at(found, "year", year(found["year"]))] if found["year"] else out


def named(found: re.Match[str], scan: Scan) -> Given:
    """Mo–Fr, Sa./So."""
    between = "und" if "/" in found["sign"] else "bis"
    out = tokens_at(found, "a", [SHORT_DAYS[found["a"]]]) + tokens_at(found, "sign", [between])
    out += tokens_at(found, "b", [SHORT_DAYS[found["b"]]])
    if found[0].endswith(".") and not scan.text[found.end() :].strip(" \"')]}*_"):
        out.append(Token(".", found.end() - 1, found.end(), "mark"))
    return out


def weekday(found: re.Match[str], scan: Scan) -> Given:
    """Mo., 5. Mai."""
    comma = [Token(",", *found.span("comma"), "mark")] if found["comma"] else []
    return [*tokens_at(found, "day", [SHORT_DAYS[found["day"]]]), *comma]


def date_to(found: re.Match[str], scan: Scan) -> Given:
    """3. Mai – 7. Juni: the first date; the second is read by itself."""
    return [*dates.day_month(found, scan), at_dash(found, "bis")]


def to(found: re.Match[str], scan: Scan) -> Given:
    """The dash of 14:30–16:00 Uhr."""
    return [at_dash(found, "bis")]


def numbered(found: re.Match[str], scan: Scan) -> Given:
    """The number of Flug 12 - 3 Uhr."""
    return cardinal(found["number"])


def season(found: re.Match[str], scan: Scan) -> Given:
    """2019/20."""
    first = tokens_at(found, "year", year(found["year"]))
    return [*first, *tokens_at(found, "next", cardinal(found["next"]))]
