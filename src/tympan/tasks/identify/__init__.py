"""`identify`: whose voice is it?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.commands import Command
from tympan.tasks.verbs import Option, Verb

VERIFY = Command(
    name="verify",
    help="Are two recordings of one voice?",
    function="tympan.tasks.identify.api:verified",
    models="identify",
    options=(
        Option("second", str, None, "The other recording.", reads="recording"),
        Option("threshold", float, 0.5, "Probability from which they are.", low=0, high=1),
    ),
    needs=("second",),
    save_as=(".json", ".csv"),
    cleans=True,
)
VERB = Verb(
    name="identify",
    help="Whose voice is it, of those in a voice book?",
    task="tympan.tasks.identify.task:TASK",
    options=(
        Option("book", str, None, "The voice book; else voices.tympan here.", reads="file"),
        Option(
            "threshold", float, None,
            "Probability from which a voice gets its name; else the book's own.",
            short="t", low=0, high=1,
        ),
    ),
    default_model="voices",
    save_as=(".json", ".csv"),
    trains_on="a column speaker, or one sub-folder for each speaker",
    commands=(VERIFY,),
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.identify.task",
        "Book": "tympan.tasks.identify.book",
        "Expected": "tympan.tasks.identify.expected",
        "IdentifyConfig": "tympan.tasks.identify.config",
        "IdentifyEvaluation": "tympan.tasks.identify.evaluation",
        "IdentifyModel": "tympan.tasks.identify.model",
        "Scorer": "tympan.tasks.identify.scoring",
        "Voice": "tympan.tasks.identify.voice",
        "VoiceNet": "tympan.tasks.identify.net",
        "enroll": "tympan.tasks.identify.api",
        "identify": "tympan.tasks.identify.api",
        "read_book": "tympan.tasks.identify.book",
        "verify": "tympan.tasks.identify.api",
    },
)
