"""German numbers of things: money, units, percent, fractions, ranges, telephone numbers."""

from __future__ import annotations

import re

from tympan.text.german import numbers
from tympan.text.german.dates import DAY as DAY_NUMBER
from tympan.text.german.dates import NAMES, ending
from tympan.text.german.words import FRACTIONS, MONEY, SCALES, UNITS
from tympan.text.tokens import Given, Scan, Token, tokens_at

_WHOLE = r"(?:\d{1,3}(?:\.\d{3})+(?!\d)|\d+)"
_NUMBER = rf"(?:{_WHOLE}(?:,\d+)?)"
# Numbers apart by spaces: at least two groups, or zeros alone.
GROUPED = r"(?:\d{1,2}(?: \d{3}){2,}|\d{1,3}(?: 000)+)"
_MINUS = r"(?P<minus>(?<![\w.])[-−])?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_SCALE = r"(?:\s?(?P<scale>Mio|Mrd|Tsd|Millionen|Milliarden|Million|Milliarde)\b\.?)?"

PHONE = (
    r"(?<![\w.,])(?:\+\d{1,3}[\s./-]?(?:\(?\d{1,5}\)?[\s./-]?){1,5}\d{2,}"
    r"|\(?0\d{2,4}\)?[\s/-]\d{2,}(?:[\s-]\d{2,})*)(?![\w-])"
)
VERSION = r"(?<![\w.])\d+(?:\.\d+){2,}(?!\w|,\d)"
MONEY_BEFORE = (
    rf"{_MINUS}(?P<currency>[€$£¥₹]|\b(?:EUR|USD|GBP|CHF)(?= ))\s?"
    rf"(?P<number>{GROUPED}(?! ?\d)|{_NUMBER}){_SCALE}"
)
MONEY_AFTER = (
    rf"{_MINUS}(?P<number>(?<![\w.,])(?<!\d ){GROUPED}|{_NUMBER})(?:,[-–]+)?{_SCALE}"
    r"\s?(?P<currency>[€$£¥₹¢]|(?:EUR|USD|GBP|CHF)\b)"
)
PERCENT = rf"{_MINUS}(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<to>{_NUMBER}))?\s?(?P<sign>[%‰])"
DEGREES = (
    rf"{_MINUS}(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<to>{_NUMBER}))?\s?°\s?(?P<scale>[CFK]\b)?"
)
UNIT = (
    rf"{_MINUS}(?<![\w.,])(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<to>{_NUMBER}))?[ -]?"
    rf"(?P<unit>{_UNIT})(?P<power>[²³])?(?:/(?P<per>{_UNIT})(?P<per_power>[²³])?)?(?!\w)"
    r"(?:(?<=Min|Std|Sek)\.(?=\s+[a-zäöü]))?"
)
FRACTION = (
    r"(?<![\w./])(?:(?P<whole>\d+) )?(?P<top>\d+)/(?P<bottom>\d+)(?![\w/]|,\d)"
    r"|(?P<number>\d+)\s?(?P<small>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞])"
)
RANGE = rf"(?<![\w.,-])(?P<a>{_WHOLE})\s?[-–]\s?(?P<b>{_WHOLE})(?![\w-]|[.,:]\d|\.\s(?:{NAMES})\b)"
RATIO = r"(?<![\w:])(?P<a>\d{1,3}):(?P<b>\d{1,3}(?:\.\d{3})+|\d{1,7})(?![\w:])"
DECIMAL = rf"{_MINUS}(?<!\w)(?P<number>{_WHOLE}?,\d+)(?!\w)"
SIGNED = rf"(?<![\w.])(?P<sign>[-−+±])(?P<number>{_WHOLE})(?!\w)"
DECADE = r"\b(?P<number>\d{2}|\d{4})er\b"
ORDINAL = r"(?<![\w.,])(?P<number>\d{1,3})\.(?=\s+[A-Za-zÄÖÜäöü]|,\s\d{1,3}\.\s|/\d{1,3}\.\s)"
# Where only a day can stand: *am 3.*
DAY = (
    rf"(?:(?<=\b[Aa]m )|(?<=\b[Vv]om )|(?<=\b[Zz]um ))(?P<number>{DAY_NUMBER})(?P<dot>\.)"
    r"(?=\W*$|\s[-–—]\s)"
)
WHOLE = rf"(?P<number>{_WHOLE})"


def amount(text: str, one: str = "eins") -> list[str]:
    """A number with or without a decimal comma."""
    return numbers.decimal(text) if "," in text else numbers.cardinal(text, one)


def _minus(found: re.Match[str]) -> list[str]:
    return ["minus"] if found["minus"] else []


def phone(found: re.Match[str], scan: Scan) -> Given:
    """Digit by digit, with a pause between groups."""
    out: list[Token] = []
    for group in re.finditer(r"\d+", found[0]):
        start, end = found.start() + group.start(), found.start() + group.end()
        if out:
            out.append(Token(",", start, start, "mark"))
        elif found[0].startswith("+"):
            out.append(Token("plus", found.start(), found.start() + 1))
        out += [Token(word, start, end) for word in numbers.digits(group[0])]
    return out


def version(found: re.Match[str], scan: Scan) -> Given:
    """1.2.3; or groups of thousands."""
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", found[0]):
        return numbers.cardinal(found[0])
    words: list[str] = []
    for part in found[0].split("."):
        words += (["Punkt"] if words else []) + numbers.cardinal(part)
    return words


