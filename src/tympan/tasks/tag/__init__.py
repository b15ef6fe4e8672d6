"""`tag`: which labels apply?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="tag",
    help="Which labels apply: instruments, genre, mood …?",
    task="tympan.tasks.tag.task:TASK",
    options=(
        Option("top", int, None, "How many labels to give; all by default.", short="k", low=1),
        Option(
            "threshold", float, None, "Score from which a label applies; else its own.",
            short="t", low=0, high=1,
        ),
        Option("every_s", float, None, "Seconds from one step of the timeline to the next.", low=0),
        Option("reject", bool, False, "Give no tags to what is unlike its training recordings."),
        Option(
            "min_familiarity", float, 0.05, "Below it a sound counts as unlike them.",
            low=0, high=1,
        ),
    ),
    default_model="music-tags",
    save_as=(".json", ".csv", ".txt"),
    trains_on="a column label with several labels: a;b",
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.tag.task",
        "TagConfig": "tympan.tasks.tag.config",
        "TagEvaluation": "tympan.tasks.tag.evaluation",
        "TagModel": "tympan.tasks.tag.answer",
        "Tagger": "tympan.tasks.tag.learner",
    },
)
