"""German dates and times."""

from __future__ import annotations

import re

from tympan.text.german.numbers import cardinal, ordinal, year
from tympan.text.german.words import MONTH_SHORT, MONTHS, NEUTER, NEUTER_ENDINGS, WITH_E, WITH_EN
from tympan.text.tokens import Given, Scan, Token, tokens_at

YEAR = r"(?:1\d{3}|20\d\d)"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
NAMES = "|".join([*MONTHS, "Jänner", *(name.capitalize() for name in MONTH_SHORT)])
ISO = rf"\b(?P<year>{YEAR})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])(?![\w-])"
DOTTED = (
    rf"(?<![\w.,])(?P<day>{DAY})\.\s?(?P<month>0?[1-9]|1[0-2])\."
    rf"(?:\s?(?P<year>{YEAR}|\d\d\b))?(?!\w|[.,]\d)"
)
DAY_MONTH = (
    rf"\b(?P<day>{DAY})\.?\s?(?P<month>{NAMES})\b(?P<dot>\.)?"
    rf"(?:\s+(?P<year>{YEAR})(?!\w|[.,]\d))?"
)
TIME = (
    r"(?<![\w:.,])(?P<hour>[01]?\d|2[0-4])(?:(?P<separator>:)(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
    r"(?P<clock>\s?(?:Uhr|h)\b)?|\.(?P<dotted>[0-5]\d)(?P<after>\s?Uhr\b|(?=\s?[-–]\s?\d{1,2}\.[0-5]\d\s?Uhr\b)))(?![\w:])"
)
HOUR = r"(?<![\w:.,])(?P<hour>[01]?\d|2[0-4])(?=\s?Uhr\b)"


def ending(scan: Scan, following: str = "") -> str:
    """The ending of an ordinal between the word before it and the text after it."""
    before = scan.last_word()
    if before in ("und", "oder", "sowie") and (same := _ending_before(scan)):
        return same
    if before in WITH_EN:
        return "en"
    if before in WITH_E:
        return "e"
    noun = re.match(r"\s+(?:[a-zäöüß]+es )?([A-ZÄÖÜ][a-zäöüß]+)", following)
    neuter = noun and (noun[1] in NEUTER or noun[1].endswith(NEUTER_ENDINGS))
    return "es" if neuter else "er"


def _ending_before(scan: Scan) -> str:
    """The ending of the ordinal that an *und* joins: *im 19. und 20. Jahrhundert*."""
    words = scan.out[-2:-5:-1]
    if words and words[0].text in MONTHS:
        words = words[1:]
    numbered = words and re.match(r"\d{1,3}\b", scan.text[words[0].start : words[0].end])
    found = re.search("[ts](en|er|es|e)$", words[0].text) if numbered else None
    return found[1] if found else ""


def month_name(name: str) -> str:
    """The full name of a month."""
    return name if name in (*MONTHS, "Jänner") else MONTHS[MONTH_SHORT[name.lower()] - 1]


def iso(found: re.Match[str], scan: Scan) -> Given:
    """2024-03-15."""
    day = ordinal(str(int(found["day"])), ending(scan))
    return [*day, MONTHS[int(found["month"]) - 1], *year(found["year"])]


def dotted(found: re.Match[str], scan: Scan) -> Given:
    """15.03.2024, 3.5.; without a year the month is an ordinal as well."""
    day = tokens_at(found, "day", ordinal(found["day"], ending(scan)))
    if not found["year"]:
        return day + tokens_at(found, "month", ordinal(found["month"], ending(scan)))
    text = found["year"]
    if len(text) == 2:
        text = ("19" if int(text) >= 50 else "20") + text
    month = tokens_at(found, "month", [MONTHS[int(found["month"]) - 1]])
    return day + month + tokens_at(found, "year", year(text))


def day_month(found: re.Match[str], scan: Scan) -> Given:
    """15. März 2024."""
    name = found["month"]
    out = tokens_at(found, "day", ordinal(found["day"], ending(scan)))
    out += tokens_at(found, "month", [month_name(name)])
    if found["year"]:
        return out + tokens_at(found, "year", year(found["year"]))
    if found["dot"] and name in (*MONTHS, "Jänner"):
        out.append(Token(".", *found.span("dot"), "mark"))
    return out


def hour(found: re.Match[str], scan: Scan) -> Given:
    """1 Uhr."""
    return cardinal(str(int(found["hour"])), "ein")


def time(found: re.Match[str], scan: Scan) -> Given:
    """14:30 Uhr, 8.05 Uhr, 10:00."""
    minute = found["minute"] or found["dotted"]
    after = found.span("clock") if found["clock"] else found.span("after")
    span = after if after != (-1, -1) else found.span("separator")
    out = tokens_at(found, "hour", cardinal(str(int(found["hour"])), "ein"))
    out.append(Token("Uhr", *span))
    group = "minute" if found["minute"] else "dotted"
    spoken = [] if int(minute) == 0 else cardinal(str(int(minute)))
    last = tokens_at(found, group, spoken)
    if found["second"]:
        last += tokens_at(
            found, "second", ["und", *cardinal(str(int(found["second"]))), "Sekunden"]
        )
    if not last and after == (-1, -1):
        out[-1].end = found.end()
    # Places in the text grow: a clock word that stands at the end takes in the minutes.
    if after != (-1, -1):
        out[-1] = Token("Uhr", found.start(group), found.end())
    return out + last
