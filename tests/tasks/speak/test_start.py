"""What a voice takes over of the one that its training starts from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests_speak import steady_config, steady_net
from tympan.data import Example, Table
from tympan.models import load_model
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.learner import SpeakLearner
from tympan.tasks.speak.start import Initialize, alike
from tympan.tasks.speak.task import TASK
from tympan.text import PHONEMES


def started(folder: Path, config: SpeakConfig) -> tuple[SpeakLearner, dict[str, torch.Tensor]]:
    """A net that started from the voice in a folder, and its weights before."""
    learner = SpeakLearner(steady_net(config, 1, seed=1), config)
    before = {name: one.clone() for name, one in learner.net.state_dict().items()}
    Initialize(load_model(folder))(learner, (), print)  # type: ignore[arg-type]
    return learner, before


@pytest.mark.parametrize("table", ["symbols", "align_symbols"])
def test_letters_begin_as_sounds_like_them(voice_folder: Path, table: str) -> None:
    theirs = load_model(voice_folder).state[f"net.{table}.weight"].float()
    known = load_model(voice_folder).card.config["symbols"]
    config = replace(steady_config(), symbols=("^", " ", "b", "o", "ö", "ж"))
    learner, before = started(voice_folder, config)
    found = learner.net.state_dict()[f"{table}.weight"]
    for row, sound in enumerate("^ bɔɜ"):
        assert torch.equal(found[row], theirs[known.index(sound)]), sound
    assert torch.equal(found[5], before[f"{table}.weight"][5])


def test_symbols_of_one_language_are_taken_as_they_are(voice_folder: Path) -> None:
    learner, _ = started(voice_folder, steady_config())
    theirs = load_model(voice_folder).state["net.symbols.weight"].float()
    assert torch.equal(learner.net.symbols.weight, theirs)


def test_no_letter_of_german_begins_at_random() -> None:
    letters = "abcdefghijklmnopqrstuvwxyzäöüß"
    assert None not in alike(letters, sorted(PHONEMES["en"]))


def test_a_new_speaker_begins_as_the_mean_of_those_known(voice_folder: Path) -> None:
    learner, _ = started(voice_folder, steady_config())
    theirs = load_model(voice_folder).state["net.speakers.weight"].float()
    assert torch.allclose(learner.net.speakers.weight[0], theirs.mean(0))


def test_few_recordings_take_longer_to_find_phonemes_and_not_to_learn_from_a_voice(
    voice_folder: Path,
) -> None:
    rows = [
        Example({"audio": Path(f"{i}.wav")}, {"text": "One.", "language": "en"}) for i in range(100)
    ]
    table = Table(Path("."), tuple(rows))
    usual = TASK.defaults()
    start = load_model(voice_folder)
    epochs = {
        key: [phase.training.epochs for phase in TASK.recipe(table, one, {}).phases]
        for key, one in (("", start), ("from scratch", None))
    }
    assert epochs[""] == [36, usual[""].training.epochs]
    assert epochs["from scratch"] == [36, 90]
