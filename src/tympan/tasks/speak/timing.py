"""When which sentence, word and phoneme is spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tympan.tasks.results.speech_marks import Mark, SpeechMarks
from tympan.tasks.speak.symbols import PUNCTUATION, SPACE

if TYPE_CHECKING:
    from tympan.tasks.speak.voice import SpokenPart

# The alphabet of `tympan.text` → IPA, where they differ.
TO_IPA = {
    "A": "eɪ", "I": "aɪ", "O": "oʊ", "W": "aʊ", "Y": "ɔɪ", "T": "ɾ", "ᵊ": "ə", "ʤ": "dʒ",
    "ʧ": "tʃ", "ᵻ": "ɪ",
}  # fmt: skip


def marks_of(part: SpokenPart, rate_hz: int, start_s: float = 0.0) -> SpeechMarks:
    """The marks of a sentence that begins at `start_s` in its recording.

    A word lasts from its first phoneme to the beginning of what follows its last one.
    """
    sentence, at = part.sentence, start_s
    sounds = [one for one in part.symbols if one.word >= 0]
    duration_s = at + len(part.samples) / rate_hz
    if not sounds:
        return SpeechMarks("", (), (), (), duration_s)
    words = []
    for number, word in enumerate(sentence.words):
        inside = [one for one in sounds if one.word == number]
        if inside:
            begin, end = at + inside[0].start_s, at + inside[-1].end_s
            words.append(Mark(begin, end, word.text, word.start, word.end))
    phonemes = tuple(
        Mark(
            at + one.start_s,
            at + one.end_s,
            TO_IPA.get(one.text, one.text),
            sentence.words[one.word].start,
            sentence.words[one.word].end,
        )
        for one in sounds
        if one.text not in PUNCTUATION and one.text != SPACE and one.word < len(sentence.words)
    )
    whole = Mark(
        at + sounds[0].start_s,
        at + sounds[-1].end_s,
        " ".join(sentence.text.split()),
        sentence.start,
        sentence.end,
    )
    return SpeechMarks("", (whole,), tuple(words), phonemes, duration_s)
