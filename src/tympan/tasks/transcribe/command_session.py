"""A model of a few words behind the verb: recordings, streams, and scores for `watch`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.results.transcript import Transcript, Utterance
from tympan.tasks.transcribe.commands import BATCH, Peaks
from tympan.tasks.transcribe.session import SessionOptions
from tympan.tasks.transcribe.timing import of_word
from tympan.tasks.transcribe.transcriber import Transcriber
from tympan.tasks.transcribe.utterances import text_of, utterances
from tympan.tasks.windows import Batcher, Window

if TYPE_CHECKING:
    from tympan.tasks.results.transcript import Word
    from tympan.tasks.transcribe.commands import CommandModel
    from tympan.tasks.windows import Wave


class CommandTranscriber(Transcriber):
    """A model of a few words as a model of the verb.

    It hears everything, not only what the model `speech` takes for speech, so that it can listen
    always: its net costs less than that one.

    Args:
        recogniser: the model of a few words.
        device: where it computes.
    """

    def __init__(self, recogniser: CommandModel, device: str = "cpu") -> None:
        super().__init__(recogniser, device)
        self.commands = recogniser

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return Batcher(self.commands.probabilities, device=self.device, batch=BATCH)

    def _one(
        self,
        name: str,
        options: SessionOptions,
        *,
        live: bool,
        speakers: bool = False,
        book: str | None = None,
        batcher: Batcher | None = None,
    ) -> Any:
        if speakers or book is not None:
            what = f"{self.name} hears a few words, and does not tell speakers apart"
            fix = "leave out speakers and book, or name an engine"
            raise ArgumentError(what, fix=fix, option="speakers" if speakers else "book")
        return CommandSession(self.commands, name, batcher or self.batcher(), options, live=live)

    def stream(self, blocks: Iterable[Wave], **options: Any) -> Iterator[Any]:
        """Yield each word as soon as it is heard, while samples `(c, t)` or `(t,)` come in."""
        return BaseModel.stream(self, blocks, **options)


class CommandSession(ScoringSession[Transcript]):
    """A recording on its way to the words in it; `push` gives each as soon as it is final.

    Args:
        model: hears the words.
        name: how the answer calls the recording.
        batcher: takes windows through the net.
        options: how it is transcribed.
        live: answer each block, and do not wait for a batch of windows.
    """

    def __init__(
        self,
        model: CommandModel,
        name: str,
        batcher: Batcher,
        options: SessionOptions,
        *,
        live: bool = False,
    ) -> None:
        super().__init__(model.windows.cutter(), batcher)
        self._model, self._name, self._options = model, name, options
        self._peaks = Peaks(model.config)
        self._words: list[Word] = []
        self._samples = 0
        self._live, self._said = live, False

    @property
    def thresholds(self) -> dict[str, float]:
        """Score from which a word is told."""
        return dict.fromkeys(self.score_labels(), self._model.config.threshold)

    def score_labels(self) -> tuple[str, ...]:
        """The words, without that for none of them."""
        return self._model.labels[1:]

    def push(self, wave: Wave) -> Iterable[Any]:
        """Take the next samples `(1, t)`; the words that are final by now."""
        self._samples += wave.shape[1]
        found = super().push(wave)
        return [*found, *self.flush()] if self._live else found

    def take(self, window: Window, output: np.ndarray) -> None:
        """Take the probabilities `(k,)` of the next step."""
        if self.on_step is not None:
            start_s, end_s = (place / self._model.rate_hz for place in (window.start, window.end))
            self.on_step(
                start_s, end_s, dict(zip(self.score_labels(), output[1:].tolist(), strict=True))
            )
        self._heard(self._peaks.push(output))

    def _heard(self, found: Iterable[tuple[int, int, float]]) -> None:
        duration_s = self._samples / self._model.rate_hz
        if self.input is not None:
            duration_s = self.input.duration_s
        words = [self._model.word(*one, duration_s=duration_s) for one in found]
        self._words += words
        self.decide(of_word(one, "") for one in words)

    def partial(self) -> Utterance | None:
        """Nothing: a word is told at once, or not at all."""
        return None

    def forget(self) -> None:
        """Let go of the words that were given out."""
        self._words.clear()

    def finish(self) -> Iterable[Any]:
        """The words that remain; the recording ends here."""
        self.end()
        self.flush_waiting()
        if not self._said:
            self._said = True
            self._heard(self._peaks.finish())
        return self.decided()

    def answer(self) -> Transcript:
        """The words of the recording."""
        self.decide(self.finish())  # who asks for what was decided gets it behind the answer
        words = [] if self.input is not None and self.input.empty else self._words
        duration_s = self._samples / self._model.rate_hz
        if self.input is not None:
            duration_s = self.input.duration_s
        found = [of_word(one, "") for one in words] if self._options.words else utterances(words)
        return Transcript(
            self._name, text_of(words), self._model.config.language, tuple(found), duration_s,
            self._model.name, () if words else ("has none of the words",),
        )  # fmt: skip
