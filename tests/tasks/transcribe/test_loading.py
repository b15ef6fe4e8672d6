"""The weights and the words of a recogniser that was saved."""

from __future__ import annotations

from pathlib import Path

import torch

from tests_transcribe import CHARACTERS, PHONEMES, small_words
from tympan.models import Card, load_model, save_model
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.learner import TranscribeLearner
from tympan.tasks.transcribe.loading import Initialize, language_model_of, weights_of
from tympan.tasks.transcribe.mixture import Mixture
from tympan.tasks.transcribe.net import SpeechRecogniserNet
from tympan.tasks.transcribe.task import TASK

CONFIG = TranscribeConfig(phonemes=PHONEMES, characters=CHARACTERS, size=16, blocks=1)


def saved(folder: Path, config: TranscribeConfig = CONFIG, *, words: bool = False) -> Path:
    torch.manual_seed(3)
    learner = TranscribeLearner(SpeechRecogniserNet(config), config)
    learner.language_model = small_words() if words else None
    card = Card(name=folder.name, task="transcribe", labels=[], config=config.to_dict())
    save_model(folder, TASK.state(learner), card)
    return folder


def test_words_come_back(tmp_path: Path) -> None:
    loaded = load_model(saved(tmp_path / "mine", words=True))
    found = language_model_of(loaded, CONFIG)
    assert isinstance(found, Mixture)
    assert found.domain.words == small_words().words
    plain = load_model(saved(tmp_path / "plain"))
    usual = language_model_of(plain, CONFIG)
    assert usual is found.usual
    german = TranscribeConfig(language="de")
    assert language_model_of(plain, german) is None
    assert language_model_of(loaded, german).words == small_words().words  # type: ignore[union-attr]


def test_the_last_layer_is_new_for_other_phonemes(tmp_path: Path) -> None:
    start = load_model(saved(tmp_path / "mine"))
    weights = weights_of(start)

    def initialized(config: TranscribeConfig) -> SpeechRecogniserNet:
        torch.manual_seed(9)
        learner = TranscribeLearner(SpeechRecogniserNet(config), config)
        Initialize(start)(learner, None, print)  # type: ignore[arg-type]
        return learner.net

    same = initialized(CONFIG)
    assert torch.equal(same.out.weight, weights["out.weight"])
    fewer = TranscribeConfig.from_dict({**CONFIG.to_dict(), "phonemes": PHONEMES[:9]})
    other = initialized(fewer)
    assert torch.equal(other.enter[0].weight, weights["enter.0.weight"])
    assert other.out.weight.shape != same.out.weight.shape
