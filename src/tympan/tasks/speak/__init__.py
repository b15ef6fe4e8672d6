"""`speak`: a text becomes a clip."""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="speak",
    help="Say a text.",
    task="tympan.tasks.speak.task:TASK",
    takes="text",
    options=(
        Option("speaker", str, None, "Who speaks, of the voice's speakers; else its first one."),
        Option("speed", float, 1.0, "How fast: 2 is twice as fast.", low=0.25, high=4.0),
        Option("pitch", float, 0.0, "Semitones higher, or lower if negative.", low=-24, high=24),
        Option("lexicon", str, None, "A file of words and how they are pronounced.", reads="file"),
        Option("ssml", bool, False, "The text is SSML: breaks, speed, pitch, spelling …"),
    ),
    default_model="en",
    save_as=(".wav", ".flac", ".mp3", ".opus", ".ogg"),
    trains_on="a column text: what is said in each recording",
)

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.speak.task",
        "SpeakConfig": "tympan.tasks.speak.config",
        "SpeakModel": "tympan.tasks.speak.model",
        "SpeechNet": "tympan.tasks.speak.net",
        "SpokenPart": "tympan.tasks.speak.voice",
        "Timed": "tympan.tasks.speak.voice",
        "SpeechVoice": "tympan.tasks.speak.voice",
        "marks_of": "tympan.tasks.speak.timing",
        "speak": "tympan.tasks.speak.api",
        "speak_stream": "tympan.tasks.speak.api",
        "write_speech": "tympan.tasks.speak.writing",
    },
)
