"""The recipe of the net for unknown words."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from recipes.lexicon import compiled, weak, written
from recipes.pronounce import Net, distance, families, guessed, labels_of, measured, split

from tympan.text.guess import LABELS, LETTERS, logits


def test_the_net_in_numpy_is_the_net_in_torch() -> None:
    torch.manual_seed(0)
    net = Net().eval()
    arrays = {name: value.numpy() for name, value in net.state_dict().items()}
    for word in ("a", "word", "pneumonia"):
        letters = torch.tensor([[LETTERS.index(char) + 1 for char in word]])
        with torch.no_grad():
            expected = net(letters)[0].numpy()
        np.testing.assert_allclose(logits(arrays, word), expected, atol=1e-4)
    assert all(isinstance(said, str) for said in guessed(net, ["word", "rhythm"]))


def test_labels() -> None:
    assert [LABELS[i] for i in labels_of("kˈæTᵊl") or ()] == ["k", "ˈæ", "T", "ᵊ", "l"]
    assert labels_of("ˈkæt") is None
    assert labels_of("") is None


def test_held_out_words_share_no_stem_with_those_trained_on() -> None:
    stems = [f"{a}{b}{c}" for a in "bdfgklmprst" for b in "aeiou" for c in ("nt", "rk", "lp")]
    words = {word: "kˈæt" for s in stems for word in (s, s + "s", s + "ing", "un" + s, s + "house")}
    train, test, family = split(words, set(words), 0)
    assert len(test) >= 0.02 * len(words)
    assert not {family[word] for word in train} & {family[word] for word in test}
    for word in test:
        stem = word.removeprefix("un").removesuffix("house").removesuffix("ing").removesuffix("s")
        assert stem + "house" not in train


def test_families() -> None:
    family = families(["make", "makes", "making", "remake", "cat"])
    assert family["makes"] == family["making"] == family["remake"] == family["make"]
    assert family["cat"] != family["make"]


@pytest.mark.parametrize(("a", "b", "edits"), [("abc", "abc", 0), ("abc", "axc", 1), ("", "ab", 2)])
def test_distance(a: str, b: str, edits: int) -> None:
    assert distance(a, b) == distance(b, a) == edits


def test_measured() -> None:
    said, right = ["kˈæt", "dɔɡ", "kæt"] * 10, ["kˈæt", "dˈɔɡ", "kʌt"] * 10
    found = measured(said, right, [str(i) for i in range(30)])
    assert found["word_error"]["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert found["word_error_without_stress"]["value"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["phoneme_error_without_stress"]["value"] == pytest.approx(1 / 9, abs=1e-3)


def test_the_lexicon_leaves_out_what_rules_give() -> None:
    gold = {
        "cat": "kˈæt", "cats": "kˈæts", "foot": "fˈʊt", "feet": "fˈit", "dogs": "dˈɔɡz",
        "use": {"DEFAULT": "jˈuz", "NOUN": "jˈus", "VERB": "jˈuz"}, "butter": "bˈʌɾəɹ",
    }  # fmt: skip
    kept = compiled(gold, {"catness": "kˈætnɪs"})
    assert set(kept) == {"cat", "foot", "feet", "dogs", "use", "butter"}
    assert kept["use"] == "jˈuz|NOUN=jˈus"
    assert kept["butter"] == "bˈʌTəɹ"
    assert written("ɾʔ") == "Tt"
    assert weak("bˌʌTᵻ") == weak("bʌtə")
