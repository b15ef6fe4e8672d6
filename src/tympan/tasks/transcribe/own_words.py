"""Key words from text alone: the voices of `speak` say them, and other words beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.transcribe.command_net import NONE
from tympan.tasks.transcribe.language_model import shipped
from tympan.tasks.transcribe.sounds import spoken

if TYPE_CHECKING:
    from tympan.tasks.speak.voice import SpeechVoice

VOICE = "en"
EACH, OTHERS = 80, 320
SPEEDS, SEMITONES = (0.75, 1.35), 4.0
LOUDEST = 0.98
# Other words are drawn from so many of the most frequent ones.
FREQUENT = 3000
MOST_WORDS = 50


def words_in(text: str) -> tuple[str, ...]:
    """The words of a list with commas between them.

    Raises:
        ArgumentError: there are none, too many, or one that cannot be said.

    >>> words_in("tea, Coffee, light on")
    ('tea', 'coffee', 'light on')
    """
    words = tuple(dict.fromkeys(" ".join(one.lower().split()) for one in text.split(",")))
    words = tuple(filter(None, words))
    if not words or len(words) > MOST_WORDS:
        what = f"words={text[:60]!r} are {len(words)} words"
        fix = f"1 to {MOST_WORDS} words with commas between them"
        raise ArgumentError(what, fix=fix, option="words")
    silent = [word for word in words if not spoken(word)]
    if silent:
        raise ArgumentError(f"{silent[0]!r} cannot be said", fix="give words of letters")
    return words


def made_recordings(
    words: Sequence[str],
    out: Path,
    *,
    each: int = EACH,
    others: int = OTHERS,
    seed: int = 0,
    voice: SpeechVoice | None = None,
) -> Path:
    """Have words said by many voices, in the layout that `tympan train` takes.

    Speakers, speeds and pitches are drawn. Beside the words stand other words, under a label of
    their own; none of them sounds like one of the words.

    Args:
        words: what is to be heard.
        out: the folder, one sub-folder for each word; what is there is kept.
        each: recordings of each word.
        others: recordings of other words.
        seed: of what is drawn.
        voice: who speaks; None: the shipped voice of English.

    Returns:
        The folder.
    """
    from tympan.audio import Clip

    if voice is None:
        from tympan.tasks.answering import load

        voice = cast("SpeechVoice", load(VOICE, "speak", "cpu"))
    rng = np.random.default_rng(seed)
    texts = [(word, word) for word in words for _ in range(each)]
    texts += [(NONE, text) for text in other_words(words, others, rng)]
    for number, (label, text) in enumerate(texts):
        folder = out / re.sub(r"[^\w ']", "_", label)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{number:05d}.flac"
        wave = said_by(voice, text, rng)
        if not path.exists():
            loudest = max(LOUDEST, float(np.abs(wave).max(initial=0.0)))
            Clip((LOUDEST / loudest * wave)[None], voice.rate_hz).save(path)
    return out


def other_words(words: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    """One to three frequent words each, without those that sound like the words.

    >>> found = other_words(["tea"], 5, np.random.default_rng(0))
    >>> len(found), any("tea" in one.split() for one in found)
    (5, False)
    """
    model = shipped("en")
    order = np.argsort(model.single[2:])[::-1][:FREQUENT] + 2
    own = {part.phonemes for word in words for part in spoken(word)}
    free = [i for i in order.tolist() if not own.intersection(model.sounds[i])]
    found = []
    for _ in range(count):
        size = int(rng.integers(1, 4))
        found.append(" ".join(model.words[int(i)] for i in rng.choice(free, size)))
    return found


def said_by(voice: SpeechVoice, text: str, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A text, said by a drawn speaker at a drawn speed and pitch: `(t,)` at the voice's rate."""
    from tympan.text import read

    who = int(rng.integers(max(1, len(voice.speakers))))
    speed, pitch = float(rng.uniform(*SPEEDS)), float(rng.uniform(-SEMITONES, SEMITONES))
    parts: list[Any] = [
        voice.part(one, speaker=who, speed=speed, pitch=pitch).samples
        for one in read(f"{text}.", voice.language)
        if one.words
    ]
    return np.concatenate(parts) if parts else np.zeros(1, np.float32)
