"""Listening without end: a source, models, rules on their answers, and actions."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Event": "tympan.watch.event",
        "ModelSpec": "tympan.watch.rules",
        "Rule": "tympan.watch.rules",
        "Rules": "tympan.watch.rules",
        "Source": "tympan.watch.sources.base",
        "Summary": "tympan.watch.engine",
        "load_rules": "tympan.watch.rules",
        "open_source": "tympan.watch.sources",
        "profile_names": "tympan.watch.rules",
        "read_events": "tympan.watch.actions.log",
        "watch": "tympan.watch.api",
    },
)
