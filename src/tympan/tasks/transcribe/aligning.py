"""Times of the words that an engine heard: by the recogniser of our own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tympan.tasks.results.transcript import Word

if TYPE_CHECKING:
    from tympan.tasks.transcribe.model import TranscribeModel

Wave = npt.NDArray[np.float32]
MODEL = "english"
# How sure it is of the words of a real recording is 0.15 to 0.33 on average, and below 0.09 where
# they are those of another one.
LEAST = 0.1


class OwnAligner:
    """Says when given words are spoken; `tympan.tasks.transcribe.recogniser.Aligns`.

    It writes far fewer words right than any engine, but where the words are known, the likeliest
    path of their phonemes through its answers is a good one. Its weights are read at the first
    call, without its vocabulary, which takes most of the memory.

    Attributes:
        languages: of the words that it can place.

    Args:
        device: where it computes.
        name: of a recogniser of our own.
    """

    languages = ("en",)

    def __init__(self, device: str = "cpu", name: str = MODEL) -> None:
        self._device, self._name = device, name
        self._model: TranscribeModel | None = None
        self._lock = threading.Lock()

    def align(self, wave: Wave, words: Sequence[str]) -> list[Word]:
        """The same words with their times in a wave `(t,)`.

        How sure it is of a word says nothing of how sure the engine was, and is left out. Where
        the words do not fit in, or it hears others, nothing is given.
        """
        found = self._loaded().align(wave, words)
        sure = [word.score for word in found if word.score is not None]
        if not sure or float(np.mean(sure)) < LEAST:
            return []
        return [replace(word, score=None, estimated=None) for word in found]

    def _loaded(self) -> TranscribeModel:
        with self._lock:
            if self._model is None:
                from tympan.models import load_model
                from tympan.tasks.transcribe.task import TASK

                self._model = TASK.recogniser(
                    load_model(self._name), self._device, vocabulary=False
                )
            return self._model
