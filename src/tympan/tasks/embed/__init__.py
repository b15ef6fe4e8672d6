"""`embed`: a recording as vectors, in a space in which similar sounds are near."""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="embed",
    help="Vectors in which similar sounds are near, for search and clustering.",
    task="tympan.tasks.embed.task:TASK",
    options=(
        Option("every_s", float, None, "Seconds from one vector to the next; else its window.",
               low=0),
    ),
    default_model="sounds",
    save_as=(".json", ".csv", ".npz"),
    collect={
        ".npz": "tympan.tasks.embed.index:Collect",
        ".parquet": "tympan.tasks.embed.index:Collect",
    },
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.embed.task",
        "EmbedModel": "tympan.tasks.embed.answer",
        "Index": "tympan.tasks.embed.index",
        "Match": "tympan.tasks.embed.find",
        "find": "tympan.tasks.embed.find",
        "Labelling": "tympan.tasks.embed.labelling",
        "Suggestion": "tympan.tasks.embed.labelling",
        "Moment": "tympan.tasks.embed.answers",
    },
)
