"""The same verbs over a million files: one pass over each, on one machine or on many."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BatchJob": "tympan.scale.job",
        "BatchProgress": "tympan.scale.progress",
        "BatchSummary": "tympan.scale.progress",
        "Asked": "tympan.scale.job",
        "batch": "tympan.scale.api",
        "schema": "tympan.scale.tables",
    },
)
