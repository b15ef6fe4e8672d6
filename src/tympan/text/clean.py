"""Any text to the characters that the languages know, with the place each came from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

_QUOTES = dict.fromkeys("‘’‛`´ʼʹ′＇", "'") | dict.fromkeys("“”„‟«»‹›″＂", '"')
_DASHES = {"‐": "-", "‑": "-", "⁃": "-", "﹣": "-", "－": "-", "‒": "–", "―": "—", "⸺": "—"}
_CJK = {
    "。": ".",
    "、": ",",
    "，": ",",
    "！": "!",
    "？": "?",
    "：": ":",
    "；": ";",
    "؟": "?",
    "،": ",",
}
# Kept as they are: the languages read them.
_KEPT = frozenset("£€¥₹¢°×÷±≈≤≥≠∞√µ§©–—…−½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞²³‰")
_DROPPED = frozenset("•·‣▪●○◦■□®™¡¿†‡¶☐☑｡")
_LETTERS = {
    "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ł": "l", "Ł": "L", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H",
    "ŋ": "ng", "ſ": "s", "ẞ": "SS",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "θ": "theta",
    "λ": "lambda", "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Δ": "delta", "Σ": "sigma", "Ω": "omega", "Φ": "phi",
}  # fmt: skip
GERMAN_LETTERS = frozenset("äöüßÄÖÜ")


@dataclass
class Cleaned:
    """A cleaned text.

    Attributes:
        text: printable ASCII, the kept signs, and the letters of the language.
        starts: for each character the place in the original text where its source begins.
        ends: and where it ends.
        unspoken: what was left out.
    """

    text: str
    starts: list[int] | range
    ends: list[int] | range
    unspoken: list[str] = field(default_factory=list)


def clean(text: str, start: int = 0, letters: frozenset[str] = frozenset()) -> Cleaned:
    """Write a piece of text with the characters that a language knows.

    Compatibility forms (ligatures, full-width letters), curly quotes and digits of other scripts
    become plain ones, letters lose their accents, and white space becomes a space. What cannot be
    spoken becomes a space too and is named. Format characters (soft hyphens, joiners, byte order
    marks) have no sound and vanish.

    Args:
        text: the piece.
        start: its place in the original text.
        letters: letters beyond a–z to keep.

    >>> found = clean("ﬁn “café” 漢字 1٢")
    >>> found.text, found.unspoken, found.starts[:4]
    ('fin "cafe"   12', ['漢字'], [0, 0, 1, 2])
    """
    if text.isascii() and text.isprintable():
        return Cleaned(
            text, range(start, start + len(text)), range(start + 1, start + len(text) + 1)
        )
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    runs: list[list[int]] = []
    at, size = 0, len(text)
    while at < size:
        end = at + 1
        while end < size and text[end] >= "\u0300" and unicodedata.combining(text[end]):
            end += 1
        # A letter and its marks; more than a few marks are ornament.
        plain = _plain(text[at : min(end, at + 4)], letters)
        if text[at] in _GREEK and (_greek(text[at - 1 : at]) or _greek(text[end : end + 1])):
            plain = None  # a letter of a Greek word
        if plain is None:
            if runs and runs[-1][1] == at:
                runs[-1][1] = end
            else:
                runs.append([at, end])
            plain = " "
        elif plain == "" and runs and runs[-1][1] == at:
            runs[-1][1] = end  # a joiner inside an emoji
        if plain == " " and out and out[-1] == " " and runs and runs[-1][1] == end:
            ends[-1] = start + end
        else:
            for char in plain:
                out.append(char)
                starts.append(start + at)
                ends.append(start + end)
        at = end
    names = dict.fromkeys(_name(text[a:b]) for a, b in runs)
    return Cleaned("".join(out), starts, ends, list(names))


def _greek(char: str) -> bool:
    return "Ͱ" <= char <= "Ͽ" or "ἀ" <= char <= "῿"


def _name(run: str) -> str:
    """What was left out, in a form that can be shown."""
    if run.isprintable():
        return run
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in run)


@lru_cache(8192)
def _plain(cluster: str, letters: frozenset[str]) -> str | None:
    """A character and its marks, as the languages know it; `None` if it cannot be spoken."""
    char = cluster[0]
    if len(cluster) == 1 and char.isascii() and char.isprintable():
        return char
    if char.isspace():
        return " "
    for table in (_QUOTES, _DASHES, _CJK):
        if char in table:
            return table[char]
    if char in _KEPT:
        return char
    if char in _DROPPED:
        return " "
    if char in _GREEK:
        return f" {_GREEK[char]} "
    category = unicodedata.category(char)
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f" or unicodedata.combining(char):
        return ""
    composed = unicodedata.normalize("NFKC", cluster)
    if composed[:1] in letters:
        return composed[0]
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    out = "".join(_base(part) for part in unicodedata.normalize("NFKD", composed))
    return out if out and out.isascii() and out.isprintable() else None


def _base(char: str) -> str:
    if unicodedata.combining(char):
        return ""
    return _LETTERS.get(char, {"⁄": "/", "−": "-"}.get(char, char))
