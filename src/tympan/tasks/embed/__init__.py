"""`embed`: a recording as vectors, in a space in which similar sounds are near."""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.commands import Command
from tympan.tasks.verbs import Option, Verb

FIND = Command(
    name="find",
    help="The moments of an archive, or of one long recording, that sound like an example.",
    function="tympan.tasks.embed.asked:found",
    models="embed",
    options=(
        Option("index", str, None, "What `tympan embed` made of the archive.", reads="file"),
        Option(
            "within",
            str,
            None,
            "A recording to search, where there is no index.",
            reads="recording",
        ),
        Option("top", int, 10, "How many moments.", short="k", low=1, high=10_000),
        Option("every_s", float, None, "Seconds from one moment of `within` to the next.", low=0),
    ),
    save_as=(".json", ".csv"),
)
LABEL = Command(
    name="label",
    help="From a few examples to labels of an archive.",
    refused="label asks and answers on a page of its own, about an archive on the computer it runs "
    "on: run `tympan label` there, or `tympan studio FOLDER` for a page of this server",
)
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
    commands=(FIND, LABEL),
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
