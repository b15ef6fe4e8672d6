"""The graphs of recognisers: sound in, scores of phonemes and characters, or of commands, out.

Words are found in them by a search that is no net, see `tympan.tasks.transcribe.search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tympan.tasks.graphs import Answering, Graph
from tympan.tasks.transcribe.net import BLANK, FRAMES_OF_ANSWER, front_of

if TYPE_CHECKING:
    from tympan.tasks.transcribe.commands import CommandModel
    from tympan.tasks.transcribe.model import TranscribeModel

WINDOW_S = 4.0


def recogniser_graph(model: TranscribeModel) -> Graph:
    """Log mels in, log probabilities of phonemes and of characters `(b, m, k)` out."""
    net, config = model.net, model.config

    def answer(spectrogram: Tensor) -> tuple[Tensor, Tensor]:
        # All are as long as the batch: of shorter ones the end is silence.
        lengths = torch.ones_like(spectrogram[:, 0, 0]).long() * spectrogram.shape[2]
        phonemes, characters = net(spectrogram, lengths)
        return phonemes.log_softmax(-1), characters.log_softmax(-1)

    settings = {
        "phonemes": list(config.phonemes),
        "characters": list(config.characters),
        "blank": BLANK,
        "step_s": FRAMES_OF_ANSWER * config.frame_s,
    }
    return Graph(
        Answering(net, answer), {"spectrogram": ("b", "f", "n")},
        {"phonemes": ("b", "m", "k"), "characters": ("b", "m", "k")}, front=front_of(config),
        window=round(WINDOW_S * config.rate_hz), shortest=round(0.1 * config.rate_hz),
        rate_hz=config.rate_hz, settings=settings, tolerance=2e-2,
    )  # fmt: skip


def command_graph(model: CommandModel) -> Graph:
    """Log mels of a window in, the probability of each command `(b, k)` out."""
    net, config = model.net, model.config

    def answer(spectrogram: Tensor) -> Tensor:
        found: Tensor = net(spectrogram).softmax(-1)
        return found

    rate_hz = config.front.rate_hz
    settings = {
        "window_s": config.window_s, "step_s": config.step_s, "threshold": config.threshold,
    }  # fmt: skip
    return Graph(
        Answering(net, answer), {"spectrogram": ("b", "f", "n")}, {"probabilities": ("b", "k")},
        front=front_of(config.front), window=round(config.window_s * rate_hz),
        shortest=round(0.1 * rate_hz), rate_hz=rate_hz, labels=model.labels, settings=settings,
    )  # fmt: skip
