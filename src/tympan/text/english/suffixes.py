"""Words made from known words: endings, beginnings and compounds.

`derive` looks for a shorter word that is known and says how its phonemes change: voicing and an
inserted vowel (`cats` s, `dogs` z, `horses` ᵻz; `walked` t, `begged` d, `waited` ᵻd), a flapped t
before a vowel (`wait`, `waiting` → T), and stress that steps back in the second half of a compound.
The recipe of the lexicon leaves out each entry that these rules give exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

VOWELS = "AIOWYaiuæɐɑɔəɛɜɪʊʌᵊᵻ"
STRESS = "ˈˌ"
# After these a t between two vowels is a tap.
_BEFORE_TAP = "AIOWYiuæɑəɛɪɹʊʌ"
_HISSING = "szʃʒʧʤ"
_VOICELESS = "ptkfθ"

Known = Callable[[str], "str | None"]


def plural(stem: str) -> str:
    """The phonemes of a word with -s or -'s.

    >>> plural("kˈæt"), plural("dˈɔɡ"), plural("hˈɔɹs")
    ('kˈæts', 'dˈɔɡz', 'hˈɔɹsᵻz')
    """
    if stem[-1] in _HISSING:
        return stem + "ᵻz"
    return stem + ("s" if stem[-1] in _VOICELESS else "z")


def tapped(stem: str) -> str:
    """A stem as it sounds before a vowel: its last t becomes a tap after a vowel."""
    if len(stem) > 1 and stem[-1] == "t" and stem[-2] in _BEFORE_TAP:
        return stem[:-1] + "T"
    return stem


def past(stem: str) -> str:
    """The phonemes of a word with -ed.

    >>> past("wˈɔk"), past("bˈɛɡ"), past("wˈAt"), past("ˈækt")
    ('wˈɔkt', 'bˈɛɡd', 'wˈATᵻd', 'ˈæktᵻd')
    """
    if stem[-1] in "td":
        return tapped(stem) + "ᵻd"
    return stem + ("t" if stem[-1] in "pkfθsʃʧ" else "d")


def with_ing(stem: str) -> str:
    """The phonemes of a word with -ing.

    >>> with_ing("wˈAt"), with_ing("hˈændᵊl"), with_ing("ˈækt")
    ('wˈATɪŋ', 'hˈændᵊlɪŋ', 'ˈæktɪŋ')
    """
    return tapped(stem) + "ɪŋ"


def with_er(stem: str) -> str:
    """The phonemes of a word with -er."""
    return tapped(stem) + "əɹ"


def with_est(stem: str) -> str:
    """The phonemes of a word with -est."""
    return tapped(stem) + "ᵻst"


def with_ly(stem: str) -> str:
    """The phonemes of a word with -ly: two l become one.

    >>> with_ly("kwˈIət"), with_ly("ɹˈiᵊl"), with_ly("kˈæɹfᵊl")
    ('kwˈIətli', 'ɹˈiᵊli', 'kˈæɹfᵊli')
    """
    return stem + ("i" if stem[-1] == "l" else "li")


def _added(ending: str) -> Callable[[str], str]:
    return lambda stem: stem + ending


def _before_vowel(ending: str) -> Callable[[str], str]:
    return lambda stem: tapped(stem) + ending


# Each: the letters, what follows the stem in letters when a silent e was dropped, the rule.
ENDINGS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("s", "s", plural),
    ("ed", "v", past),
    ("ing", "v", with_ing),
    ("er", "v", with_er),
    ("est", "v", with_est),
    ("ly", "c", with_ly),
    ("ness", "c", _added("nəs")),
    ("less", "c", _added("ləs")),
    ("ful", "c", _added("fᵊl")),
    ("ment", "c", _added("mənt")),
    ("ship", "c", _added("ʃˌɪp")),
    ("like", "c", _added("lˌIk")),
    ("hood", "c", _added("hˌʊd")),
    ("able", "v", _before_vowel("əbᵊl")),
    ("ish", "v", _before_vowel("ɪʃ")),
    ("ism", "v", _before_vowel("ˌɪzəm")),
    ("ist", "v", _before_vowel("ɪst")),
    ("y", "v", _before_vowel("i")),
)
_CONTRACTIONS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("'s", plural),
    ("s'", lambda stem: plural(stem)),
    ("'ll", _added("əl")),
    ("'ve", _added("əv")),
    ("'re", _added("əɹ")),
    ("'d", lambda stem: stem + ("ᵻd" if stem[-1] in "td" else "d")),
    ("'m", _added("m")),
    ("n't", _added("ᵊnt")),
    ("in'", lambda stem: tapped(stem) + "ɪn"),
    ("'", _added("")),
)
BEGINNINGS: dict[str, str] = {
    "un": "ˌʌn",
    "non": "nˌɑn",
    "re": "ɹˌi",
    "over": "ˌOvəɹ",
    "under": "ˌʌndəɹ",
    "mis": "mˌɪs",
    "pre": "pɹˌi",
    "sub": "sˌʌb",
    "inter": "ˌɪntəɹ",
    "super": "sˌupəɹ",
    "anti": "ˌænti",
    "semi": "sˌɛmi",
    "multi": "mˌʌlti",
    "micro": "mˌIkɹO",
    "counter": "kˌWntəɹ",
    "out": "ˌWt",
    "hyper": "hˌIpəɹ",
    "ultra": "ˌʌltɹə",
    "post": "pˌOst",
    "dis": "dˌɪs",
    "de": "dˌi",
    "co": "kˌO",
}


def stems(word: str, ending: str, kind: str) -> Iterator[str]:
    """The words that may stand before an ending, likeliest first."""
    stem = word[: -len(ending)]
    if kind == "s":
        if not stem.endswith("s"):
            yield stem
        if word.endswith("ies"):
            yield word[:-3] + "y"
        elif word.endswith("es"):
            yield word[:-2]
        return
    if kind == "c":
        yield stem
        if stem.endswith("i"):
            yield stem[:-1] + "y"
        return
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] in "bdgklmnprtvz":
        yield stem[:-1]
    yield stem + "e"
    yield stem
    if stem.endswith("i"):
        yield stem[:-1] + "y"


def step_back(phonemes: str) -> str:
    """Turn primary stress into secondary and drop the secondary one there was.

    >>> step_back("bˈɔl"), step_back("ˌʌndəɹstˈænd")
    ('bˌɔl', 'ʌndəɹstˌænd')
    """
    if "ˈ" not in phonemes:
        return phonemes
    return phonemes.replace("ˌ", "").replace("ˈ", "ˌ")


def derive(word: str, known: Known) -> str | None:
    """The phonemes of a word that is not known, from one that is; `None` if there is none.

    Args:
        word: lower-case letters and apostrophes.
        known: gives the phonemes of a shorter word, or `None`.

    >>> lexicon = {"cat": "kˈæt", "make": "mˈAk", "foot": "fˈʊt", "ball": "bˈɔl", "lock": "lˈɑk"}
    >>> derive("cats", lexicon.get), derive("making", lexicon.get), derive("football", lexicon.get)
    ('kˈæts', 'mˈAkɪŋ', 'fˈʊtbˌɔl')
    >>> derive("unlock", lexicon.get), derive("xyz", lexicon.get)
    ('ˌʌnlˈɑk', None)
    """

    def base(part: str) -> str | None:
        return inflected(part, known)

    if "'" in word:
        return _contraction(word, base)
    return _ending(word, base) or _beginning(word, base) or _compound(word, base)


def inflected(word: str, known: Known) -> str | None:
    """The phonemes of a known word, or of one with endings: *mean-ing-s*; `None` for another.

    >>> inflected("makings", {"make": "mˈAk"}.get), inflected("remake", {"make": "mˈAk"}.get)
    ('mˈAkɪŋz', None)
    """
    found = known(word)
    if found or len(word) < 3:
        return found
    rule = _contraction if "'" in word else _ending
    return rule(word, lambda stem: inflected(stem, known))


def _contraction(word: str, known: Known) -> str | None:
    for letters, rule in _CONTRACTIONS:
        if word.endswith(letters) and len(word) > len(letters):
            stem = word[: -len(letters)]
            if letters == "in'":
                stem += "ing"
            elif letters == "s'":
                stem += "s"
            phonemes = known(stem)
            if not phonemes:
                continue
            if letters == "in'":
                return phonemes.removesuffix("ŋ") + "n"
            return phonemes if letters == "s'" else rule(phonemes)
    return None


def _ending(word: str, known: Known) -> str | None:
    if word.endswith("ically"):
        phonemes = known(word[:-4])
        if phonemes:
            return phonemes + "ᵊli"
    if word.endswith("bly"):
        phonemes = known(word[:-1] + "e")
        if phonemes and phonemes.endswith(("bᵊl", "bəl")):
            return phonemes[:-2] + "li"
    for letters, kind, rule in ENDINGS:
        if len(word) > len(letters) + 1 and word.endswith(letters):
            for stem in stems(word, letters, kind):
                phonemes = known(stem) if len(stem) > 1 and stem != word else None
                if phonemes:
                    return rule(phonemes)
    return None


def _beginning(word: str, known: Known) -> str | None:
    for letters, sounds in BEGINNINGS.items():
        if word.startswith(letters) and len(word) > len(letters) + 2:
            phonemes = known(word[len(letters) :])
            if phonemes and "ˈ" in phonemes:
                return sounds + phonemes
    return None


def _compound(word: str, known: Known) -> str | None:
    for cut in range(len(word) - 3, 2, -1):
        first, second = known(word[:cut]), known(word[cut:])
        if first and second and "ˈ" in first and "ˈ" in second:
            return first + step_back(second)
    return None
