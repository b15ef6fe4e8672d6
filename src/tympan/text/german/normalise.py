"""German text to words: numbers, dates, times, money, units, addresses, abbreviations."""

from __future__ import annotations

import re

from tympan.text.german import amounts, dates, measures, names, spans
from tympan.text.marks import COMPARED, LINK, MARK, RULER, link, mark
from tympan.text.tokens import Rules, Scan, Token

RULES = Rules(
    [
        (measures.ALONE, measures.alone),
        (r"[a-zäöüß]+(?=[ ,;!?])", names.plain),
        (LINK, link),
        (names.EMAIL, names.address),
        (names.URL, names.address),
        (r"[#@][A-Za-zÄÖÜäöü]\w*", names.tagged),
        (dates.ISO, dates.iso),
        (measures.IBAN, measures.iban),
        (measures.GROUPS, measures.grouped),
        (measures.CODE, measures.grouped),
        (spans.NAMED, spans.named),
        (spans.WEEKDAY, spans.weekday),
        (spans.DAYS, spans.days),
        (spans.NUMBERED, spans.numbered),
        (spans.TO, spans.to),
        (dates.DOTTED, dates.dotted),
        (spans.DATE_TO, spans.date_to),
        (dates.DAY_MONTH, dates.day_month),
        (dates.TIME, dates.time),
        (dates.HOUR, dates.hour),
        (amounts.PHONE, amounts.phone),
        (amounts.VERSION, amounts.version),
        (measures.BY, measures.by),
        (measures.TIMES, measures.times),
        (measures.PER, measures.per),
        (measures.MONEY_PER, measures.money_per),
        (measures.POWER, measures.power),
        (measures.SECTIONS, measures.sections),
        (spans.SEASON, spans.season),
        (amounts.MONEY_BEFORE, amounts.money),
        (amounts.MONEY_AFTER, amounts.money),
        (measures.SPACED, measures.spaced),
        (amounts.PERCENT, amounts.percent),
        (amounts.DEGREES, amounts.degrees),
        (amounts.UNIT, amounts.unit),
        (amounts.FRACTION, amounts.fraction),
        (amounts.RANGE, amounts.range_),
        (amounts.RATIO, amounts.ratio),
        (amounts.DECIMAL, amounts.decimal),
        (amounts.SIGNED, amounts.signed),
        (amounts.DECADE, amounts.decade),
        (amounts.ORDINAL, amounts.ordinal),
        (amounts.DAY, amounts.day),
        (names.DOTTED, names.dotted),
        (names.STREET, names.street),
        (names.ABBREVIATION, names.abbreviation),
        (names.ROMAN, names.roman),
        (names.BARE, names.bare),
        (r"#(?=\d)", lambda found, scan: ["Nummer"]),
        (names.MIXED, names.mixed),
        (amounts.WHOLE, amounts.whole),
        (names.WORD, names.word),
        (COMPARED + r"|(?<=\d)\s*[*](?=\s*\d)|~(?=\d)", names.compared),
        (RULER, mark),
        (MARK, mark),
        (r"[&+=%@×÷±≈≤≥≠∞√§©°‰−¢£€$¥₹²³µ]", names.sign),
        (r"[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞]", amounts.small_fraction),
    ]
)


def normalise(text: str) -> Scan:
    """The words and marks of a cleaned sentence.

    >>> [token.text for token in normalise("Am 3. Mai kostet es 2,50 €.").out]
    ['Am', 'dritten', 'Mai', 'kostet', 'es', 'zwei', 'Euro', 'fünfzig', '.']
    """
    letters = re.sub(r"[\W\d_]", "", text)
    upper = len(letters) > 6 and letters.isupper() and " " in text.strip()
    scan = Scan(text, upper)
    for _ in RULES.run(scan, 0, len(text)):
        pass
    scan.out = [one for token in scan.out for one in _letters(token)]
    return scan


def _letters(token: Token) -> list[Token]:
    """Each letter of an acronym is a word."""
    if token.kind != "spell":
        return [token]
    return [Token(char, token.start, token.end, "spell") for char in token.text if char.isalpha()]
