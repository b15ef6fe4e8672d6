"""Which reading of a word that has several: *to record*, *a record*.

Without a tagger, rules on the neighbouring words: after *to*, *will*, *don't*, *I* … stands a verb;
after an article or a possessive a noun (or an adjective, if another word follows that is no
function word); after *have* and *be* a participle. Where nothing decides, the lexicon's first
reading holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tympan.text.listing import listing

_TO = frozenset(
    listing(
        "to will would can could shall should may might must cannot 'll let's lets please don't "
        "doesn't didn't won't wouldn't can't couldn't shouldn't mustn't do does did gonna wanna "
        "i'll "
        "you'll he'll she'll we'll they'll it'll not never always help helps helped and/or"
    )
) - {"not", "never", "always"}
_ADVERBS = frozenset(
    listing(
        "not never always also often still just really only even soon then probably actually "
        "usually quickly simply finally ever sometimes already"
    )
)
_SUBJECTS = frozenset(listing("i you we they who"))
_SINGULAR = frozenset(listing("he she it who that which everyone someone nobody"))
_ARTICLES = frozenset(
    listing(
        "a an the this that these those my your his her its our their no some any each every "
        "another "
        "either neither one whose of in on at with for from by about into per several many few all "
        "more most such what two three four five six new old first last next other own same good "
        "great big small live full"
    )
) - {"that", "one"}
_HAVE = frozenset(
    listing("have has had having i've you've we've they've he'd she'd haven't hasn't hadn't 've")
)
_BE = frozenset(
    listing(
        "be been being am is are was were isn't aren't wasn't weren't i'm you're we're they're get "
        "gets got"
    )
)
_FUNCTION = _TO | _ARTICLES | _HAVE | _BE | frozenset(
    listing("and or but if as than so because while when where why how is was i you he she it we "
    "they me him us them there here")
)  # fmt: skip
_PAST = frozenset(listing("yesterday ago last once earlier was were had did then before"))
_METAL = frozenset(
    listing(
        "pipe pipes paint poisoning pencil pencils acid battery batteries bullet bullets oxide "
        "metal "
        "mine mines roof weight weights ore free glass crystal shot ingots copper zinc tin"
    )
)

_TINY = frozenset(
    listing(
        "detail details amount amounts particles particle difference differences change changes "
        "trace "
        "traces quantity quantities fraction size scale examination inspection"
    )
)


def reading(
    word: str, readings: Mapping[str, str], before: Sequence[str], after: Sequence[str]
) -> str:
    """The phonemes of the reading that fits.

    Args:
        word: the word, in lower case.
        readings: tag → phonemes; `""` is the default.
        before: the words before it in the sentence, in lower case, nearest last; a mark is "".
        after: the words after it, nearest first.

    >>> record = {"": "ɹˈɛkəɹd", "VERB": "ɹəkˈɔɹd"}
    >>> reading("record", record, ["to"], ["it"]), reading("record", record, ["the"], [])
    ('ɹəkˈɔɹd', 'ɹˈɛkəɹd')
    """
    for tag in _tags(word, readings, before, after):
        if readings.get(tag):
            return readings[tag]
    return readings[""]


def _tags(
    word: str, readings: Mapping[str, str], before: Sequence[str], after: Sequence[str]
) -> list[str]:
    """Parts of speech that fit, likeliest first; none if nothing decides."""
    last = _before(before)
    following = after[0] if after else ""
    if word == "lead":
        return ["METAL"] if following in _METAL or list(before[-2:]) == ["made", "of"] else []
    if word == "minute":
        return ["ADJ"] if following in _TINY else []
    if word == "read":
        return _read(last, before, after)
    if word == "used":
        return ["VBD"] if following == "to" and last not in _BE | _HAVE else []
    if word == "that":
        return ["DT"] if following in ("", "is", "was", "one", "day", "night", "time") else []
    if last in _HAVE or last in _BE:
        return ["VBN", "VBD", *(["ADJ"] if last in _BE else [])]
    if last in _TO or last in _SUBJECTS:
        return ["VERB", "VBP"]
    if word.endswith("s") and last in _SINGULAR:
        return ["VERB"]
    if last in _ARTICLES or last.endswith("'s"):
        describing = (
            bool(following) and following not in _FUNCTION and "ADJ" in _kinds(word, readings)
        )
        return ["ADJ"] if describing else ["NOUN"]
    if not last and following in ("the", "a", "an", "my", "your", "his", "her", "it", "this"):
        return ["VERB"]  # an instruction: "Record the sound."
    if following in (
        "the",
        "a",
        "an",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "them",
        "him",
        "me",
        "us",
        "it",
    ):
        return ["VERB", "VBD"]
    return []


def _kinds(word: str, readings: Mapping[str, str]) -> set[str]:
    """Which parts of speech a word has; the default reading of these is the adjective's."""
    if word in ("close", "live", "separate", "present", "perfect", "content", "frequent"):
        return {"ADJ", *readings}
    return set(readings)


def _before(before: Sequence[str]) -> str:
    """The word before, adverbs skipped."""
    for word in reversed(before[-3:]):
        if word not in _ADVERBS and not (word.endswith("ly") and len(word) > 4):
            return word
    return ""


def _read(last: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    """*Read* is the only frequent verb whose past differs in sound alone."""
    if last in _HAVE or last in _BE:
        return ["VBN"]
    if last in _TO:
        return []
    if last in ("he", "she", "it"):
        return ["VBD"]
    past = bool(_PAST.intersection(before) or _PAST.intersection(after))
    past = past or any(word.endswith("ed") and len(word) > 4 for word in before)
    return ["VBD"] if past and (last in _SUBJECTS or last in ("and", "then")) else []
