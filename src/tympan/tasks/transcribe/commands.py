"""A model that hears a few words, ready to listen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe.command_net import CommandConfig, CommandNet
from tympan.tasks.transcribe.net import log_mels
from tympan.tasks.transcribe.recogniser import check_language
from tympan.tasks.transcribe.variation import FLOOR_DB
from tympan.tasks.windows import OverlappingWindows, cut

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph

Wave = npt.NDArray[np.float32]
Values = npt.NDArray[np.float32]
BATCH = 64
# Scores that differ by so little are alike.
ALIKE = 0.98
# What stands for silence lies so far below the loudest frame, at least.
QUIET_DB = 30.0


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

    @property
    def windows(self) -> OverlappingWindows:
        """Every step has a window around it; beyond both ends of a recording is silence."""
        step = round(self.config.step_s * self.rate_hz)
        around = max(0, round(self.config.window_s * self.rate_hz) - step) // 2
        return OverlappingWindows(step, step, around, around)

    @torch.inference_mode()
    def probabilities(self, waves: torch.Tensor) -> torch.Tensor:
        """Probability of each label in each window: `(b, t)` → `(b, k)`."""
        mels = window_mels(waves.cpu(), self.config).to(self.device)
        found: torch.Tensor = self.net(mels).softmax(-1)
        # Nothing at all is none of the words, whatever a net makes of it.
        silent = (waves == 0).all(1)
        found[silent] = torch.eye(len(self.labels), device=self.device)[0]
        return found

    def scores(self, wave: Wave) -> Values:
        """Probability of each label in each step of a wave `(t,)`: `(n, k)`."""
        cutter = self.windows.cutter()
        waves = [one.wave for one in cut(cutter, [np.asarray(wave, np.float32)])]
        parts = [
            self.probabilities(torch.from_numpy(np.stack(waves[at : at + BATCH]))).cpu()
            for at in range(0, len(waves), BATCH)
        ]
        return torch.cat(parts).numpy()

    def graph(self) -> Graph:
        """Its net for the export: a window's log mels in, probabilities `(b, k)` out."""
        from tympan.tasks.transcribe.graph import command_graph

        return command_graph(self)

    def label_of(self, wave: Wave) -> tuple[str, float]:
        """The word that a short wave `(t,)` holds, or `NONE`; and its score."""
        return self.label_in(self.scores(wave))

    def label_in(self, scores: Values) -> tuple[str, float]:
        """The same of a recording whose scores `(n, k)` are known."""
        word = int(scores[:, 1:].max(0).argmax()) + 1
        sure = float(scores[:, word].max())
        if sure >= self.config.threshold:
            return self.labels[word], sure
        return self.labels[0], float(scores[:, 0].max())

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words in a wave `(t,)`, each once; their times are those of its windows.

        Raises:
            ArgumentError: another language.
        """
        check_language(self.name, language, self.languages)
        if not len(wave):
            return []
        found = peaks(self.scores(wave), self.config)
        return [self.word(*one, duration_s=len(wave) / self.rate_hz) for one in found]

    def word(self, step: int, label: int, score: float, *, duration_s: float) -> Word:
        """A word that was heard in a step; its times are those of the middle of the window."""
        middle_s, half_s = (step + 0.5) * self.config.step_s, self.config.window_s / 4
        start_s, end_s = max(0.0, middle_s - half_s), min(duration_s, middle_s + half_s)
        start_s, end_s = round(start_s, 3), round(max(start_s, end_s), 3)
        return Word(start_s, end_s, self.labels[label], round(score, 3), True)


def window_mels(waves: torch.Tensor, config: CommandConfig) -> torch.Tensor:
    """Log mels in dB `(b, n_mels, n)` of windows `(b, t)`.

    Frames of no sound at all, as beyond the ends of a recording, are as its quiet ones are.
    """
    mels = log_mels(waves.numpy(), config.front)[:, :, : config.frames]
    missing = (mels <= FLOOR_DB).all(1, keepdim=True)
    quiet = mels.masked_fill(missing, torch.nan).nanquantile(0.05, 2, keepdim=True)
    quiet = torch.minimum(quiet.nan_to_num(FLOOR_DB), mels.amax((1, 2), keepdim=True) - QUIET_DB)
    return torch.where(missing, quiet, mels)


class Peaks:
    """Finds words while scores come in, each as soon as no later score can change it.

    A word is the best of its neighbours that are less than half a window away.

    Args:
        config: the window, the step and the threshold.

    >>> found = Peaks(CommandConfig())
    >>> rows = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.9, 0.1]], np.float32)
    >>> [one for row in rows for one in found.push(row)], [one[:2] for one in found.finish()]
    ([], [(1, 1)])
    """

    def __init__(self, config: CommandConfig) -> None:
        self._threshold = config.threshold
        self._reach = max(1, round(config.window_s / 2 / config.step_s))
        self._held: list[tuple[int, float]] = []  # label and score of the last steps
        self._first = self._next = 0  # the place of the first held, and the next to be decided

    def push(self, scores: Values) -> list[tuple[int, int, float]]:
        """Take the scores `(k,)` of the next step: step, label and score of what was said."""
        label = int(scores[1:].argmax()) + 1
        self._held.append((label, float(scores[label])))
        return self._decided(len(self._held) - self._reach)

    def finish(self) -> list[tuple[int, int, float]]:
        """The same of the last steps."""
        return self._decided(len(self._held))

    def _decided(self, before: int) -> list[tuple[int, int, float]]:
        found = []
        while self._next - self._first < before:
            place = self._next - self._first
            start = max(0, place - self._reach)
            near = [score for _, score in self._held[start : place + self._reach + 1]]
            label, score = self._held[place]
            if score >= self._threshold and place == start + int(np.argmax(near)):
                # As sure for several steps, it lies in the middle of them.
                after = near[place - start :]
                sure = next((i for i, x in enumerate(after) if x < ALIKE * score), len(after))
                found.append((self._next + (sure - 1) // 2, label, score))
            self._next += 1
        useless = self._next - self._first - self._reach
        if useless > 0:
            del self._held[:useless]
            self._first += useless
        return found


def peaks(scores: Values, config: CommandConfig) -> list[tuple[int, int, float]]:
    """Step, label and score of each word that was said.

    Args:
        scores: of each label in each step, `(n, k)`.
        config: the window, the step and the threshold.

    >>> scores = np.array([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.9, 0.1]], np.float32)
    >>> [(step, word) for step, word, _ in peaks(scores, CommandConfig())]
    [(1, 1)]
    """
    finder = Peaks(config)
    found = [one for row in scores for one in finder.push(row)]
    return [*found, *finder.finish()]
