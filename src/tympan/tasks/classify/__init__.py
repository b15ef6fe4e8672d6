"""`classify`: what sound is it?"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASK": "tympan.tasks.classify.task",
        "ClassifyConfig": "tympan.tasks.classify.config",
        "Classifier": "tympan.tasks.classify.net",
        "ClassifyLearner": "tympan.tasks.classify.learner",
        "Evaluation": "tympan.tasks.classify.evaluation",
        "classify": "tympan.tasks.ask",
        "explain": "tympan.tasks.classify.explanation",
        "steps": "tympan.tasks.classify.answer",
    },
)
