"""A model that hears a few words, ready to listen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tympan.errors import ArgumentError
from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe.command_net import CommandConfig, CommandNet
from tympan.tasks.transcribe.net import log_mels

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph

Wave = npt.NDArray[np.float32]
Values = npt.NDArray[np.float32]
BATCH = 64


class CommandModel:
    """Hears a few words wherever they are; `tympan.tasks.transcribe.recogniser.Recogniser`.

    Args:
        net: the net.
        config: its configuration.
        labels: its words, `NONE` first.
        name: of the model.
        device: where it computes.
    """

    gives_times = True
    longest_s = 60.0

    def __init__(
        self,
        net: CommandNet,
        config: CommandConfig,
        labels: tuple[str, ...],
        name: str,
        device: str = "cpu",
    ) -> None:
        self.device = torch.device(device)
        self.net, self.config, self.labels = net.to(self.device).eval(), config, labels
        self.name, self.rate_hz = name, config.rate_hz
        self.languages: tuple[str, ...] = (config.language,)

    @torch.inference_mode()
    def scores(self, wave: Wave) -> Values:
        """Probability of each label in each window, `(w, k)`.

        Window `i` begins `i · step_s` after the wave `(t,)` does, less half a window, so that words
        at the edges are in the middle of one.
        """
        config = self.config
        mels = log_mels(wave, config.front)
        around, step = config.frames // 2, round(config.step_s / config.front.frame_s)
        quiet = float(mels.quantile(0.05)) if mels.numel() else -100.0
        padded = torch.nn.functional.pad(mels, (around, around), value=quiet)
        windows = padded.unfold(1, config.frames, step).transpose(0, 1)
        parts = [
            self.net(windows[at : at + BATCH].contiguous().to(self.device)).softmax(-1).cpu()
            for at in range(0, len(windows), BATCH)
        ]
        return torch.cat(parts).numpy()

    def graph(self) -> Graph:
        """Its net for the export: a window's log mels in, probabilities `(b, k)` out."""
        from tympan.tasks.transcribe.graph import command_graph

        return command_graph(self)

    def label_of(self, wave: Wave) -> tuple[str, float]:
        """The word that a short wave `(t,)` holds, or `NONE`; and its score."""
        found = self.scores(wave)
        word = int(found[:, 1:].max(0).argmax()) + 1
        sure = float(found[:, word].max())
        return (self.labels[word], sure) if sure >= self.config.threshold else (
            self.labels[0], float(found[:, 0].max())
        )  # fmt: skip

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words in a wave `(t,)`, each once; their times are those of its windows.

        Raises:
            ArgumentError: another language.
        """
        if language is not None and language not in self.languages:
            fix = f"one of {', '.join(self.languages)}"
            raise ArgumentError(f"{self.name} does not know the language {language!r}", fix=fix)
        if not len(wave):
            return []
        config, duration_s = self.config, len(wave) / self.rate_hz
        found = []
        for window, word, score in peaks(self.scores(wave), config):
            middle_s = window * config.step_s
            start_s = max(0.0, middle_s - config.window_s / 4)
            end_s = min(duration_s, middle_s + config.window_s / 4)
            text = self.labels[word]
            found.append(Word(round(start_s, 3), round(end_s, 3), text, round(score, 3), True))
        return found


def peaks(scores: Values, config: CommandConfig) -> list[tuple[int, int, float]]:
    """Window, label and score of each word that was said.

    A word is the best of its neighbours that are less than half a window away.

    >>> scores = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.9, 0.1]], np.float32)
    >>> [(window, word) for window, word, _ in peaks(scores, CommandConfig())]
    [(1, 1)]
    """
    best, sure = scores[:, 1:].argmax(1) + 1, scores[:, 1:].max(1)
    reach = max(1, round(config.window_s / 2 / config.step_s))
    found = []
    for window in np.flatnonzero(sure >= config.threshold).tolist():
        first = max(0, window - reach)
        if window == first + int(sure[first : window + reach + 1].argmax()):
            found.append((window, int(best[window]), float(sure[window])))
    return found
