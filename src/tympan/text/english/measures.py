"""English measures: feet and inches, sizes, prices per thing, spaced numbers, comparisons."""

from __future__ import annotations

import re

from tympan.text.english import numbers
from tympan.text.english.amounts import GROUPED, MONEY_BEFORE, amount, money_before, whole_words
from tympan.text.english.words import UNITS
from tympan.text.listing import listing
from tympan.text.tokens import Given, Scan, Token, tokens_at

_NUMBER = r"\d+(?:\.\d+)?"
# What is paid for; no single capitals, which name doors and gates.
_PAID = "|".join(
    listing(
        "day week month year hour night person head minute second mile gallon pound unit user "
        "piece item family adult child visit ticket trip bottle pack word page team group "
        "couple car room kilo liter litre tonne case share barrel seat ton mo wk hr h min s kg "
        "g lb lbs oz t l ml gal km mi m cm ft ha kWh MWh GB MB TB"
    )
)
_TIMES_OF = "day|week|month|year|hour|night|minute|second"

FEET = rf"(?<![\w.])(?P<feet>\d{{1,2}})\s?'\s?(?P<inches>{_NUMBER})\s?(?:\"|'')(?!\w)"
# A quotation mark as well, which may end what began in another sentence: only before what is
# measured, and not before what goes on after a quotation.
_AFTER_QUOTE = "|".join(
    listing(
        "he she they it we you i his her its their our my your the a an this that these those who "
        "which what and or but nor so as to in on at for with from if because when while after "
        "before until than then is was are were be been has have had do does did will would can "
        "could may might must should says said say saying cries cried told tells asks wrote writes "
        "thought thinks knew went came read reads ran runs sang sings not never only also just"
    )
)
INCHES = (
    rf"(?<![\w.])(?P<number>{_NUMBER}(?:/\d+)?)(?P<sign>\"|'')"
    rf"(?=\s(?:and|or|to)\s{_NUMBER}(?:\"|'')|\s(?!(?:{_AFTER_QUOTE}|\w{{3,}}ed)\b)[a-z]|\s?[x×]\s?\d)"
    rf"|(?<![\w.])(?P<foot>{_NUMBER})'(?=\s(?:tall|long|wide|high|deep|by|x)\b|\s?[x×]\s?\d)"
)
ARC = rf"(?:(?<=°)|(?<=° ))(?P<minutes>{_NUMBER})'(?:\s?(?P<seconds>{_NUMBER})(?:\"|''))?"
BY = rf"(?<![\w.])(?!0x)(?P<number>{_NUMBER})\s?x\s?(?=\d)"
_SIZES = listing("mm cm m km in in. ft ft. yd px inch inches foot feet meter meters")
_SIZED = "|".join(rf"(?<=\d{space}{re.escape(name)} x)" for name in _SIZES for space in ("", " "))
ALONE = rf"x(?= \d)(?:(?<=\d[\"'²³] x)|(?<=\d'' x)|{_SIZED})"
# Part of a sum rather than a size.
_SUM_BEFORE = re.compile(r"=[\d.\sx×*+-]*$")
_PACKED = re.compile(rf"{_NUMBER}\s?(?:g|kg|mg|ml|mL|cl|l|L|oz|lbs?)\b")  # 2 x 100 g
_SUM_AFTER = re.compile(r"[\d.\sx×*+-]*\d\s?=")
PER = (
    rf"(?:(?<=[€£¥$¢])|(?<=USD)|(?<=EUR)|(?<=GBP)|(?<=CHF))/(?P<per>{_PAID})(?!\w)"
    rf"|(?:(?<=[a-z]s)|(?<=[\d%])|(?<=\dx))/(?P<time>{_TIMES_OF}|person|head)(?!\w)"
)
MONEY_PER = rf"{MONEY_BEFORE}/(?P<per>{_PAID})(?!\w)"
SPACED = (
    rf"(?<![\w.,])(?<!\d )(?:(?P<spaced>(?:{GROUPED}|\d{{1,3}}(?:'\d{{3}})+)(?:\.\d+)?)"
    r"|(?P<dotted>\d{1,3}(?:\.\d{3})*\.000(?:\.\d{3})+|\d{1,3}(?:\.\d{3}){1,},\d+))"
    r"(?![\w']|[.,]\d| \d)"
)
IBAN = r"\b(?P<land>[A-Z]{2})(?P<check>\d\d)(?P<rest>(?: ?\d{4}){3,7}(?: ?\d{1,3})?)(?!\w)"
COMPARED = r"(?P<sign>>=|<=|!=|==)"
ZIP = (
    r"(?<=, )(?P<state>[A-Z]{2}) (?P<zip>\d{5})(?:-(?P<four>\d{4}))?(?![\w-])"
    r"|\b(?P<alone>\d{5})-(?P<rest>\d{4})(?![\w-])"
)
NATIONAL = (
    r"(?<![\w.,])(?!0\d/(?:19|20)\d\d(?!\d))"  # no 06/2024
    r"(?:\(0\d{1,4}\)|0\d{1,4})[ /-]\d{3,}(?:[ -]\d{2,})*(?![\w-])"
)
SHORT = r"(?<![\w/])(?P<short>w/o\b|w/(?=\s?\w))|(?<![\w/])(?P<a>[A-Z])/(?P<b>[A-Z])(?![\w/])"
SEASON = r"(?<![\w./])(?P<year>(?:19|20)\d\d)/(?P<next>\d\d)(?![\w/]|\.\d)"

