"""What every voice has in common, whatever makes its sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tympan._words import suggested
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.tasks.speak.controls import Control
    from tympan.text import Lexicon, SpokenSentence

Wave = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Timed:
    """A phoneme, punctuation or pause, and when it is spoken.

    Attributes:
        text: the symbol.
        start_s: seconds from the start of its sentence.
        end_s: its end.
        word: number of its word in the sentence; −1 for what belongs to none.
    """

    text: str
    start_s: float
    end_s: float
    word: int


@dataclass(frozen=True)
class SpokenPart:
    """One sentence, spoken.

    Attributes:
        samples: `(t,)` at the voice's rate, the pause behind it included.
        sentence: what was spoken.
        symbols: phonemes, punctuation and pauses with their times.
        warnings: what was not done as the text wants it.
    """

    samples: Wave
    sentence: SpokenSentence
    symbols: tuple[Timed, ...]
    warnings: tuple[str, ...] = ()


class SpeechVoice:
    """A voice; another kind of voice overrides `part`.

    Args:
        name: of the voice.
        speakers: who can speak with it; the first one does unless another is named.
        rate_hz: rate of its sound.
        language: of its texts, as `tympan.text.read` takes it.
        digest: SHA-256 of its weights, for the mark in files.
    """

    task = "speak"
    mono = True
    not_exported = (
        "its sound is made by rule, with a transform and its inverse, which runtimes have no "
        "operators for"
    )

    def __init__(
        self, name: str, speakers: tuple[str, ...], rate_hz: int, language: str, digest: str = ""
    ) -> None:
        self.name, self.speakers, self.language, self.digest = name, speakers, language, digest
        self.labels, self.rate_hz = speakers, rate_hz

    def part(
        self,
        sentence: SpokenSentence,
        *,
        speaker: int = 0,
        speed: float = 1.0,
        pitch: float = 0.0,
        controls: Sequence[Control] = (),
    ) -> SpokenPart:
        """One sentence, spoken.

        Args:
            sentence: with words.
            speaker: number of the speaker.
            speed: 2 is twice as fast.
            pitch: semitones higher.
            controls: how each word is spoken beside that; none: all alike.
        """
        raise NotImplementedError

    def number_of(self, speaker: str | None) -> int:
        """The number of a speaker; the first one unless a name is given.

        Raises:
            ArgumentError: there is no such speaker.
        """
        if speaker is None:
            return 0
        if speaker not in self.speakers:
            fix = suggested(speaker, self.speakers, "speaker")
            local = None if fix.startswith("did") else "--list-voices lists voices"
            what = f"{self.name} has no speaker {speaker!r}"
            raise ArgumentError(what, fix=fix, local=local, option="speaker")
        return self.speakers.index(speaker)

    def stream(
        self,
        text: str,
        *,
        speaker: str | None = None,
        speed: float = 1.0,
        pitch: float = 0.0,
        lexicon: Lexicon | str | None = None,
        ssml: bool = False,
        skip: int = 0,
    ) -> Iterator[SpokenPart]:
        """Yield each sentence as soon as it is spoken.

        Args:
            text: of any length.
            speaker: who speaks; the first speaker by default.
            speed: 2 is twice as fast.
            pitch: semitones higher.
            lexicon: pronunciations that come before our own, or the file that holds them.
            ssml: the text is SSML, see `tympan.text.read_ssml`.
            skip: so many of the parts at the beginning are read and not spoken: they come without
                samples.

        Raises:
            ArgumentError: there is no such speaker, or the text is no SSML.
        """
        from tympan.text import Lexicon, read

        if isinstance(lexicon, str):
            lexicon = Lexicon.load(lexicon, self.language)
        number = self.number_of(speaker)
        if ssml:
            yield from self._marked_up(text, number, speed, pitch, lexicon, skip)
            return
        sentences = read(text, self.language, lexicon=lexicon)
        told = (one for one in sentences if one.words or one.unspoken)
        for place, sentence in enumerate(told):
            if sentence.words and place >= skip:
                yield self.part(sentence, speaker=number, speed=speed, pitch=pitch)
            else:
                yield SpokenPart(np.zeros(0, np.float32), sentence, ())

    def _marked_up(
        self,
        text: str,
        number: int,
        speed: float,
        pitch: float,
        lexicon: Lexicon | None,
        skip: int,
    ) -> Iterator[SpokenPart]:
        """The sentences and pauses of a text in SSML."""
        from tympan.tasks.speak.controls import controlled
        from tympan.text import SpokenSentence

        for place, one in enumerate(controlled(text, self.language, lexicon)):
            warnings = one.warnings
            who = number
            if one.speaker in self.speakers:
                who = self.speakers.index(one.speaker)
            elif one.speaker:
                warnings += (f"{self.name} has no speaker {one.speaker!r}",)
            if one.sentence is None or not one.sentence.words or place < skip:
                pause_s = (one.pause_s or 0.0) * (place >= skip)
                silence = np.zeros(round(pause_s * self.rate_hz), np.float32)
                sentence = one.sentence or SpokenSentence((), "", 0, 0, 0.0)
                yield SpokenPart(silence, sentence, (), warnings)
                continue
            sentence = one.sentence
            if one.pause_s is not None:
                sentence = replace(sentence, pause_s=0.0)
            spoken = self.part(
                sentence, speaker=who, speed=speed, pitch=pitch, controls=one.controls
            )
            # An explicit pause comes on top of the silence that speech ends with.
            silence = np.zeros(round((one.pause_s or 0.0) * self.rate_hz), np.float32)
            loud, softer = _held(spoken.samples)
            samples = np.concatenate([loud, silence])
            yield replace(spoken, samples=samples, warnings=warnings + spoken.warnings + softer)

    def tags(self, speaker: str | None = None) -> dict[str, str]:
        """What a file of this voice says of itself: that a machine speaks, and which."""
        from tympan.audio.synthetic import synthetic_tags

        who = speaker or (self.speakers[0] if self.speakers else "")
        return synthetic_tags(voice=who, model=self.name, digest=self.digest)

    def __call__(self, text: str, **options: Any) -> Clip:
        """A clip of the whole text, marked as synthetic; see `stream` for the options.

        Raises:
            ArgumentError: nothing in the text can be spoken.
        """
        from tympan.audio import Clip

        parts = [part.samples for part in self.stream(text, **options)]
        if not any(map(len, parts)):
            raise ArgumentError("nothing in the text can be spoken", fix="give letters or numbers")
        tags = self.tags(options.get("speaker"))
        return Clip(np.concatenate(parts)[None], self.rate_hz, tags=tags)


def _held(samples: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """A sentence `(t,)` within full scale, and whether it was made softer for that.

    >>> _held(np.array([0.5, -2.0], np.float32))[0].tolist()
    [0.25, -1.0]
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if peak <= 1:
        return samples, ()
    return samples / np.float32(peak), ("a sentence was made softer: it was beyond full scale",)
