"""The configuration of a recogniser."""

from __future__ import annotations

import pytest

from tympan.errors import ArgumentError
from tympan.tasks.transcribe.config import TranscribeConfig


def test_it_comes_back_from_a_card() -> None:
    config = TranscribeConfig(phonemes=("a", "b"), size=64, stage="frames")
    assert TranscribeConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"size": 4}, "size"),
        ({"stage": "all"}, "stage='all' must be one of frames, words"),
        ({"kernel": 8}, "odd"),
        ({"win": 600}, "must not fall"),
    ],
)
def test_unusable_values_are_named(values: dict[str, object], what: str) -> None:
    with pytest.raises(ArgumentError, match=what):
        TranscribeConfig(**values)  # type: ignore[arg-type]
