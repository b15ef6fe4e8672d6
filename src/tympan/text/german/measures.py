"""German measures: sizes, prices per thing, spaced numbers, account numbers, powers."""

from __future__ import annotations

import re

from tympan.text.german import numbers
from tympan.text.german.amounts import GROUPED, MONEY_BEFORE, amount, money
from tympan.text.german.words import UNITS
from tympan.text.listing import listing
from tympan.text.tokens import Given, Scan, Token, tokens_at

_THINGS = {
    "Tag": "Tag", "Woche": "Woche", "Monat": "Monat", "Jahr": "Jahr", "Stunde": "Stunde",
    "Std": "Stunde", "Minute": "Minute", "Min": "Minute", "Sekunde": "Sekunde", "Nacht": "Nacht",
    "Person": "Person", "Pers": "Person", "Kopf": "Kopf", "Stück": "Stück", "Stk": "Stück",
    "Liter": "Liter", "m²": "Quadratmeter", "qm": "Quadratmeter", "m³": "Kubikmeter",
}  # fmt: skip
# What is paid for; no single capitals, which name doors and gates.
_PAID = "|".join(
    sorted(
        {*_THINGS, *listing("h min s kg g t l ml km m cm ha kWh MWh GB MB TB")},
        key=len,
        reverse=True,
    )
)
_COUNTED = "Tag|Woche|Monat|Jahr|Stunde|Std|Minute|Min|Sekunde|Nacht|Person|Pers|Kopf"

IBAN = r"\b(?P<land>[A-Z]{2})(?P<check>\d\d)(?P<rest>(?: ?\d{4}){3,7}(?: ?\d{1,3})?)(?!\w)"
GROUPS = r"(?<![\w.,])(?:\d+(?:-\d+){2,}|\d{4}(?: \d{4}){2,}(?: \d{1,4})?)(?![\w-]|,\d)"
CODE = r"(?<=PLZ )\d{5}\b"
SPACED = (
    rf"(?<![\w.,])(?<!\d )(?P<number>(?:{GROUPED}|\d{{1,3}}(?:'\d{{3}})+)(?:,\d+)?)"
    r"(?![\w']|,\d| \d)"
)
BY = r"(?<![\w.,])(?!0x)(?P<number>\d+(?:,\d+)?)\s?x\s?(?=\d)"
ALONE = (
    "x(?= \\d)(?:"
    + "|".join(
        rf"(?<=\d{space}{name} x)"
        for name in listing("mm cm m km Meter Zentimeter")
        for space in ("", " ")
    )
    + ")"
)
TIMES = r"(?<![\w.,])(?P<number>\d+)x(?!\w)"
PER = (
    rf"(?:(?:(?<=[€£$¢])|(?<=EUR)|(?<=USD)|(?<=CHF)|(?<=Euro)|(?<=Cent))/(?P<per>{_PAID})"
    rf"|(?<=[\d%])/(?P<thing>{_COUNTED}))(?!\w)(?:(?<=Std|Min|Stk)\.(?=\s*\S)|(?<=Pers)\.(?=\s*\S))?"
)
MONEY_PER = rf"{MONEY_BEFORE}/(?P<per>{_PAID})(?!\w)"
POWER = r"(?<=[\w)])\^(?=[\w(-])"
SECTIONS = r"§{2,}"


def groups(words: str, start: int) -> list[Token]:
    """The digits of a number in groups, with a pause between them."""
    out: list[Token] = []
    for group in re.finditer(r"\d+", words):
        at, end = start + group.start(), start + group.end()
        if out:
            out.append(Token(",", at, at, "mark"))
        out += [Token(word, at, end) for word in numbers.digits(group[0])]
    return out


def iban(found: re.Match[str], scan: Scan) -> Given:
    """DE89 3704 0044 0532 0130 00: letter by letter and digit by digit."""
    out = [Token(found["land"], *found.span("land"), "spell")]
    return out + groups(f"{found['check']}{found['rest']}", found.start("check"))


def grouped(found: re.Match[str], scan: Scan) -> Given:
    """4111 1111 1111 1111, and a postal code."""
    return groups(found[0], found.start())


def spaced(found: re.Match[str], scan: Scan) -> Given:
    """1 000 000, 1'000."""
    return amount(found["number"].replace(" ", "").replace("'", ""))


def by(found: re.Match[str], scan: Scan) -> Given:
    """10 x 10: the second number is read by itself."""
    out = tokens_at(found, "number", amount(found["number"]))
    return [*out, Token("mal", found.end("number"), found.end())]


def alone(found: re.Match[str], scan: Scan) -> Given:
    """The sign between 5 cm x 3 cm."""
    return ["mal"]


def times(found: re.Match[str], scan: Scan) -> Given:
    """3x."""
    words = numbers.cardinal(found["number"], "ein")
    return [*words[:-1], f"{words[-1]}mal"]


def per(found: re.Match[str], scan: Scan) -> Given:
    """The second half of 5 €/Tag."""
    return _per(found["per"] or found["thing"])


def money_per(found: re.Match[str], scan: Scan) -> Given:
    """€ 5/Tag."""
    at = found.start("per") - 1
    first = [Token(str(word), found.start(), at) for word in money(found, scan)]
    return [*first, *(Token(word, at, found.end()) for word in _per(found["per"]))]


def _per(name: str) -> list[str]:
    return ["pro", _THINGS.get(name) or UNITS[name][0]]


def power(found: re.Match[str], scan: Scan) -> Given:
    """10^6."""
    return ["hoch"]


def sections(found: re.Match[str], scan: Scan) -> Given:
    """§§ 3-5."""
    return ["Paragrafen"]
