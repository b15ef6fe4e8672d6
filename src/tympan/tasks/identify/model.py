"""A loaded voice model: recordings to voices, voices to answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.cleaned import fingerprint_of, with_cleaning
from tympan.tasks.identify.book import BOOK, Book, kept_book
from tympan.tasks.identify.scoring import Scorer, probability
from tympan.tasks.identify.voice import (
    FLOOR_DBFS,
    FRAME_S,
    PAUSE_DB,
    Voice,
    clipped_share,
    frame_power,
    mean_voice,
    problem_of,
    warnings_of,
)
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.model import BaseModel, ScoringSession
from tympan.tasks.results import Identity, Segment
from tympan.tasks.results.identity import Candidate
from tympan.tasks.results.parts import UNKNOWN
from tympan.tasks.windows import Batcher, CenteredWindows, Window

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.graphs import Graph
    from tympan.tasks.identify.config import IdentifyConfig
    from tympan.tasks.identify.net import VoiceNet

BATCH = 8
# So likely is it, before listening, that somebody is in the book.
PRIOR = 0.5
# A window is of no speech where this is all the probability that its vector gives it: to take
# speech in noise for no speech is the worse mistake.
SPEECH = 0.1
MOST_CANDIDATES = 5
TO_ENROLL = "tympan enroll NAME FILE makes one"


@dataclass(frozen=True, eq=False)
class IdentifyModel(BaseModel[Identity]):
    """A loaded voice model, ready to answer.

    Attributes:
        net: the net, in evaluation mode.
        config: its configuration.
        name: of the catalogue or folder.
        scorer: from voices to log odds.
        digest: of its weights: a voice book belongs to one.
        device: where it computes.
        speech: `(d + 1,)`, a linear head that tells speech from other sounds; None: there is none.
        labels: none: who is known stands in the voice book.
        trained_speakers: whose voices it was trained on.
    """

    net: VoiceNet
    config: IdentifyConfig
    name: str
    scorer: Scorer
    digest: str = ""
    device: str = "cpu"
    speech: np.ndarray | None = None
    labels: tuple[str, ...] = ()
    trained_speakers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.net.to(self.device)

    @property
    def task(self) -> str:
        """`"identify"`."""
        return "identify"

    @property
    def rate_hz(self) -> int:
        """Rate of the samples that it takes."""
        return self.config.rate_hz

    @property
    def book_digest(self) -> str:
        """What the vectors of a book must have been made by to be compared with its own."""
        return fingerprint_of(self.digest, self)

    def batcher(self) -> Batcher:
        """What takes windows `(b, t)` through the net."""
        return Batcher(self._vectors, device=self.device, batch=BATCH)

    def graph(self) -> Graph:
        """Its net for the export: spectrogram in, the vector of the voice `(b, d)` out."""
        from tympan.tasks.identify.graph import voice_graph

        return voice_graph(self.net)

    def _vectors(self, waves: Tensor) -> Tensor:
        return self.net.vectors(waves)

    def session(
        self,
        *,
        name: str = "",
        batcher: Batcher | None = None,
        book: str | Book | None = None,
        threshold: float | None = None,
        **options: Any,
    ) -> IdentifySession:
        """Begin a recording.

        Args:
            name: how the answer calls it.
            batcher: takes the windows through the net, with those of other recordings.
            book: the voice book, or its file; None: `voices.tympan` in the working directory.
            threshold: probability from which a voice gets its name; None: the book's own.
            options: there are no others.

        Raises:
            DataError: the book cannot be read.
            ArgumentError: the book is of another model, or there is another option.
        """
        if options:
            what = f"identify has no option {next(iter(options))!r}"
            raise ArgumentError(what, fix="it has book and threshold")
        if threshold is not None and not 0 <= threshold <= 1:
            what = f"threshold={threshold} must be between 0 and 1"
            raise ArgumentError(what, option="threshold")
        known = self.book(book)
        return IdentifySession(self, name, known, threshold, batcher or self.batcher())

    def book(self, book: str | Book | None) -> Book | None:
        """The voice book of a name; None: none was named, and there is none of the usual name.

        Raises:
            DataError: it cannot be read.
            ArgumentError: it is of another model.
        """
        found = _opened(book)
        if found is not None:
            found.check_model(self.name, self.book_digest)
        return found

    def book_as_made(self, book: str | Book | None) -> Book | None:
        """The same, of recordings that were cleaned or not; `Book.cleaned` says which.

        Raises:
            DataError: it cannot be read.
            ArgumentError: it is of another model.
        """
        found = _opened(book)
        return None if found is None else with_cleaning(self, found.cleaned).book(found)

    def voice(self, source: Any, *, name: str = "") -> Voice:
        """The voice of a recording of any length: one person who speaks.

        Raises:
            AudioFileError: it cannot be read.
        """
        from tympan.tasks.inputs import name_of

        session = IdentifySession(self, name or name_of(source), None, None, self.batcher())
        feed = self._fed(session, source)
        feed.answers()
        return session.voice()

    def voice_of(self, wave: np.ndarray, name: str = "") -> Voice:
        """The voice of samples `(t,)` at the model's rate."""
        session = IdentifySession(self, name, None, None, self.batcher())
        session.push(np.asarray(wave, np.float32)[None])
        session.result()
        return session.voice()

    def answer(self, voice: Voice, book: Book | None, threshold: float | None = None) -> Identity:
        """Whose voice it is, of those in a book."""
        warnings = voice.warnings
        head: dict[str, Any] = {
            "file": voice.file,
            "duration_s": voice.duration_s,
            "model": self.name,
        }
        unscored: dict[str, Any] = {**head, "speaker": None, "similarity": None, "probability": 0.0}
        if voice.problem:
            return Identity(**unscored, speech_s=voice.speech_s, reason=voice.problem)
        if book is None or not book.voices:
            missing = f"{without_voices(book)}: {TO_ENROLL}"
            return Identity(**unscored, speech_s=voice.speech_s, reason=missing, warnings=warnings)
        cosines = book.means().astype(np.float64) @ voice.vector.astype(np.float64)
        odds = self.log_odds(voice, book)
        shares = open_set(odds)
        order = np.argsort(-odds, kind="stable")
        best = int(order[0])
        accepted = is_known(float(odds[best]), float(shares[best]), book, threshold)
        candidates = tuple(
            Candidate(book.names[i], float(cosines[i]), float(shares[i]))
            for i in order[:MOST_CANDIDATES]
        )
        return Identity(
            **head,
            speaker=book.names[best] if accepted else None,
            similarity=float(cosines[best]),
            probability=float(shares[best]),
            warnings=warnings,
            speech_s=voice.speech_s,
            candidates=candidates,
        )

    def log_odds(self, voice: Voice, book: Book) -> np.ndarray:
        """Natural log odds `(n,)` that a voice is each of those in a book."""
        normalised = self.scorer.similarities(voice.vector, book.means())[0]
        return self.scorer.log_odds(normalised, voice.speech_s, book.speech_s())


