"""The lexicon file."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.text import PHONEMES
from tympan.text.store import DATA, Store, pack, shipped

SOUNDS = st.text(alphabet=PHONEMES["en"][9:], min_size=1)


@settings(max_examples=15)
@given(st.dictionaries(st.from_regex("[A-Za-z'-]{1,12}", fullmatch=True), SOUNDS, min_size=1))
def test_every_word_is_found_and_no_other(entries: dict[str, str]) -> None:
    store = Store(pack(entries))
    assert dict(store) == entries
    for word, sounds in entries.items():
        assert store.find(word) == sounds
        for other in (word[:-1], word + "a", word.swapcase()):
            assert store.find(other) == entries.get(other)


def test_the_shipped_lexicon() -> None:
    assert (DATA / "en.lexicon.xz").stat().st_size < 1_000_000
    known = set(PHONEMES["en"])
    count = 0
    for word, sounds in shipped("en"):
        count += 1
        first, *others = sounds.split("|")
        readings = [first, *(other.partition("=")[2] for other in others)]
        assert set("".join(readings)) <= known, word
    assert count > 90_000
