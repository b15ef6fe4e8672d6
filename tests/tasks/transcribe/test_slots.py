"""Intents and their slots, read from words."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.tasks.transcribe.slots import Intent, SlotGrammar

ORDER = {
    "drink": ["coffee", "iced coffee", "mocha"],
    "size": ["large", "small", "twelve ounce"],
    "milk": ["milk", "soy milk", "a lot of soy milk"],
}


@pytest.fixture(scope="module")
def grammar() -> SlotGrammar:
    return SlotGrammar("order", ORDER)


def test_the_longest_phrase_is_meant(grammar: SlotGrammar) -> None:
    said = [
        "Could",
        "I",
        "get",
        "a",
        "small",
        "iced",
        "coffee",
        "with",
        "a",
        "lot",
        "of",
        "soy",
        "milk?",
    ]
    assert grammar.read(said) == Intent(
        "order", {"drink": "iced coffee", "size": "small", "milk": "a lot of soy milk"}
    )


def test_what_sounds_alike_is_meant(grammar: SlotGrammar) -> None:
    assert grammar.read(["twelve", "ounces", "of", "moker"]).slots == {
        "drink": "mocha", "size": "twelve ounce",
    }  # fmt: skip
    assert grammar.read(["nobody", "drinks", "tea"]) == Intent("", {})
    assert grammar.read([]) == Intent("", {})


def test_an_intent_may_need_several_slots() -> None:
    grammar = SlotGrammar("order", ORDER, least=2)
    assert grammar.read(["mocha"]) == Intent("", {"drink": "mocha"})
    assert grammar.read(["large", "mocha"]).name == "order"


def test_without_phrases_there_is_no_grammar() -> None:
    with pytest.raises(ArgumentError, match="without phrases"):
        SlotGrammar("order", {"drink": []})


@given(st.data())
def test_what_is_said_word_for_word_is_read(data: st.DataObject) -> None:
    chosen = {slot: data.draw(st.sampled_from(known)) for slot, known in ORDER.items()}
    said = " please ".join(data.draw(st.permutations(list(chosen.values())))).split()
    assert SlotGrammar("order", ORDER).read(said).slots == chosen


def test_the_labels_of_real_orders_are_a_grammar(shared_data: Path) -> None:
    with open(shared_data / "speech_to_intent" / "metadata.csv", encoding="utf-8") as file:
        labels = [json.loads(row["label"])["slots"] for row in csv.DictReader(file)][:40]
    orders = [{slot: text.strip() for slot, text in one.items()} for one in labels]
    grammar = SlotGrammar.of("orderDrink", orders)
    right = [grammar.read(" and ".join(one.values()).split()).slots == one for one in orders]
    assert sum(right) >= 38  # "milk" is both a slot of its own and the end of another's phrase
