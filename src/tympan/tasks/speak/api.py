"""Speaking from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, TympanWarning

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.tasks.speak.voice import SpeechVoice, SpokenPart
    from tympan.text import Lexicon


def speak(
    text: str,
    *,
    voice: str | os.PathLike[str] | None = None,
    speaker: str | None = None,
    speed: float = 1.0,
    pitch: float = 0.0,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    ssml: bool = False,
    device: str = "auto",
) -> Clip:
    """Say a text.

    Args:
        text: what is said; numbers, dates, abbreviations … are read as people read them, see
            `tympan.text`.
        voice: name of a voice, folder of one, or an engine, also with its speaker:
            `"kokoro:af_heart"`; the best that is installed by default.
        speaker: who speaks, of the voice's speakers; its first one by default.
        speed: 2 is twice as fast.
        pitch: semitones higher, or lower if negative.
        lexicon: how words are pronounced, or the file that says it.
        ssml: the text is SSML.
        device: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.

    Returns:
        The clip, with tags that say that a machine speaks. What in the text could not be spoken is
        warned of.

    Raises:
        ArgumentError: nothing in the text can be spoken, or an option is out of its range.
        ModelError: the voice cannot be used.

    >>> clip = speak("Good morning!")
    >>> 0.5 < clip.duration_s < 2, clip.tags["comment"][:16]
    (True, 'Synthetic speech')
    """
    import numpy as np

    from tympan.audio import Clip

    loaded, who = find_voice(voice, speaker, device)
    options = checked(loaded, speaker=who, speed=speed, pitch=pitch, lexicon=lexicon, ssml=ssml)
    parts = list(loaded.stream(check_text(text), **options))
    warn_of(parts)
    if not any(len(part.samples) for part in parts):
        raise ArgumentError("nothing in the text can be spoken", fix="give letters or numbers")
    samples = np.concatenate([part.samples for part in parts])[None]
    return Clip(samples, loaded.rate_hz, tags=loaded.tags(who))


def speak_stream(
    text: str,
    *,
    voice: str | os.PathLike[str] | None = None,
    speaker: str | None = None,
    speed: float = 1.0,
    pitch: float = 0.0,
    lexicon: Lexicon | str | os.PathLike[str] | None = None,
    ssml: bool = False,
    device: str = "auto",
) -> Iterator[SpokenPart]:
    """Say a text of any length, sentence by sentence; the first one comes at once.

    Args:
        text: as in `speak`, and so are the other arguments.

    Yields:
        Each sentence as soon as it is spoken: its samples, and when each phoneme is spoken.

    Raises:
        ArgumentError: an option is out of its range.
        ModelError: the voice cannot be used.

    >>> [part.sentence.text for part in speak_stream("Good morning. How are you?")]
    ['Good morning.', 'How are you?']
    """
    loaded, who = find_voice(voice, speaker, device)
    options = checked(loaded, speaker=who, speed=speed, pitch=pitch, lexicon=lexicon, ssml=ssml)
    return loaded.stream(check_text(text), **options)


def find_voice(
    voice: str | os.PathLike[str] | None, speaker: str | None, device: str = "auto"
) -> tuple[SpeechVoice, str | None]:
    """The voice, loaded, and who speaks: `"kokoro:af_heart"` names both.

    Raises:
        ArgumentError: two speakers are named, or one that the voice does not have.
        ModelError: the voice cannot be used.
    """
    from tympan.tasks.answering import load
    from tympan.tasks.engines import find_engine

    if isinstance(voice, str) and ":" in voice and find_engine(voice.partition(":")[0]):
        voice, _, named = voice.partition(":")
        if speaker not in (None, named):
            raise ArgumentError(f"two speakers are named, {named} and {speaker}", fix="name one")
        speaker = named
    loaded: Any = load(voice, "speak", device)
    loaded.number_of(speaker)
    return loaded, speaker


def checked(voice: SpeechVoice, **given: Any) -> dict[str, Any]:
    """The options of the verb with their ranges checked, and the lexicon read.

    Raises:
        ArgumentError: an option is out of its range.
        DataError: the lexicon cannot be read.
    """
    from tympan.tasks.registry import verb
    from tympan.text import Lexicon

    lexicon = given.pop("lexicon", None)
    if lexicon is not None and not isinstance(lexicon, Lexicon | str | os.PathLike):
        what = f"a lexicon is a file or a Lexicon, not {type(lexicon).__name__}"
        raise ArgumentError(what, fix="lexicon='words.txt'")
    path = os.fspath(lexicon) if isinstance(lexicon, str | os.PathLike) else None
    options = verb("speak").checked({**given, "lexicon": path})
    found = lexicon if path is None else Lexicon.load(path, voice.language)
    return {**options, "lexicon": found}


def check_text(text: object) -> str:
    """The text, if it is one.

    Raises:
        ArgumentError: it is no text.
    """
    if not isinstance(text, str):
        what = f"a text is wanted, not {type(text).__name__}"
        raise ArgumentError(what, fix="tympan.speak('Hello.')")
    return text


def left_out(parts: list[SpokenPart]) -> list[str]:
    """What in a text was not spoken, a sentence each."""
    names = dict.fromkeys(name for part in parts for name in part.sentence.unspoken)
    lines = [f"not spoken: {', '.join(list(names)[:12])}"] if names else []
    return lines + list(dict.fromkeys(line for part in parts for line in part.warnings))


def warn_of(parts: list[SpokenPart]) -> None:
    """Warn of what was not spoken."""
    import warnings

    for line in left_out(parts):
        warnings.warn(line, TympanWarning, stacklevel=3)
