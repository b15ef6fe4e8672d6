"""Pages for people: what is heard in a recording, and how a model was trained."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Mistake": "tympan.report.training",
        "Report": "tympan.report.hear",
        "train": "tympan.report.trained",
        "training_report": "tympan.report.training",
    },
)