def _opened(book: str | Book | None) -> Book | None:
    """A voice book or that of a file, by default of the usual name; None: there is none of that."""
    if book is None:
        if not Path(BOOK).exists():
            return None
        book = BOOK
    # A stream has a session for each stretch of sound.
    return book if isinstance(book, Book) else kept_book(book)


def without_voices(book: Book | None) -> str:
    """What is missing where nobody is known."""
    return "there is no voice book" if book is None else "the voice book is empty"


def is_known(log_odds: float, share: float, book: Book, threshold: float | None) -> bool:
    """Whether the voice of a book that is most likely gets its name.

    Args:
        log_odds: that it is this one.
        share: the same as a probability among all, see `open_set`.
        book: has a threshold of its own for the log odds.
        threshold: of the user, for the probability; None: the book's own counts.
    """
    if threshold is not None:
        return share >= threshold
    return log_odds >= float(book.calibration.get("threshold", 0.0)) and share >= 0.5


def open_set(log_odds: np.ndarray, prior: float = PRIOR) -> np.ndarray:
    """The probability `(n,)` of each voice of a book; what is missing to 1 is "none of them".

    Args:
        log_odds: of each voice against any other `(n,)`.
        prior: so likely is it that it is one of them, each alike.

    >>> open_set(np.array([0.0])).tolist(), open_set(np.array([2.0, -50.0])).round(2).tolist()
    ([0.5], [0.79, 0.0])
    """
    each = np.asarray(log_odds, np.float64) + np.log(prior / len(log_odds))
    none = np.log(1 - prior)
    top = max(float(each.max()), none)
    weights = np.exp(each - top)
    return np.asarray(weights / (weights.sum() + np.exp(none - top)))


