"""What `tympan classify` can make beside an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tympan.tasks.results import Classification


def explain(model: Any, source: Any, answer: Classification, path: Path) -> str:
    """Draw what spoke for the best label; of an answer that means nothing there is no picture.

    Raises:
        ArgumentError: `path` is no name for a picture.
    """
    from tympan.tasks.classify.explaining import explain as explanation

    if answer.warnings:
        return f"{answer.file} {answer.warnings[0]}"
    explanation(model, source).save(path)
    return ""