def money(found: re.Match[str], scan: Scan) -> Given:
    """5 €, 3,50 €, 2 Mio. €, $ 20."""
    name, small = MONEY[found["currency"]]
    minus = _minus(found)
    number = found["number"].replace(" ", "")
    if found["scale"]:
        return [*minus, *amount(number, "eine"), SCALES[found["scale"]], name]
    whole, _, part = number.partition(",")
    if not part or not small or len(part) != 2:
        return [*minus, *amount(number, "ein"), name]
    if int(whole.replace(".", "")) == 0 and int(part):
        return [*minus, *numbers.cardinal(str(int(part)), "ein"), small]
    rest = numbers.cardinal(str(int(part))) if int(part) else []
    return [*minus, *numbers.cardinal(whole, "ein"), name, *rest]


def _numbers(found: re.Match[str], one: str = "eins") -> list[str]:
    if found["to"]:
        return [*amount(found["number"]), "bis", *amount(found["to"], one)]
    return amount(found["number"], one)


def percent(found: re.Match[str], scan: Scan) -> Given:
    """5 %."""
    return [
        *_minus(found),
        *_numbers(found, "ein"),
        "Prozent" if found["sign"] == "%" else "Promille",
    ]


def degrees(found: re.Match[str], scan: Scan) -> Given:
    """20 °C."""
    names = {"C": ["Celsius"], "F": ["Fahrenheit"], "K": ["Kelvin"], None: []}
    return [*_minus(found), *_numbers(found, "ein"), "Grad", *names[found["scale"]]]


def unit(found: re.Match[str], scan: Scan) -> Given:
    """5 km, 100 km/h, 20 m²."""
    one, many, article = UNITS[found["unit"]]
    name = one if found["number"] == "1" and not found["to"] else many
    power = {"²": "Quadrat", "³": "Kubik", None: ""}[found["power"]]
    words = [*_minus(found), *_numbers(found, article), power + (name.lower() if power else name)]
    if found["per"]:
        words += ["pro", UNITS[found["per"]][0]]
        if found["per_power"]:
            words += ["hoch", "zwei" if found["per_power"] == "²" else "drei"]
    return words


def fraction(found: re.Match[str], scan: Scan) -> Given:
    """1/2, 2 3/4, 3½."""
    if found["small"]:
        top, _, bottom = FRACTIONS[found["small"]].partition("/")
        return [*numbers.cardinal(found["number"]), *numbers.fraction(top, bottom)]
    top, bottom = found["top"], found["bottom"]
    whole = numbers.cardinal(found["whole"]) if found["whole"] else []
    if (top, bottom) == ("24", "7"):
        return [*numbers.cardinal(top), *numbers.cardinal(bottom)]
    if 0 < int(top[:6]) < int(bottom[:6]) <= 100 and int(bottom) > 1:
        return [*whole, *numbers.fraction(top, bottom)]
    return [*whole, *numbers.cardinal(top), "durch", *numbers.cardinal(bottom)]


def small_fraction(found: re.Match[str], scan: Scan) -> Given:
    """½ by itself."""
    top, _, bottom = FRACTIONS[found[0]].partition("/")
    return numbers.fraction(top, bottom)


def whole_words(text: str) -> list[str]:
    """A whole number; four digits may be a year."""
    if len(text) == 4 and "1100" <= text < "2100":
        return numbers.year(text)
    return numbers.cardinal(text)


def range_(found: re.Match[str], scan: Scan) -> Given:
    """10–20."""
    first = tokens_at(found, "a", whole_words(found["a"]))
    minus = re.match(r"\s*=", scan.text[found.end() :])
    middle = Token("minus" if minus else "bis", found.end("a"), found.start("b"))
    return [*first, middle, *tokens_at(found, "b", whole_words(found["b"]))]


def ratio(found: re.Match[str], scan: Scan) -> Given:
    """3:1."""
    return [*numbers.cardinal(found["a"]), "zu", *numbers.cardinal(found["b"])]


def decimal(found: re.Match[str], scan: Scan) -> Given:
    """3,14."""
    return [*_minus(found), *numbers.decimal(found["number"])]


def signed(found: re.Match[str], scan: Scan) -> Given:
    """-5."""
    names = {"-": ["minus"], "−": ["minus"], "+": ["plus"], "±": ["plus", "minus"]}
    return [*names[found["sign"]], *numbers.cardinal(found["number"])]


def decade(found: re.Match[str], scan: Scan) -> Given:
    """90er, 1990er."""
    words = whole_words(found["number"])
    return [*words[:-1], words[-1] + "er"]


def ordinal(found: re.Match[str], scan: Scan) -> Given:
    """der 3. Versuch."""
    return numbers.ordinal(found["number"], ending(scan, scan.text[found.end() : found.end() + 80]))


def day(found: re.Match[str], scan: Scan) -> Given:
    """am 3. – with its full stop where the sentence ends."""
    out = tokens_at(found, "number", numbers.ordinal(found["number"], "en"))
    ends = not scan.text[found.end() :].strip(" \"')]}*_")
    return [*out, Token(".", *found.span("dot"), "mark")] if ends else out


def whole(found: re.Match[str], scan: Scan) -> Given:
    """42, 1.000, 1984."""
    return whole_words(found["number"])
