"""A recording on its way to its transcript: where speech is, in windows, through a recogniser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan.tasks.results.transcript import Transcript, Utterance, Word
from tympan.tasks.transcribe.guards import INVENTED, SURE_SPEECH, Guarded, guarded
from tympan.tasks.transcribe.hot_words import with_hot_words
from tympan.tasks.transcribe.recogniser import Aligns, DetectsLanguage, Recogniser
from tympan.tasks.transcribe.seams import joined
from tympan.tasks.transcribe.timing import later, of_word, timed, within
from tympan.tasks.transcribe.utterances import by_speaker, text_of, utterances
from tympan.tasks.transcribe.windows import CutRules, FindsSpeech, SpeechCutter, SpeechPiece

if TYPE_CHECKING:
    from tympan.tasks.inputs import ModelInput
    from tympan.tasks.speakers.session import SpeakersSession

Wave = npt.NDArray[np.float32]
# A window is heard anew in halves where its text cannot be right, down to this length.
LEAST_HALF_S = 2.0
# Shorter pieces are too short to tell a language from.
TELLS_LANGUAGE_S = 2.0
MOST_WARNINGS = 3
# Words so long before the next window are final: it does not hear them.
SETTLED_S = 3.0


@dataclass(frozen=True)
class SessionOptions:
    """How a recording is transcribed.

    Attributes:
        hot_words: words and names that are likely.
        language: of the recording; None: the recogniser's usual one, or the one that is heard.
        words: each word is a segment of its own.
        rules: where speech is cut; None: the usual, as long as the recogniser takes it.
    """

    hot_words: tuple[str, ...] = ()
    language: str | None = None
    words: bool = False
    rules: CutRules | None = None


@dataclass
class Heard:
    """What a session has found so far.

    Attributes:
        words: those that are final.
        reasons: what was left out → where it was, in seconds.
    """

    words: list[Word] = field(default_factory=list)
    reasons: dict[str, list[float]] = field(default_factory=dict)


class TranscribeSession:
    """One recording on its way to its transcript.

    It holds the samples of one window, the words, and where speakers are wanted what tells them
    apart.

    Args:
        recogniser: gives words.
        finder: says where speech is.
        name: how the answer calls the recording.
        options: how it is transcribed.
        speakers: tells speakers apart; None: that is not wanted.
        aligner: finds times of words for a recogniser that gives none.

    Attributes:
        heard: what has been found so far.
        on_window: is called after windows have been heard; None: nobody is.
        input: what is known of the recording beside its samples; None in a stream.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        finder: FindsSpeech,
        name: str = "",
        options: SessionOptions | None = None,
        *,
        speakers: SpeakersSession | None = None,
        aligner: Aligns | None = None,
    ) -> None:
        self._recogniser, self._finder, self._name = recogniser, finder, name
        self.options = options or SessionOptions()
        self._speakers, self._aligner = speakers, aligner
        rules = self.options.rules or CutRules(recogniser.longest_s)
        self._rate_hz = recogniser.rate_hz
        self._cutter = SpeechCutter(rules, self._rate_hz, finder.frame)
        self._frame_s = finder.frame / self._rate_hz
        self._language = self.options.language
        self._samples = 0
        self._open: list[Word] = []  # words that the next window may hear better
        self._open_end_s = 0.0
        self._count = self._skip = 0  # windows so far, and those of a run before this one
        self.heard = Heard()
        self.on_window: Callable[[], None] | None = None
        self.input: ModelInput | None = None

    # -- samples in ----------------------------------------------------------------------------

    def push(self, wave: Wave) -> Iterable[Utterance]:
        """Take the next samples `(1, t)`; the utterances that are final by now.

        Where speakers are wanted, that is none before the end.
        """
        own = np.asarray(wave[0], np.float32)
        self._samples += len(own)
        if self._speakers is not None:
            self._speakers.push(own[None])
        before = len(self.heard.words)
        self._take(self._cutter.push(own, self._finder.push(own)))
        if self._speakers is not None:
            return ()
        return utterances(self.heard.words[before:])

    def partial(self) -> Utterance | None:
        """What is said just now, as far as it can be told; None: nobody speaks.

        The words that are not final yet, and those of the window that has not ended.
        """
        piece = self._cutter.open()
        words = list(self._open)
        if piece is not None and len(piece.wave) >= 0.3 * self._rate_hz:
            words = self._joined(piece, self._words(piece, note=False))
        if not words:
            return None
        return Utterance(words[0].start_s, words[-1].end_s, text_of(words), "", tuple(words))

    def finish(self) -> Iterable[Utterance]:
        """The utterances that remain; the recording ends here."""
        before = len(self.heard.words)
        self._take(self._cutter.finish(self._finder.finish()))
        self._close()
        return utterances(self.heard.words[before:])

    def forget(self) -> None:
        """Let go of the words that were given out, for a stream that never ends."""
        self.heard.words.clear()

    # -- the answer ----------------------------------------------------------------------------

    def result(self) -> Transcript:
        """The transcript of all that was pushed; call it once, at the end."""
        self.finish()
        duration_s = self._samples / self._rate_hz
        if self.input is not None:
            duration_s = self.input.duration_s
        words = [within(w, duration_s) for w in self.heard.words]
        if self.input is not None and self.input.empty:
            words = []
        warnings = [] if words else ["has no speech"]
        found = utterances(words)
        if self._speakers is not None:
            turns = self._speakers.result()
            found = by_speaker(words, turns.segments)
        if self.options.words:
            found = [of_word(w, one.speaker) for one in found for w in one.words]
        return Transcript(
            self._name,
            text_of(words),
            self._language or self._recogniser.languages[0],
            tuple(found),
            duration_s,
            self._recogniser.name,
            (*warnings, *self._warnings()),
        )

    def _warnings(self) -> list[str]:
        lines = []
        for reason, times in self.heard.reasons.items():
            where = ", ".join(f"{t:.0f}" for t in times[:MOST_WARNINGS])
            more = f" and {len(times) - MOST_WARNINGS} more places" * (len(times) > MOST_WARNINGS)
            lines.append(f"{reason} (at {where} s{more})")
        return lines

    # -- after an interruption -----------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What has been found, as JSON can hold it, for `restore`."""
        return {
            "windows": max(self._count, self._skip),
            "words": [[*vars(w).values()] for w in self.heard.words],
            "open": [[*vars(w).values()] for w in self._open],
            "open_end_s": self._open_end_s,
            "reasons": self.heard.reasons,
            "language": self._language,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another session about the same recording was, which gave this `state`.

        The recording is pushed from its beginning all the same, but nothing of what is known is
        recognised again.
        """
        self._skip = int(state["windows"])
        self.heard = Heard([Word(*one) for one in state["words"]], dict(state["reasons"]))
        self._open = [Word(*one) for one in state["open"]]
        self._open_end_s, self._language = float(state["open_end_s"]), state["language"]

    # -- windows -------------------------------------------------------------------------------

    def _take(self, pieces: Sequence[SpeechPiece]) -> None:
        for piece in pieces:
            self._count += 1
            if self._count <= self._skip:
                continue
            words = self._words(piece)
            if not piece.overlap:
                self._close()
            self._open = self._joined(piece, words)
            self._open_end_s = (piece.start + len(piece.wave)) / self._rate_hz
        if self._count < self._skip:
            return
        if self._cutter.overlapping:
            self._settle()
        else:
            self._close()
        if pieces and self.on_window is not None:
            self.on_window()

    def _joined(self, piece: SpeechPiece, words: list[Word]) -> list[Word]:
        """The words that wait, and those of a window."""
        if not piece.overlap:
            return words
        return joined(self._open, words, piece.start / self._rate_hz, self._open_end_s)

    def _settle(self) -> None:
        """Words that no later window will hear are final."""
        start = self._cutter.open_start
        if start is None:
            return
        until_s = start / self._rate_hz - SETTLED_S
        count = next((i for i, w in enumerate(self._open) if w.end_s > until_s), len(self._open))
        self.heard.words += self._open[:count]
        self._open = self._open[count:]

    def _close(self) -> None:
        self.heard.words += self._open
        self._open = []

    def _words(self, piece: SpeechPiece, *, note: bool = True) -> list[Word]:
        """What is said in a window, with times of the recording."""
        start_s = piece.start / self._rate_hz
        kept = self._guarded(piece.wave, piece.speech)
        words, reason = self._aligned(piece.wave, kept.words), kept.reason
        if words is None:
            words = kept.words
            if piece.speech.max(initial=0.0) < SURE_SPEECH:
                words, reason = [], INVENTED
        if reason and note:
            self.heard.reasons.setdefault(reason, []).append(start_s)
        words = with_hot_words(words, self.options.hot_words)
        return later(words, start_s)

    def _guarded(self, wave: Wave, speech: npt.NDArray[np.float32]) -> Guarded:
        """The words of a wave without what cannot have been said, heard anew where need be."""
        words, times = self._recognised(wave, speech)
        found = guarded(words, speech, self._frame_s, times=times)
        if not found.again or len(wave) < 2 * LEAST_HALF_S * self._rate_hz:
            return found
        frame = len(speech) // 4 + int(speech[len(speech) // 4 : 3 * len(speech) // 4].argmin())
        cut = frame * self._finder.frame
        halves = [
            self._guarded(wave[:cut], speech[:frame]),
            self._guarded(wave[cut:], speech[frame:]),
        ]
        second = later(halves[1].words, cut / self._rate_hz)
        reason = halves[0].reason or halves[1].reason
        return Guarded([*halves[0].words, *second], reason)

    def _recognised(self, wave: Wave, speech: npt.NDArray[np.float32]) -> tuple[list[Word], bool]:
        """The words of a wave, and whether their times were found."""
        recogniser, options = self._recogniser, self.options
        wave = np.clip(wave, -1.0, 1.0)
        if self._language is None and isinstance(recogniser, DetectsLanguage):
            found = recogniser.detect(wave)
            if len(wave) >= TELLS_LANGUAGE_S * self._rate_hz:
                self._language = found
        words = recogniser.words(wave, hot_words=options.hot_words, language=self._language)
        given = recogniser.gives_times or not words
        return (words if given else timed(words, speech, self._frame_s)), recogniser.gives_times

    def _aligned(self, wave: Wave, words: list[Word]) -> list[Word] | None:
        """Words that have been let through, at the times that an aligner finds for them.

        None: it should know such words, and finds them nowhere.
        """
        language = self._language or self._recogniser.languages[0]
        known = getattr(self._aligner, "languages", (language,))
        if self._aligner is None or not words or language not in known:
            return words
        found = self._aligner.align(np.clip(wave, -1.0, 1.0), [w.text for w in words])
        if [w.text for w in found] != [w.text for w in words]:
            return None
        return [replace(w, score=old.score) for w, old in zip(found, words, strict=True)]
