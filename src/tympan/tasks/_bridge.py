"""To be deleted: until `classify` has a `Model` of the contract, its old one is called like it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any


class BridgedModel:
    """The old model, callable."""

    def __init__(self, task: Any, model: Any) -> None:
        self._task, self._model = task, model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, source: Any, **options: Any) -> Any:
        """Answer about a recording; one that means nothing has no timeline."""
        found = self._task.predict(self._model, source, **options)
        return replace(found, timeline=()) if found.warnings else found


def load(task: Any, loaded: Any, device: str) -> Any:
    """`task.load(loaded, device)`, by whichever contract the task keeps."""
    if hasattr(task, "predict"):
        return BridgedModel(task, task.load(loaded))
    return task.load(loaded, device)
