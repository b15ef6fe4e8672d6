"""Windows of recordings, for every question: cut, batched across recordings, added up again.

Recordings come in blocks of any size and leave as windows of known place; memory is bounded by a
few windows, whatever the length. Nothing here knows a task.

    blocks ──► Cutter ──► Batcher (net, device) ──► rows, in order ──► OverlapAdd ──► blocks
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Batcher": "tympan.tasks.windows.batcher",
        "CenteredWindows": "tympan.tasks.windows.centered",
        "Cutter": "tympan.tasks.windows.window",
        "Lane": "tympan.tasks.windows.batcher",
        "OverlapAdd": "tympan.tasks.windows.overlap",
        "OverlappingWindows": "tympan.tasks.windows.overlap",
        "PromptSession": "tympan.tasks.windows.prompt",
        "Wave": "tympan.tasks.windows.window",
        "Window": "tympan.tasks.windows.window",
        "cut": "tympan.tasks.windows.window",
    },
)
