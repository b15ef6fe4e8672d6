"""The questions: one module each, all with the same five verbs."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "TASKS": "tympan.tasks.ask",
        "get": "tympan.tasks.ask",
        "train": "tympan.tasks.run",
        "evaluate": "tympan.tasks.ask",
        "load": "tympan.tasks.ask",
        "Setting": "tympan.tasks.settings",
        "list_settings": "tympan.tasks.settings",
        "Task": "tympan.tasks.base",
        "TrainingResult": "tympan.tasks.base",
        "Classification": "tympan.tasks.results",
        "Label": "tympan.tasks.results",
        "Segment": "tympan.tasks.results",
    },
)
