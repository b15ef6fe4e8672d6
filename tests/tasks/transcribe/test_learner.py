"""What a training optimises, and how it is scored."""

from __future__ import annotations

import numpy as np
import torch

from tympan.data.batches import collate
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.learner import (
    UNKNOWN,
    TranscribeLearner,
    frame_loss,
    order_loss,
)
from tympan.tasks.transcribe.net import SpeechRecogniserNet
from tympan.training.learner import NET

CONFIG = TranscribeConfig(phonemes=("a", "b", "c"), characters=(" ", "x"), size=16, blocks=1)
PADDING = {"mels": -100.0, "phonemes": 0, "characters": 0, "frames": UNKNOWN}


def batch(frames: bool = True) -> dict[str, torch.Tensor]:
    rng = np.random.default_rng(0)
    items = []
    for n, wanted in ((80, [1, 2, 2]), (60, [3])):
        known = torch.full((n // 2,), 1 if frames else UNKNOWN)
        items.append({
            "mels": torch.from_numpy(rng.normal(-40, 10, (64, n)).astype(np.float32)),
            "phonemes": torch.tensor(wanted), "characters": torch.tensor([2]), "frames": known,
        })  # fmt: skip
    return collate(items, PADDING)


def loss_of(stage: str, frames: bool) -> float:
    torch.manual_seed(0)
    config = TranscribeConfig.from_dict({**CONFIG.to_dict(), "stage": stage, "dropout": 0.0})
    learner = TranscribeLearner(SpeechRecogniserNet(config), config)
    ((name, loss),) = learner.losses(learner.nets, batch(frames), torch.Generator())
    assert name == NET
    return float(loss.detach())


def test_times_count_in_the_first_stage_and_only_where_they_are_known() -> None:
    order = loss_of("words", True)
    assert loss_of("words", False) == order
    assert loss_of("frames", False) == order
    assert loss_of("frames", True) > order + 1


def test_the_order_alone_counts() -> None:
    symbols = [0, 1, 1, 0, 2, 0]
    logits = torch.full((1, 6, 3), -9.0)
    logits[0, torch.arange(6), torch.tensor(symbols)] = 9.0
    lengths = torch.tensor([6])
    right = order_loss(logits, lengths, torch.tensor([[1, 2]]), torch.tensor([2]))
    wrong = order_loss(logits, lengths, torch.tensor([[2, 1]]), torch.tensor([2]))
    assert float(right) < 0.01 < 5 < float(wrong)


def test_unknown_times_do_not_count() -> None:
    logits = torch.randn(1, 4, 3)
    known = torch.tensor([[1, 2, UNKNOWN, UNKNOWN]])
    changed = logits.clone()
    changed[0, 2:] += torch.randn(2, 3)
    assert frame_loss(logits, known) == frame_loss(changed, known)
    assert float(frame_loss(logits, torch.full((1, 4), UNKNOWN))) == 0


def test_evaluation_counts_errors_of_each_symbol() -> None:
    learner = TranscribeLearner(SpeechRecogniserNet(CONFIG), CONFIG)

    class Silent(torch.nn.Module):
        def forward(self, mels: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, ...]:
            m = int(learner.net.answers(lengths).max())
            phonemes = torch.full((len(mels), m, 4), -9.0)
            phonemes[..., 0] = 9.0
            phonemes[0, 3, 1] = 99.0  # one right phoneme in the first recording
            characters = torch.full((len(mels), m, 3), -9.0)
            characters[..., 2] = 9.0  # "x" all the time
            return phonemes, characters

    found = learner.evaluate({NET: Silent()}, [batch(), batch()])
    assert found["per"] == 3 / 4  # of four phonemes one was found
    assert found["cer"] == 0
