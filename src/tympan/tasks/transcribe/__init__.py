"""`transcribe`: what was said?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="transcribe",
    help="What was said?",
    task="tympan.tasks.transcribe.task:TASK",
    options=(
        Option("words", bool, False, "Each word by itself, with its times."),
        Option("speakers", bool, False, "Say who speaks."),
        Option("book", str, None, "Voice book with the speakers' names.", reads="file"),
        Option("hotwords", str, None, "Words and names that are likely: 'tympan, Nguyen'."),
        Option("language", str, None, "Code of the language: en, de …; else the one heard."),
        Option(
            "channels", str, "mix", "Of all channels together, or of each for itself.",
            choices=("mix", "separate"),
        ),
    ),
    save_as=(".srt", ".vtt", ".txt", ".json", ".TextGrid", ".csv", ".rttm"),
    trains_on="a column text: what is said in each recording",
    aliases={"en": "english"},  # `en` is a voice of `speak`
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.transcribe.task",
        "Aligns": "tympan.tasks.transcribe.recogniser",
        "DetectsLanguage": "tympan.tasks.transcribe.recogniser",
        "Intent": "tympan.tasks.transcribe.slots",
        "Recogniser": "tympan.tasks.transcribe.recogniser",
        "SlotGrammar": "tympan.tasks.transcribe.slots",
        "TranscribeSession": "tympan.tasks.transcribe.session",
        "Transcriber": "tympan.tasks.transcribe.transcriber",
        "transcribe": "tympan.tasks.transcribe.api",
    },
)
