"""From a folder of recordings to batches: tables, leak-safe splits, the decoded cache."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Example": "tympan.data.table",
        "Supervision": "tympan.data.table",
        "recording": "tympan.data.table",
        "Table": "tympan.data.table",
        "read_folder": "tympan.data.folder",
        "Guess": "tympan.data.guess",
        "guess_task": "tympan.data.guess",
        "Split": "tympan.data.split",
        "split_table": "tympan.data.split",
        "folds": "tympan.data.split",
        "check_leaks": "tympan.data.leaks",
        "content_keys": "tympan.data.leaks",
        "AudioStore": "tympan.data.store",
        "Examples": "tympan.data.examples",
        "Batch": "tympan.data.batches",
        "Batches": "tympan.data.batches",
    },
)