class IdentifySession(ScoringSession[Identity]):
    """A recording on its way to its voice.

    `push` gives a `Segment` for each window with speech, where there are voices to compare with:
    what the answer about that window alone would be.
    """

    def __init__(
        self,
        model: IdentifyModel,
        name: str,
        book: Book | None,
        threshold: float | None,
        batcher: Batcher,
    ) -> None:
        window_s = model.config.window_s
        geometry = CenteredWindows(model.rate_hz, window_s, window_s, window_s, SHORTEST_S)
        super().__init__(geometry.cutter(), batcher)
        self._model, self._name, self._book, self._threshold = model, name, book, threshold
        self._vectors: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []
        self._is_speech: list[bool] = []
        self._clipped: list[float] = []  # samples of each window that are clipped
        self._samples: list[int] = []
        self._found: Voice | None = None

    def take(self, window: Window, output: np.ndarray) -> None:
        """Take the vector `(d,)` of the next window."""
        own = window.own
        self._samples.append(window.end - window.start)
        self._clipped.append(clipped_share(own) * len(own))
        self._powers.append(frame_power(own, self._model.rate_hz))
        self._vectors.append(np.asarray(output, np.float32))
        head = self._model.speech
        score = 1.0 if head is None else float(output @ head[:-1] + head[-1])
        self._is_speech.append(bool(probability(score) >= SPEECH))
        if self._book is not None and self._book.voices:
            rate_hz = self._model.rate_hz
            self._compare(self._book, window.start / rate_hz, window.end / rate_hz)

    def _compare(self, book: Book, start_s: float, end_s: float) -> None:
        """Give out whose voice the last window is."""
        scores = dict.fromkeys((*book.names, UNKNOWN), 0.0)
        voice = self.last_voice()
        if not voice.problem:
            odds = self._model.log_odds(voice, book)
            shares = open_set(odds)
            best = int(odds.argmax())
            nobody = max(0.0, 1 - float(shares.sum()))
            scores = dict(zip((*book.names, UNKNOWN), (*shares.tolist(), nobody), strict=True))
            known = is_known(float(odds[best]), float(shares[best]), book, self._threshold)
            label = book.names[best] if known else UNKNOWN
            self.decide([Segment(start_s, end_s, label, scores[label])])
        if self.on_step is not None:
            self.on_step(start_s, end_s, scores)

    def score_labels(self) -> tuple[str, ...]:
        """The names in the voice book, and that of nobody in it.

        Raises:
            ArgumentError: there is no book, or nobody in it.
        """
        if self._book is None or not self._book.voices:
            raise ArgumentError(without_voices(self._book), fix=TO_ENROLL, option="book")
        return (*self._book.names, UNKNOWN)

    @property
    def thresholds(self) -> float | None:
        """Probability from which a window surely has a name; None: there is nobody to compare with.

        That of the book is one of log odds. It is the probability that it gives where no other
        voice comes near; where one does, the log odds of the same probability are higher.
        """
        if self._threshold is not None or self._book is None or not self._book.voices:
            return self._threshold
        limit = np.full(len(self._book), -np.inf)
        limit[0] = float(self._book.calibration.get("threshold", 0.0))
        return max(0.5, float(open_set(limit)[0]))

    def forget(self) -> None:
        """Let go of the windows that were given out: what follows is answered without them."""
        for kept in (self._vectors, self._powers, self._is_speech, self._clipped, self._samples):
            kept.clear()

    def last_voice(self) -> Voice:
        """The voice of the last window, as if it were the whole recording."""
        return self._summed(len(self._vectors) - 1)

    def voice(self) -> Voice:
        """The voice of the recording; all of it has been taken."""
        if self._found is None:
            self._found = self._summed()
        return self._found

    def _summed(self, first: int = 0) -> Voice:
        """The voice of all windows from a certain one on."""
        duration_s = sum(self._samples[first:]) / self._model.rate_hz
        powers = self._powers[first:]
        loudest = max((float(p.max(initial=0)) for p in powers), default=0.0)
        limit = max(loudest * 10 ** (PAUSE_DB / 10), 10 ** (FLOOR_DBFS / 10))
        loud = np.array([FRAME_S * float((p > limit).sum()) for p in powers])
        speech = loud * np.array(self._is_speech[first:], bool)
        speech_s = min(float(speech.sum()), duration_s)
        silent = loudest == 0 or (self.input is not None and self.input.empty)
        clipped = sum(self._clipped[first:]) / max(1, sum(self._samples[first:]))
        problem = problem_of(speech_s, duration_s, clipped, silent)
        size = self._model.config.size
        vector = np.zeros(size, np.float32)
        if len(loud):
            rows = np.stack(self._vectors[first:])
            vector = mean_voice(rows, speech if speech_s > 0 else loud)
        return Voice(self._name, vector, speech_s, duration_s, problem, warnings_of(speech_s))

    def answer(self) -> Identity:
        """Whose voice it is."""
        return self._model.answer(self.voice(), self._book, self._threshold)
