"""English numbers of things: money, units, percent, fractions, ranges, telephone numbers."""

from __future__ import annotations

import re

from tympan.text.english import numbers
from tympan.text.english.words import FRACTIONS, MONEY, SCALES, TIGHT, UNITS
from tympan.text.listing import listing
from tympan.text.tokens import Given, Scan, Token, tokens_at

_WHOLE = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
# Numbers apart by spaces: at least two groups, or zeros alone.
GROUPED = r"(?:\d{1,2}(?: \d{3}){2,}|\d{1,3}(?: 000)+)"
_NUMBER = rf"(?:{_WHOLE}(?:\.\d+)?|\.\d+)"
_MINUS = r"(?P<minus>(?<![\w.])[-−])?"
_SYMBOL = r"(?P<currency>(?:US|(?<!\w)[CA])\$|[$£€¥₹])"
_SCALE = r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|mn|tn|[kKmMbBtT])\b)?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_AFTER = r"(?!\w|\.[A-Za-z])"

PHONE = (
    r"(?<![\w.])(?:\+\d{1,3}[\s.-]?(?:\(?\d{1,4}\)?[\s.-]?){2,5}\d{2,}"
    r"|(?:1-)?\(?\d{3}\)?[\s.-]\d{3}[.-]\d{4}|\d-\d{3}-\d{3}-\d{4}|\d{3}-\d{4})(?![\w-])"
)
# Numbers of books, cards and accounts: three groups or more.
GROUPS = r"(?<![\w.])(?:\d+(?:-\d+){2,}|\d{4}(?: \d{4}){2,}(?: \d{1,4})?)(?![\w-])"
SCIENTIFIC = r"(?<![\w.])(?P<number>\d+(?:\.\d+)?)[eE](?P<sign>[+-]?)(?P<power>\d{1,3})(?!\w)"
TIMES = r"(?<![\w.])(?P<number>\d+(?:\.\d+)?)x(?!\w)"
VERSION = r"(?<![\w.])\d+(?:\.\d+){2,}(?!\w)"
_EUROPEAN = r"\d{1,3}(?:\.\d{3})*,\d\d(?!\d)"
_SUM = rf"(?P<number>{_EUROPEAN}|{GROUPED}(?! ?\d)|{_NUMBER})(?:\s?[-–]\s?[$£€]?(?P<to>{_NUMBER}))?"
MONEY_BEFORE = rf"{_MINUS}{_SYMBOL}\s?{_SUM}{_SCALE}"
MONEY_AFTER = rf"{_SUM}{_SCALE}\s?(?P<currency>[£€¥₹]|(?:USD|EUR|GBP|CHF|JPY)\b)"
PERCENT = rf"{_MINUS}(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<to>{_NUMBER}))?\s?(?P<sign>%|‰)"
DEGREES = (
    rf"{_MINUS}(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<to>{_NUMBER}))?\s?°\s?(?P<scale>[CFK]\b)?"
)
UNIT = (
    rf"{_MINUS}(?<![\w.])(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<to>{_NUMBER}))?(?P<space>[ -]?)"
    rf"(?P<unit>{_UNIT})(?P<power>[²³]|\^?[23])?(?:/(?P<per>{_UNIT})(?P<per_power>[²³])?)?{_AFTER}(?:\.(?=\s+[a-z]))?"
)
FRACTION = (
    r"(?<![\w./])(?:(?P<whole>\d+)[ -])?(?P<top>\d+)/(?P<bottom>\d+)(?![\w/]|\.\d)"
    r"|(?P<number>\d+)\s?(?P<small>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞])"
)
ORDINAL = rf"\b(?P<number>{_WHOLE})(?:st|nd|rd|th|ST|ND|RD|TH)\b"
RANGE = rf"(?<![\w.,-])(?P<a>{_WHOLE})\s?[-–]\s?(?P<b>{_WHOLE})(?![\w-]|[.,:]\d)"
RATIO = r"(?<![\w:])(?P<a>\d{1,3}):(?P<b>\d{1,3}(?:,\d{3})+|\d{1,7})(?![\w:])"
DECIMAL = rf"{_MINUS}(?<![\w])(?P<number>{_WHOLE}?\.\d+)(?P<scale>k\b)?(?!\w)"
SIGNED = rf"(?<![\w.])(?P<sign>[-−+±])(?P<number>{_WHOLE})(?!\w)"
THOUSANDS = rf"\b(?P<number>{_WHOLE})(?P<scale>k)\b"
WHOLE = rf"(?P<number>{_WHOLE})(?P<scale>[k]\b)?"

_GROUPS = re.compile(r"\d+")
_RATED = re.compile(r"\b(?:rat(?:ed|ing)|scored?)(?: (?:it|this|a|an|of|at|was|is|him|her))*:? $")

_OPERATORS = frozenset(("minus", "plus", "times", "equals"))
# What three figures after these name is not counted: *room one oh one*.
_NUMBERED = frozenset(listing("room route highway flight interstate boeing channel bus gate"))