_QUOTE = re.compile(r"(?<!\d)\"")  # none behind a measure
_MEASURED = r"\s?(?:x|×|(?:long|wide|tall|high|deep|thick|by|in|of|and|or|from|apart|away)\b)"
_SAID = {
    ">=": ["greater", "than", "or", "equal", "to"], "<=": ["less", "than", "or", "equal", "to"],
    "!=": ["is", "not", "equal", "to"], "==": ["equals"],
}  # fmt: skip


def feet(found: re.Match[str], scan: Scan) -> Given:
    """5'10"."""
    words = tokens_at(found, "feet", numbers.cardinal(found["feet"]))
    words.append(Token("foot", found.end("feet"), found.end("feet") + 1))
    return words + tokens_at(found, "inches", amount(found["inches"]))


def inches(found: re.Match[str], scan: Scan) -> Given:
    """12" ruler, 3/16" drill, 5' tall."""
    if found["foot"]:
        return [*amount(found["foot"]), "foot" if found["foot"] == "1" else "feet"]
    top, _, bottom = found["number"].partition("/")
    out = numbers.fraction(top, bottom) if bottom else amount(top)
    words = tokens_at(found, "number", out)
    if len(_QUOTE.findall(scan.text, 0, found.start())) % 2:
        return words  # it closes a quotation
    one = top == "1" or not re.match(_MEASURED, scan.text[found.end() :])
    return [*words, Token("inch" if one else "inches", *found.span("sign"))]


def arc(found: re.Match[str], scan: Scan) -> Given:
    """The minutes and seconds of 40° 26' 46"."""
    out = [*amount(found["minutes"]), "minutes"]
    return [*out, *amount(found["seconds"]), "seconds"] if found["seconds"] else out


def by(found: re.Match[str], scan: Scan) -> Given:
    """2x4, 10 x 10: the second number is read by itself."""
    number = found["number"]
    words = numbers.decimal(number) if "." in number else whole_words(number)
    out = tokens_at(found, "number", words)
    summed = (
        _SUM_AFTER.match(scan.text, found.end())
        or _SUM_BEFORE.search(scan.text, 0, found.start())
        or _PACKED.match(scan.text, found.end())
    )
    return [*out, Token("times" if summed else "by", found.end("number"), found.end())]


def alone(found: re.Match[str], scan: Scan) -> Given:
    """The sign between 5 cm x 3 cm."""
    return ["by"]


def per(found: re.Match[str], scan: Scan) -> Given:
    """The second half of 5¢/kWh, calls/minute."""
    return _per(found["per"] or found["time"])


def money_per(found: re.Match[str], scan: Scan) -> Given:
    """$5/day."""
    at = found.start("per") - 1
    first = [Token(str(word), found.start(), at) for word in money_before(found, scan)]
    return [*first, *(Token(word, at, found.end()) for word in _per(found["per"]))]


def _per(name: str) -> list[str]:
    short = {"mo": "month", "wk": "week"}
    one = short.get(name) or (UNITS[name][0] if name in UNITS else name)
    return ["per", *one.split()]


def spaced(found: re.Match[str], scan: Scan) -> Given:
    """1 000 000, 1'000'000, and the European 1.234.567,89."""
    if found["spaced"]:
        return amount(found["spaced"].replace(" ", "").replace("'", ""))
    return amount(found["dotted"].replace(".", "").replace(",", "."))


def compared(found: re.Match[str], scan: Scan) -> Given:
    """Signs of two characters: >=."""
    return _SAID[found["sign"]]


def zip_code(found: re.Match[str], scan: Scan) -> Given:
    """Springfield, IL 62704: digit by digit."""
    out: list[Token] = []
    if found["state"]:
        out.append(Token(found["state"], *found.span("state"), "spell"))
    first, second = ("zip", "four") if found["zip"] else ("alone", "rest")
    out += tokens_at(found, first, numbers.digits(found[first]))
    if found[second]:
        out.append(Token(",", found.end(first), found.end(first), "mark"))
        out += tokens_at(found, second, numbers.digits(found[second]))
    return out


def iban(found: re.Match[str], scan: Scan) -> Given:
    """DE89 3704 0044 0532 0130 00: letter by letter and digit by digit."""
    out = [Token(found["land"], *found.span("land"), "spell")]
    out += tokens_at(found, "check", numbers.digits(found["check"]))
    for group in re.finditer(r"\d{1,4}", found["rest"]):
        at, end = found.start("rest") + group.start(), found.start("rest") + group.end()
        out.append(Token(",", at, at, "mark"))
        out += [Token(word, at, end) for word in numbers.digits(group[0])]
    return out


def short(found: re.Match[str], scan: Scan) -> Given:
    """w/, w/o, A/C."""
    if found["short"]:
        return ["without" if found["short"] == "w/o" else "with"]
    return [Token(found[group], *found.span(group), "spell") for group in "ab"]


def season(found: re.Match[str], scan: Scan) -> Given:
    """2019/20."""
    next_ = found["next"]
    second = ["oh", *numbers.digits(next_[1])] if next_[0] == "0" else numbers.cardinal(next_)
    first = tokens_at(found, "year", numbers.year(found["year"]))
    return [*first, *tokens_at(found, "next", second)]
