"""A recogniser of a made language: each word is two tones. It hears what is there, and no more.

It is a real one: it looks for tones in the samples that it gets, so that a word that was cut in two
is heard as half a word, and a word that it never got is not heard. The tests of everything around
recognisers use it, as a package that a user has installed.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from tympan.audio import Clip
from tympan.tasks.engines import Engine
from tympan.tasks.results import Word
from tympan.tasks.transcribe.recogniser import spread
from tympan.tasks.transcribe.transcriber import Transcriber

RATE_HZ = 16000
FRAME = 320
FIRST_HZ = [400.0 + 100 * i for i in range(10)]
SECOND_HZ = [1500.0 + 100 * i for i in range(10)]
TONE_S, GAP_S = 0.1, 0.05
WORD_S = 2 * TONE_S + GAP_S
SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu")
WORDS = tuple(a + b for a, b in itertools.product(SYLLABLES, repeat=2))
"""The words of the language; the first syllable is the first tone."""


def tone(frequency_hz: float, seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def coded(words: Sequence[str], pauses_s: Sequence[float] = ()) -> np.ndarray:
    """Words as a wave `(t,)`, a gap behind each, and behind that its pause, if one is given."""
    parts = [np.zeros(0)]
    for word, pause_s in itertools.zip_longest(words, pauses_s[: len(words)], fillvalue=0.0):
        a, b = divmod(WORDS.index(str(word)), 10)
        parts += [tone(FIRST_HZ[a], TONE_S), tone(SECOND_HZ[b], TONE_S)]
        parts.append(np.zeros(round((GAP_S + float(pause_s)) * RATE_HZ)))
    return np.concatenate(parts).astype(np.float32)


def clip_of(words: Sequence[str], pauses_s: Sequence[float] = ()) -> Clip:
    return Clip(coded(words, pauses_s)[None], RATE_HZ)


def text_of(count: int, seed: int = 0) -> list[str]:
    """So many words, no two neighbours the same."""
    rng = np.random.default_rng(seed)
    found: list[str] = []
    while len(found) < count:
        word = WORDS[int(rng.integers(len(WORDS)))]
        if not found or found[-1] != word:
            found.append(word)
    return found


class CodedRecogniser:
    """Hears the words of a wave, half ones too."""

    rate_hz = RATE_HZ
    languages = ("en",)

    def __init__(
        self, longest_s: float = 4.0, *, gives_times: bool = True, name: str = "coded"
    ) -> None:
        self.longest_s, self.gives_times, self.name = longest_s, gives_times, name
        self.lengths_s: list[float] = []
        self.asked: list[tuple[tuple[str, ...], str | None]] = []

    def words(
        self, wave: np.ndarray, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        self.lengths_s.append(len(wave) / RATE_HZ)
        self.asked.append((tuple(hot_words), language))
        found = heard(wave)
        if self.gives_times:
            return found
        return spread(" ".join(w.text for w in found), 0.0, len(wave) / RATE_HZ)


def heard(wave: np.ndarray) -> list[Word]:
    """The words of a wave."""
    hop = 160
    bank_hz = np.array(FIRST_HZ + SECOND_HZ)
    count = max(0, (len(wave) - FRAME) // hop + 1)
    turn = np.exp(-2j * np.pi * bank_hz[:, None] * np.arange(FRAME) / RATE_HZ)
    frames = [wave[i * hop : i * hop + FRAME] for i in range(count)]
    levels = np.abs(np.array(frames).reshape(count, FRAME) @ turn.T) / FRAME
    loud = levels.max(1, initial=0.0) > 0.05 if count else np.zeros(0, bool)
    which = np.where(loud, levels.argmax(1), -1) if count else np.zeros(0, int)
    runs: list[tuple[int, int, int]] = []
    for value, group in itertools.groupby(enumerate(which), key=lambda pair: int(pair[1])):
        places = [i for i, _ in group]
        if value >= 0 and len(places) >= 4:
            runs.append((value, places[0], places[-1] + 1))
    found: list[Word] = []
    at = 0
    while at < len(runs):
        value, begin, end = runs[at]
        start_s = begin * hop / RATE_HZ
        if value < 10 and at + 1 < len(runs) and runs[at + 1][0] >= 10:
            text = SYLLABLES[value] + SYLLABLES[runs[at + 1][0] - 10]
            end, at = runs[at + 1][2], at + 1
        else:
            text = SYLLABLES[value % 10]  # half a word
        found.append(Word(start_s, end * hop / RATE_HZ + 0.01, text, 0.9))
        at += 1
    return found


class Loudness:
    """Finds speech by the level alone."""

    frame = FRAME

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)

    def push(self, wave: np.ndarray) -> np.ndarray:
        both = np.concatenate([self._rest, wave])
        whole = len(both) // FRAME * FRAME
        self._rest = both[whole:]
        return self._of(both[:whole])

    def finish(self) -> np.ndarray:
        return self._of(np.pad(self._rest, (0, -len(self._rest) % FRAME)))

    def _of(self, wave: np.ndarray) -> np.ndarray:
        power = np.square(wave.reshape(-1, FRAME)).mean(1)
        return np.where(power > 1e-4, 0.95, 0.01).astype(np.float32)


def model(longest_s: float = 4.0, *, gives_times: bool = True) -> Transcriber:
    recogniser = CodedRecogniser(longest_s, gives_times=gives_times)
    return Transcriber(recogniser, finder=Loudness)


def load(device: str) -> Transcriber:
    return model()


ENGINE = Engine(
    name="coded",
    task="transcribe",
    package="coded-words",
    extra="",
    licence="MIT",
    size_mb=0.1,
    description="Words of two tones.",
    load="coded_words:load",
    rank=9,
)
