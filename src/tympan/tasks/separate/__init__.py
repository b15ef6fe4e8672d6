"""`separate`: the sources that a mix consists of, one clip each."""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.verbs import Option, Verb

VERB = Verb(
    name="separate",
    help="Take the mix apart: a voice from noise, one clip per source.",
    task="tympan.tasks.separate.task:TASK",
    options=(
        Option("keep", str, None, "Source to keep, several with commas; the others are the rest."),
        Option("present", str, None, "All sources of the mix, with commas, where they are known."),
        Option("amount", float, 1.0, "How much of the rest is taken away.", low=0, high=1),
        Option(
            "book",
            str,
            None,
            "A voice book: keep is then the name of somebody in it.",
            reads="file",
        ),
        Option("stems", bool, False, "Gather the sources in the model's few stems."),
    ),
    default_model="voice",
    trains_on="a column mixture and one for each source, or isolated sources in sub-folders",
    on_page=False,
)

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.separate.task",
        "BlockStream": "tympan.tasks.separate.streams",
        "BssEval": "tympan.tasks.separate.metrics",
        "MaskStream": "tympan.tasks.separate.streams",
        "Person": "tympan.tasks.separate.person",
        "PersonStitcher": "tympan.tasks.separate.person",
        "SeparateConfig": "tympan.tasks.separate.config",
        "SeparateModel": "tympan.tasks.separate.model",
        "VoiceStitcher": "tympan.tasks.separate.stitch",
        "best_order": "tympan.tasks.separate.metrics",
        "bss_eval": "tympan.tasks.separate.metrics",
        "clean": "tympan.tasks.separate.api",
        "separate": "tympan.tasks.separate.api",
        "separate_files": "tympan.tasks.separate.api",
        "separate_stream": "tympan.tasks.separate.api",
        "si_sdr": "tympan.tasks.separate.metrics",
        "si_sdr_improvement": "tympan.tasks.separate.metrics",
    },
)
