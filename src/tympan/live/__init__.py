"""Listening without end: a source, models, rules on their answers, and actions."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Event": "tympan.live.event",
        "ModelSpec": "tympan.live.rules",
        "Rule": "tympan.live.rules",
        "Rules": "tympan.live.rules",
        "Source": "tympan.live.sources.base",
        "Summary": "tympan.live.engine",
        "load_rules": "tympan.live.rules",
        "open_source": "tympan.live.sources.opening",
        "profile_names": "tympan.live.rules",
        "read_events": "tympan.live.actions.log",
        "watch": "tympan.live.api",
    },
)