def amount(text: str) -> list[str]:
    """A number with or without a decimal point."""
    return numbers.decimal(text) if "." in text else numbers.cardinal(text)


def _one(text: str) -> bool:
    return text.replace(",", "") in ("1", "1.0")


def _minus(found: re.Match[str]) -> list[str]:
    return ["minus"] if found["minus"] else []


def phone(found: re.Match[str], scan: Scan) -> Given:
    """Digit by digit, with a pause between groups."""
    out: list[Token] = []
    base = found.start()
    for group in _GROUPS.finditer(found[0]):
        start, end = base + group.start(), base + group.end()
        if out:
            out.append(Token(",", start, start, "mark"))
        elif found[0].startswith("+"):
            out.append(Token("plus", base, base + 1))
        out += [Token(word, start, end) for word in numbers.digits(group[0])]
    return out


def scientific(found: re.Match[str], scan: Scan) -> Given:
    """6.02e23."""
    minus = ["minus"] if found["sign"] == "-" else []
    power = ["times", "ten", "to", "the", "power", "of", *minus, *numbers.cardinal(found["power"])]
    return [*amount(found["number"]), *power]


def times(found: re.Match[str], scan: Scan) -> Given:
    """1.5x."""
    return [*amount(found["number"]), "times"]


def version(found: re.Match[str], scan: Scan) -> Given:
    """1.2.3 and 192.168.0.1: dots are read."""
    words: list[str] = []
    long = found[0].count(".") == 3
    for part in found[0].split("."):
        read = numbers.digits(part) if long and len(part) == 3 else numbers.cardinal(part)
        words += (["dot" if long else "point"] if words else []) + read
    return words


def money_before(found: re.Match[str], scan: Scan) -> Given:
    """$5, £3.50, $2 million."""
    return _minus(found) + _money(found)


def money_after(found: re.Match[str], scan: Scan) -> Given:
    """5 €, 20 USD."""
    return _money(found)


def _money(found: re.Match[str]) -> list[str]:
    one, many, cent, cents = MONEY[found["currency"]]
    number, scale = found["number"].replace(" ", ""), found["scale"]
    if number[-3:-2] == ",":  # 1.234,50
        number = number.replace(".", "").replace(",", ".")
    if scale or found["to"]:
        to = ["to", *amount(found["to"])] if found["to"] else []
        return [*amount(number), *to, *([SCALES[scale]] if scale else []), *many.split()]
    whole, _, part = number.partition(".")
    if not part or not cent or len(part) != 2:
        name = one if _one(number) else many
        if part and not part.strip("0"):
            number = whole or "0"
        return [*amount(number), *name.split()]
    main = [*numbers.cardinal(whole or "0"), *(one if _one(whole) else many).split()]
    small = [*numbers.cardinal(str(int(part))), cent if int(part) == 1 else cents]
    if int(part) == 0:
        return main
    return small if not whole or int(whole.replace(",", "")) == 0 else [*main, *small]


def percent(found: re.Match[str], scan: Scan) -> Given:
    """5 %, 10-20%."""
    name = ["percent"] if found["sign"] == "%" else ["per", "mille"]
    return [*_minus(found), *_numbers(found), *name]


def _numbers(found: re.Match[str]) -> list[str]:
    to = ["to", *amount(found["to"])] if found["to"] else []
    return [*amount(found["number"]), *to]


def degrees(found: re.Match[str], scan: Scan) -> Given:
    """20 °C, -5°F, 90°."""
    names = {"C": ["Celsius"], "F": ["Fahrenheit"], "K": ["Kelvin"], None: []}
    name = "degree" if _one(found["number"]) and not found["to"] else "degrees"
    return [*_minus(found), *_numbers(found), name, *names[found["scale"]]]


def unit(found: re.Match[str], scan: Scan) -> Given:
    """5 km, 3.5 GHz, 100 km/h, 20 m²."""
    name = found["unit"]
    inches = name == "in" and scan.last_word() in ("foot", "feet")
    if name in TIGHT and not inches and not found["per"] and not found["power"]:
        stop = name == "in" and found[0].endswith(".")  # *10 in. wide*
        if name in ("in", "A", "t", "K", "B") and (found["space"] or name != "in") and not stop:
            if name != "A" or not found["space"]:
                return _not_unit(found)
            if found["space"] != " ":
                return _not_unit(found)
        if name == "s" and not found["space"] and "." not in found["number"]:
            words = numbers.plural(numbers.cardinal(found["number"]))
            return words[1:] if re.fullmatch("10{2,}", found["number"]) else words
    one, many = UNITS[name]
    single = (_one(found["number"]) and not found["to"]) or found["space"] == "-"
    words = [*_minus(found), *_numbers(found)]
    powers = {"²": ["square"], "2": ["square"], "^2": ["square"], "³": ["cubic"], "3": ["cubic"]}
    power = powers.get((found["power"] or "").lstrip("^"), [])
    words += [*power, *(one if single else many).split()]
    if found["per"]:
        words += ["per", *UNITS[found["per"]][0].split()]
        if found["per_power"]:
            words.append("squared" if found["per_power"] == "²" else "cubed")
    return words


