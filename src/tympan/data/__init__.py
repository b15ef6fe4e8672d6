"""From a folder of recordings to batches: tables, leak-safe splits, the decoded cache."""

from __future__ import annotations

from tympan._lazy import attach

# The line above binds this name; here it is a package of readers and writers.
del annotations

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Example": "tympan.data.table",
        "Supervision": "tympan.data.table",
        "recording": "tympan.data.table",
        "Table": "tympan.data.table",
        "read_folder": "tympan.data.folder",
        "cut_parts": "tympan.data.cuts",
        "Guess": "tympan.data.guess",
        "guess_task": "tympan.data.guess",
        "possible_task": "tympan.data.guess",
        "Split": "tympan.data.split",
        "split_table": "tympan.data.split",
        "folds": "tympan.data.cross_validation",
        "same_source": "tympan.data.grouping",
        "check_leaks": "tympan.data.leaks",
        "content_keys": "tympan.data.leaks",
        "AudioStore": "tympan.data.store",
        "Examples": "tympan.data.examples",
        "label_warnings": "tympan.data.labels",
        "label_conflicts": "tympan.data.labels",
        "shortcut_warnings": "tympan.data.shortcuts",
        "data_warnings": "tympan.data.checks",
        "lost_labels": "tympan.data.checks",
        "events_outside": "tympan.data.checks",
        "suggest_folds": "tympan.data.checks",
        "annotations": "tympan.data.annotations:",
        "Batch": "tympan.data.batches",
        "Batches": "tympan.data.batches",
    },
)
