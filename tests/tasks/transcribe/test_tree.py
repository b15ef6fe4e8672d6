"""Words as a tree of their phonemes."""

from __future__ import annotations

from tests_transcribe import PHONEMES, small_words
from tympan.tasks.transcribe.ngrams import learned
from tympan.tasks.transcribe.tree import HotWords, grown


def walk(root, sounds: str):  # type: ignore[no-untyped-def]
    for one in sounds:
        root = root.children[PHONEMES.index(one) + 1]
    return root


def test_words_that_begin_alike_share_their_beginning() -> None:
    model = learned([["cat"], ["cat"], ["can"]], {"cat": "kæt", "can": "kæn|kən"})
    root = grown(model, PHONEMES)
    begin = walk(root, "kæ")
    assert len(begin.children) == 2
    cat, can = (model.words.index(one) for one in ("cat", "can"))
    assert walk(root, "kæt").words == [cat]
    assert walk(root, "kən").words == [can]
    assert begin.best == max(model.single[cat], model.single[can]) == model.single[cat]
    assert walk(root, "kæn").sounds == tuple(PHONEMES.index(one) + 1 for one in "kæn")


def test_words_with_other_phonemes_are_left_out() -> None:
    root = grown(learned([["a"]], {"a": "ə|%"}), PHONEMES)
    assert len(root.children) == 1


def test_hot_words_keep_their_spelling() -> None:
    model = small_words()
    hot = HotWords(["Tea", "Zorbax 3"], model, PHONEMES, "en")
    assert list(hot.texts.values()) == ["Tea", "Zorbax", "3"]
    tea = next(iter(hot.texts))
    assert hot.known[tea] == model.words.index("tea")
    assert walk(hot.root, "ti").words == [tea]
    assert tea >= len(model.words)
