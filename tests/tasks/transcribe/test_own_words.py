"""Key words from text alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests_speak import steady_voice
from tympan.audio import load
from tympan.data import read_folder
from tympan.errors import ArgumentError
from tympan.tasks.transcribe.command_net import NONE
from tympan.tasks.transcribe.own_words import made_recordings, other_words, said_by, words_in
from tympan.tasks.transcribe.sounds import spoken
from tympan.tasks.transcribe.task import TASK


def test_a_list_of_words() -> None:
    assert words_in(" Tea,  light  ON,tea,, ") == ("tea", "light on")


@pytest.mark.parametrize(
    ("text", "what"),
    [(" , ", "are 0 words"), ("…, tea", "cannot be said"), ("a b," * 3 + "?!", "cannot be said")],
)
def test_lists_that_are_none(text: str, what: str) -> None:
    with pytest.raises(ArgumentError, match=what):
        words_in(text)


def test_other_words_sound_otherwise() -> None:
    found = other_words(["two", "no"], 300, np.random.default_rng(0))
    own = {"tu", "nO"}
    for text in found:
        assert 1 <= len(text.split()) <= 3
        assert not own & {one.phonemes for one in spoken(text)}
        assert not {"to", "too", "know"} & set(text.split())


def test_recordings_are_a_folder_to_train_on(tmp_path: Path) -> None:
    folder = made_recordings(
        ("tea", "light on"), tmp_path / "made", each=5, others=4, voice=steady_voice.__wrapped__()
    )
    table = TASK.rows_of(read_folder(folder))
    labels = [one.columns["label"] for one in table]
    assert sorted(labels) == sorted(["tea"] * 5 + ["light on"] * 5 + [NONE] * 4)
    lengths = {load(one.path).duration_s for one in table if one.columns["label"] == "tea"}
    assert len(lengths) > 2  # drawn speeds
    assert TASK.recipe(table, None, {}).config.kind == "commands"


def test_the_same_seed_says_the_same() -> None:
    one, again = (
        said_by(steady_voice.__wrapped__(), "tea", np.random.default_rng(4)) for _ in range(2)
    )
    np.testing.assert_array_equal(one, again)
    other = said_by(steady_voice.__wrapped__(), "tea", np.random.default_rng(5))
    assert len(other) != len(one)
