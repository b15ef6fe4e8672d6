"""The card: every field checked on reading."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from tympan.errors import ModelError
from tympan.models import Card
from tympan.models.card import _KINDS, MAX_CARD_BYTES

FULL = Card(
    name="tiny",
    task="classify",
    version="1.0",
    description="Hört Hunde.",
    config={"rate_hz": 16000, "encoder": "small"},
    labels=["dog", "cat"],
    data=[{"name": "ESC-50", "licence": "CC-BY"}],
    licence="Apache-2.0",
    metrics={"accuracy": 0.8, "per_class": {"dog": 0.9}},
    parameters=1234,
    known_failures=["hears cats as babies"],
    attribution="ATTRIBUTION.md",
)


def test_a_card_survives_the_file(tmp_path: Path) -> None:
    FULL.save(tmp_path / "card.json")
    assert Card.load(tmp_path / "card.json") == FULL


def test_numpy_figures_and_nan_are_written_as_json() -> None:
    metrics = {"accuracy": np.float32(0.5), "confusion": np.eye(2), "f1": float("nan")}
    card = dataclasses.replace(FULL, metrics=metrics, config={"sizes": (1, 2)})
    read = Card.from_json(card.to_json())
    assert read.metrics == {"accuracy": 0.5, "confusion": [[1, 0], [0, 1]], "f1": None}
    assert read.config == {"sizes": [1, 2]}


def test_what_json_cannot_hold_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="cannot be written as JSON"):
        dataclasses.replace(FULL, config={"net": object()}).to_json()


@pytest.mark.parametrize("field", ["name", "task", "format_version"])
def test_a_missing_field_is_named(field: str) -> None:
    card = json.loads(FULL.to_json())
    del card[field]
    with pytest.raises(ModelError, match=field):
        Card.from_json(json.dumps(card), file="there/card.json")


@pytest.mark.parametrize("field", [one.name for one in dataclasses.fields(Card)])
def test_a_field_of_the_wrong_type_is_named_with_the_file(field: str) -> None:
    card = json.loads(FULL.to_json())
    for wrong in (None, True, 1.5, [1]):
        if field == "data" and wrong == [1]:
            continue
        card[field] = wrong
        with pytest.raises(ModelError, match=rf"there/card.json: .*'{field}' must be"):
            Card.from_json(json.dumps(card), file="there/card.json")


def test_every_field_has_a_check() -> None:
    assert {str(one.type) for one in dataclasses.fields(Card)} <= set(_KINDS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "../../etc/passwd"),
        ("name", " "),
        ("name", "a\nb"),
        ("task", "rm -rf"),
        ("labels", ["dog", "dog"]),
        ("labels", [""]),
        ("parameters", -1),
        ("attribution", "../secret"),
        ("attribution", "/etc/passwd"),
        ("attribution", ".."),
    ],
)
def test_a_field_of_a_hostile_value_is_named(field: str, value: object) -> None:
    card = {**json.loads(FULL.to_json()), field: value}
    with pytest.raises(ModelError, match=field):
        Card.from_json(json.dumps(card))


def test_a_newer_format_says_upgrade() -> None:
    card = {**json.loads(FULL.to_json()), "format_version": 2}
    with pytest.raises(ModelError, match=r"format version 2.*upgrade"):
        Card.from_json(json.dumps(card))


def test_unknown_fields_are_left_aside() -> None:
    card = {**json.loads(FULL.to_json()), "colour": "red"}
    assert Card.from_json(json.dumps(card)) == FULL


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": 1' + b"0" * 9999 + b"}"],
)
def test_what_is_no_card_is_a_model_error(text: bytes) -> None:
    with pytest.raises(ModelError):
        Card.from_json(text)


def test_a_giant_card_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    with path.open("wb") as file:
        file.truncate(MAX_CARD_BYTES + 1)
    with pytest.raises(ModelError, match="too large"):
        Card.load(path)


def test_a_folder_in_place_of_the_card(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model card"):
        Card.load(tmp_path)
