"""To be deleted with the last import of it: where its names are now."""

from __future__ import annotations

from tympan.tasks.answering import load
from tympan.tasks.classify.api import classify
from tympan.tasks.evaluation import evaluate
from tympan.tasks.registry import get, verbs

TASKS = {name: one.task for name, one in verbs().items()}
DEFAULT_MODELS = {name: one.default_model for name, one in verbs().items()}

__all__ = ["DEFAULT_MODELS", "TASKS", "classify", "evaluate", "get", "load"]
