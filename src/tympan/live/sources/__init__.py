"""Where `tympan watch` listens: microphone, pipe, growing file, network, folder, recording."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Chunk": "tympan.live.sources.base",
        "Source": "tympan.live.sources.base",
        "open_source": "tympan.live.sources.opening",
    },
)
