"""Pages for people: the sounds in a recording, and how a model was trained."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "AnswerParts": "tympan.report.parts",
        "EvaluationParts": "tympan.report.parts",
        "Part": "tympan.report.parts",
        "Report": "tympan.report.hear",
        "Shown": "tympan.report.parts",
        "register": "tympan.report.parts",
        "register_evaluation": "tympan.report.parts",
        "train": "tympan.report.trained",
        "training_report": "tympan.report.training",
    },
)