def _not_unit(found: re.Match[str]) -> Given:
    """A number and a word that only looks like a unit."""
    number, name = found.span("number"), found.span("unit")
    out = [Token(word, *number) for word in [*_minus(found), *_numbers(found)]]
    if found["to"]:
        out = [Token(token.text, number[0], found.end("to")) for token in out]
    scales = {"t": "tons"}
    text = found["unit"]
    if not found["space"] and text in scales:
        return [*out, Token(scales[text], *name)]
    return [*out, Token(text, *name, "word" if text in ("in", "A") else "spell")]


def fraction(found: re.Match[str], scan: Scan) -> Given:
    """1/2, 2 3/4, 3½; what is no fraction in use is read with *over*."""
    if found["small"]:
        return [*numbers.cardinal(found["number"]), "and", *_small(found["small"])]
    top, bottom = found["top"], found["bottom"]
    whole = [*numbers.cardinal(found["whole"]), "and"] if found["whole"] else []
    if not whole and bottom in ("5", "10", "20", "100") and _rated(found, scan):
        return [*numbers.cardinal(top), "out", "of", *numbers.cardinal(bottom)]
    if (top, bottom) in (("24", "7"), ("9", "11")) or top == bottom:
        return [*whole, *numbers.cardinal(top), *numbers.cardinal(bottom)]
    if 0 < int(top[:6]) < int(bottom[:6]) <= 100 and int(bottom) > 1:
        words = numbers.fraction(top, bottom)
        return [*whole, "a" if whole and top == "1" else words[0], *words[1:]]
    return [*whole, *numbers.cardinal(top), "over", *numbers.cardinal(bottom)]


def _rated(found: re.Match[str], scan: Scan) -> bool:
    """Whether a fraction is a rating: the best one, or after *scored*, *rated*."""
    if found["top"] == found["bottom"]:
        return found["top"] != "20"  # *20/20 vision*
    told = _RATED.search(scan.text, max(0, found.start() - 40), found.start())
    return bool(told) and int(found["top"][:6]) < int(found["bottom"])


def _small(sign: str) -> list[str]:
    top, _, bottom = FRACTIONS[sign].partition("/")
    words = numbers.fraction(top, bottom)
    return ["a", *words[1:]] if top == "1" else words


def small_fraction(found: re.Match[str], scan: Scan) -> Given:
    """½ by itself."""
    top, _, bottom = FRACTIONS[found[0]].partition("/")
    return numbers.fraction(top, bottom)


def ordinal(found: re.Match[str], scan: Scan) -> Given:
    """21st."""
    return numbers.ordinal(found["number"])


def range_(found: re.Match[str], scan: Scan) -> Given:
    """10–20, 1990-1995."""
    a, b = found["a"], found["b"]
    spaced = scan.text[found.end("a")].isspace()
    if re.match(r"\s*=", scan.text[found.end() :]) or (spaced and scan.last_word() in _OPERATORS):
        middle = Token("minus", found.end("a"), found.start("b"))
        first = tokens_at(found, "a", numbers.cardinal(a))
        return [*first, middle, *tokens_at(found, "b", numbers.cardinal(b))]
    years = len(a) == 4 and len(b) in (2, 4)
    first = tokens_at(found, "a", whole_words(a))
    second = whole_words(b) if len(b) == 4 or not years else numbers.cardinal(b.lstrip("0") or "0")
    last = tokens_at(found, "b", second)
    if a == b:  # fifty-fifty
        return [*first, *last]
    return [*first, Token("to", found.end("a"), found.start("b")), *last]


def ratio(found: re.Match[str], scan: Scan) -> Given:
    """3:1."""
    return [*numbers.cardinal(found["a"]), "to", *numbers.cardinal(found["b"])]


def decimal(found: re.Match[str], scan: Scan) -> Given:
    """3.14, -0.5, 2.5k."""
    scale = [SCALES[found["scale"].strip()]] if found["scale"] else []
    return [*_minus(found), *numbers.decimal(found["number"]), *scale]


def signed(found: re.Match[str], scan: Scan) -> Given:
    """-5, +3."""
    names = {"-": ["minus"], "−": ["minus"], "+": ["plus"], "±": ["plus", "or", "minus"]}
    return [*names[found["sign"]], *numbers.cardinal(found["number"])]


def whole_words(text: str) -> list[str]:
    """A whole number without signs around it; four digits may be a year."""
    if len(text) == 4 and "1100" <= text < "2100":
        return numbers.year(text)
    return numbers.cardinal(text)


def whole(found: re.Match[str], scan: Scan) -> Given:
    """42, 1,000, 1984, 10k."""
    number, scale = found["number"], found["scale"]
    if scale:
        return [*numbers.cardinal(number), SCALES[scale]]
    before = scan.last_word()
    if before in _OPERATORS or before == "number":
        return numbers.cardinal(number)
    if len(number) == 3 and before in _NUMBERED:
        return numbers.in_name(number)
    if len(number) == 3 and before in ("call", "dial", "ring", "phone"):
        return numbers.digits(number)
    return whole_words(number)
