"""The server: every question as a route, whichever questions there are.

    client ──► guard ──► route ──► spool ──► decoder process ──► desk ──► worker process ──► answer
               (limits)            (disk)    (killed if stuck)   (queue)  (one copy of each model)

Nothing here knows a single question: routes, their options and what they refuse come from the verbs
of `tympan.tasks.registry`. The process that talks to clients neither decodes nor computes.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ServeSettings": "tympan.serve.settings",
        "create_app": "tympan.serve.app",
        "serve": "tympan.serve.running",
    },
)
