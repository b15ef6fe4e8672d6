"""The questions: one package each, all on the same contract."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "get": "tympan.tasks.registry",
        "verbs": "tympan.tasks.registry",
        "train": "tympan.tasks.training",
        "evaluate": "tympan.tasks.evaluating",
        "load": "tympan.tasks.ask",
        "Setting": "tympan.tasks.settings",
        "list_settings": "tympan.tasks.settings",
        "Evaluation": "tympan.tasks.contract",
        "Task": "tympan.tasks.contract",
        "Verb": "tympan.tasks.verbs",
        "Option": "tympan.tasks.verbs",
        "TrainingResult": "tympan.tasks.training",
        "Classification": "tympan.tasks.results",
        "Label": "tympan.tasks.results",
        "Segment": "tympan.tasks.results",
    },
)
