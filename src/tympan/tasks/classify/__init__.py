"""`classify`: what sound is it?"""

from __future__ import annotations

from tympan._lazy import attach
from tympan.tasks.results.formats import WITH_TIMES
from tympan.tasks.verbs import Extra, Option, Verb

VERB = Verb(
    name="classify",
    help="What sound is it, and when?",
    task="tympan.tasks.classify.task:TASK",
    options=(
        Option("top", int, 5, "How many labels to give.", short="k", low=1),
        Option("every_s", float, None, "Seconds from one step of the timeline to the next.", low=0),
        Option("reject", bool, False, "Label what is unlike its training recordings: unknown."),
        Option(
            "min_familiarity", float, 0.05, "Below it a sound counts as unlike them.",
            low=0, high=1,
        ),
    ),
    default_model="sounds",
    save_as=WITH_TIMES,
    trains_on="one sub-folder for each label, or a column label",
    extras=(
        Extra(
            "explain",
            "Picture of what spoke for the best label.",
            "tympan.tasks.classify.extras:explain",
        ),
    ),
)  # fmt: skip

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.classify.task",
        "ClassifyConfig": "tympan.tasks.classify.config",
        "Classifier": "tympan.tasks.classify.net",
        "ClassifyLearner": "tympan.tasks.classify.learner",
        "ClassifyEvaluation": "tympan.tasks.classify.evaluation",
        "classify": "tympan.tasks.classify.api",
        "explain": "tympan.tasks.classify.explaining",
        "steps": "tympan.tasks.classify.answer",
    },
)
