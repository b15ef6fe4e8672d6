"""English text to words: numbers, dates, times, money, units, addresses, abbreviations.

Rules are tried in order at each place; the first that matches gives the words.
"""

from __future__ import annotations

import re

from tympan.text.english import amounts, dates, measures, names, romans, spans
from tympan.text.marks import COMPARED, LINK, MARK, RULER, link, mark
from tympan.text.roman import ROMAN, YEAR
from tympan.text.tokens import Rules, Scan, Token

_QUICK = r"[a-z]+(?=[ ,;!?])"


def _quick(found: re.Match[str], scan: Scan) -> list[str | Token]:
    return names.plain(found[0], found.start(), scan)


RULES = Rules(
    [
        (measures.ALONE, measures.alone),
        (_QUICK, _quick),
        (LINK, link),
        (names.EMAIL, names.address),
        (names.URL, names.address),
        (names.FILE, names.address),
        (r"#[A-Za-z]\w*", names.hashtag),
        (r"(?<!\w)@[A-Za-z]\w*", names.mention),
        (RULER, mark),
        (measures.SHORT, measures.short),
        (dates.ISO, dates.iso),
        (spans.YEAR_FIRST, spans.year_first),
        (spans.AFTER_ON, spans.after_on),
        (dates.SLASHED, dates.slashed),
        (spans.NAMED, spans.named),
        (spans.MONTH_DAYS, spans.month_days),
        (spans.DAYS_MONTH, spans.days_month),
        (spans.DATE_TO, spans.date_to),
        (dates.MONTH_DAY, dates.month_day),
        (spans.DAY_TO, spans.day_to),
        (dates.DAY_MONTH, dates.day_month),
        (dates.MONTH_YEAR, dates.month_year),
        (dates.MONTH_SLASH_YEAR, dates.month_slash_year),
        (spans.NUMBERED, spans.numbered),
        (spans.VERSE, spans.verse),
        (spans.TO, spans.to),
        (spans.LAP, spans.lap),
        (dates.TIME, dates.time),
        (dates.HOUR, dates.hour),
        (measures.ZIP, measures.zip_code),
        (amounts.PHONE, amounts.phone),
        (measures.NATIONAL, amounts.phone),
        (measures.SPACED, measures.spaced),
        (measures.ARC, measures.arc),
        (measures.FEET, measures.feet),
        (measures.INCHES, measures.inches),
        (measures.BY, measures.by),
        (measures.PER, measures.per),
        (measures.MONEY_PER, measures.money_per),
        (measures.SEASON, measures.season),
        (measures.COMPARED, measures.compared),
        (measures.IBAN, measures.iban),
        (amounts.GROUPS, amounts.phone),
        (amounts.SCIENTIFIC, amounts.scientific),
        (amounts.TIMES, amounts.times),
        (amounts.VERSION, amounts.version),
        (amounts.MONEY_BEFORE, amounts.money_before),
        (amounts.MONEY_AFTER, amounts.money_after),
        (amounts.PERCENT, amounts.percent),
        (amounts.DEGREES, amounts.degrees),
        (dates.DECADE, dates.decade),
        (spans.CLASS_OF, spans.class_of),
        (amounts.UNIT, amounts.unit),
        (amounts.FRACTION, amounts.fraction),
        (amounts.ORDINAL, amounts.ordinal),
        (amounts.RANGE, amounts.range_),
        (amounts.RATIO, amounts.ratio),
        (amounts.DECIMAL, amounts.decimal),
        (amounts.SIGNED, amounts.signed),
        (names.DOTTED, names.dotted),
        (names.INITIALS, names.initials),
        (names.ABBREVIATION, names.abbreviation),
        (ROMAN, romans.roman),
        (romans.ORDINAL, romans.ordinal),
        (romans.POSSESSIVE, romans.possessive),
        (YEAR, romans.year),
        (names.NUMBER_SIGN, names.number_sign),
        (amounts.THOUSANDS, amounts.whole),
        (names.MIXED, names.mixed),
        (amounts.WHOLE, amounts.whole),
        (names.WORD, names.word),
        (
            COMPARED + r"|(?<=\d)\s*[*](?=\s*\d)|(?<=[\w)])\^(?=[\w(-])|(?<=\b[A-G])#|~(?=\d)",
            names.compared,
        ),
        (MARK, mark),
        (r"[&+=%@×÷±≈≤≥≠∞√§©°‰−¢£€$¥₹²³µ]", names.sign),
        (r"[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞]", amounts.small_fraction),
    ]
)


def normalise(text: str) -> Scan:
    """The words and marks of a cleaned sentence.

    >>> [token.text for token in normalise("Dr. Lee paid $3.50 on May 5, 2021.").out]
    ['doctor', 'Lee', 'paid', 'three', 'dollars', 'fifty', 'cents', 'on', 'May', 'fifth', ',', \
'twenty', 'twenty', 'one', '.']
    """
    letters = [char for char in text if char.isalpha()]
    upper = len(letters) > 6 and all(char.isupper() for char in letters) and " " in text.strip()
    scan = Scan(text, upper)
    for _ in RULES.run(scan, 0, len(text)):
        pass
    return scan
