"""One training loop for all tasks: it stops and resumes anywhere, with the same result."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "History": "tympan.training.history",
        "Learner": "tympan.training.learner",
        "whole_nets": "tympan.training.learner",
        "TrainingConfig": "tympan.training.config",
        "TrainingInterrupted": "tympan.training.signals",
        "choose_device": "tympan.training.device",
        "choose_precision": "tympan.training.device",
        "describe": "tympan.training.device",
        "fit": "tympan.training.loop",
    },
)
