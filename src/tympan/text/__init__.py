"""Text on its way to speech: books and marked-up text."""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Chapter": "tympan.text.books",
        "Ssml": "tympan.text.ssml",
        "SsmlPiece": "tympan.text.ssml",
        "read_book": "tympan.text.books",
        "read_ssml": "tympan.text.ssml",
    },
)
