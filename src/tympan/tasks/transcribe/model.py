"""A recogniser of our own that is loaded, ready to write down what is said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.forced import placed
from tympan.tasks.transcribe.language_model import WordScores
from tympan.tasks.transcribe.net import FRAMES_OF_ANSWER, SpeechRecogniserNet, log_mels
from tympan.tasks.transcribe.recogniser import check_language, spread
from tympan.tasks.transcribe.rescoring import agreed, spelled
from tympan.tasks.transcribe.search import Candidate, SearchConfig, WordSearch
from tympan.tasks.transcribe.sounds import collapsed, numbers, spoken
from tympan.tasks.transcribe.tree import HotWords, grown

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph

Wave = npt.NDArray[np.float32]
Values = npt.NDArray[np.float32]
LONGEST_S = 60.0
# So many candidates of the search are compared.
CANDIDATES = 100


class TranscribeModel:
    """Phonemes by a net, words by a search; `tympan.tasks.transcribe.recogniser.Recogniser`.

    It may be called from several threads at once.

    Args:
        net: the net.
        config: its configuration.
        name: of the model.
        device: where it computes.
        words: the language model; None: words are spelled by the net alone.
    """

    task = "transcribe"
    mono = True
    gives_times = True
    labels: tuple[str, ...] = ()
    longest_s = LONGEST_S

    def __init__(
        self,
        net: SpeechRecogniserNet,
        config: TranscribeConfig,
        name: str,
        device: str,
        words: WordScores | None = None,
    ) -> None:
        self.device = torch.device(device)
        self.net, self.config, self.name = net.to(self.device).eval(), config, name
        self.rate_hz = config.rate_hz
        self.languages: tuple[str, ...] = (config.language,)
        self.language_model = words
        self.root = None if words is None else grown(words, config.phonemes)
        self.search = SearchConfig(config.language_weight, config.word_bonus)

    @torch.inference_mode()
    def scores(self, wave: Wave) -> tuple[Values, Values]:
        """Log probabilities of phonemes and of characters, `(m, k)` each, blanks first.

        Args:
            wave: `(t,)` at `rate_hz`.
        """
        mels = log_mels(wave, self.config)[None].to(self.device)
        found = self.net(mels, torch.tensor([mels.shape[2]], device=self.device))
        phonemes, characters = (one[0].log_softmax(-1).cpu().numpy() for one in found)
        return phonemes, characters

    def graph(self) -> Graph:
        """Its net for the export, see `tympan.tasks.transcribe.graph`."""
        from tympan.tasks.transcribe.graph import recogniser_graph

        return recogniser_graph(self)

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words of a wave `(t,)`, with their times; see `Recogniser.words`.

        Raises:
            ArgumentError: another language.
        """
        check_language(self.name, language, self.languages)
        if not len(wave):
            return []
        phonemes, characters = self.scores(wave)
        if self.root is None:
            return self._spelled(characters, len(wave) / self.rate_hz)
        return self._timed(self.decoded(phonemes, characters, hot_words), phonemes)

    def decoded(
        self, phonemes: Values, characters: Values, hot_words: Sequence[str] = ()
    ) -> list[tuple[str, str]]:
        """The words of `scores`, each with its phonemes; nothing without a language model."""
        if self.root is None or self.language_model is None:
            return []
        hot, known = None, self.config.phonemes
        if hot_words:
            hot = HotWords(hot_words, self.language_model, known, self.config.language)
        search = WordSearch(self.root, self.language_model, self.search, hot)
        search.push(phonemes)
        return [
            (search.text(word), "".join(known[i - 1] for i in sounds))
            for word, sounds in self._best(search, characters).words
        ]

    def _best(self, search: WordSearch, characters: Values) -> Candidate:
        """The best candidate, as both heads and the language model see them together."""
        weight = self.config.character_weight
        found = search.several(CANDIDATES if weight else 1)
        if len(found) == 1:
            return found[0]
        answers = [[search.text(word) for word, _ in one.words] for one in found]
        spelling = spelled(characters, [" ".join(one) for one in answers], self.config.characters)
        # A mean of both heads; the language model keeps its weight.
        scores = np.array([one.score + weight * one.language for one in found])
        number = {word: i for i, word in enumerate(dict.fromkeys(chain.from_iterable(answers)))}
        place = agreed(
            (scores + weight * spelling) / (1 + weight),
            [[number[word] for word in one] for one in answers],
        )
        return found[place]

    def align(self, wave: Wave, words: Sequence[str]) -> list[Word]:
        """Given words with their times in a wave `(t,)`, and how sure each is.

        Where there is too little sound for so many words, their times are estimated.
        """
        said = [spoken(one, self.config.language) for one in words]
        sounds = ["".join(part.phonemes for part in one) for one in said]
        phonemes, _ = self.scores(wave) if len(wave) else (np.zeros((0, 1), np.float32), None)
        found = self._timed(list(zip(words, sounds, strict=True)), phonemes)
        if found or not words:
            return found
        return spread(" ".join(words), 0.0, len(wave) / self.rate_hz)

    def _timed(self, words: Sequence[tuple[str, str]], phonemes: Values) -> list[Word]:
        """Words, each with its phonemes → their times; nothing if they do not fit in."""
        known = [numbers(sounds, self.config.phonemes) for _, sounds in words]
        if not words or not any(map(len, known)):
            return []
        found = placed(phonemes, np.concatenate(known))
        if found is None:
            return []
        step_s = FRAMES_OF_ANSWER * self.config.frame_s
        longest_s = len(phonemes) * step_s
        at, timed, end_s = 0, [], 0.0
        for (text, _), sounds in zip(words, known, strict=True):
            if not len(sounds):  # what has no sound is where the word before it ended
                timed.append(Word(end_s, end_s, text, None, True))
                continue
            there = slice(at, at + len(sounds))
            start_s = float(found.first[there][0]) * step_s
            end_s = min(longest_s, float(found.last[there][-1] + 1) * step_s)
            score = float(np.exp(found.score[there].mean()))
            timed.append(Word(round(start_s, 3), round(end_s, 3), text, round(score, 3)))
            at += len(sounds)
        return timed

    def _spelled(self, characters: Values, duration_s: float) -> list[Word]:
        """Words as the net spells them, where there is no language model."""
        known = self.config.characters
        letters = [known[i - 1] for i in collapsed(characters.argmax(-1).tolist())]
        words = "".join(letters).split()
        found = placed(characters, numbers(" ".join(words), known))
        if found is None:
            return spread(" ".join(words), 0.0, duration_s)
        step_s, at, timed = FRAMES_OF_ANSWER * self.config.frame_s, 0, []
        for word in words:
            there = slice(at, at + len(word))
            start_s = round(float(found.first[there][0]) * step_s, 3)
            end_s = round(float(found.last[there][-1] + 1) * step_s, 3)
            score = round(float(np.exp(found.score[there].mean())), 3)
            timed.append(Word(start_s, end_s, word, score))
            at += len(word) + 1
        return timed
