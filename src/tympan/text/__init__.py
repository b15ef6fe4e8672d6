"""Text to what a voice speaks: books and marked-up text, sentences, words, phonemes.

Normalisation (numbers, dates, money, units, addresses, abbreviations), a lexicon, rules for endings
and compounds, and a small net for words that none of these know. Nothing here knows audio.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Chapter": "tympan.text.books",
        "Lexicon": "tympan.text.lexicon",
        "PHONEMES": "tympan.text.alphabet",
        "SpokenSentence": "tympan.text.sentence",
        "SpokenWord": "tympan.text.sentence",
        "Ssml": "tympan.text.ssml_pieces",
        "SsmlPiece": "tympan.text.ssml_pieces",
        "read": "tympan.text.reading",
        "read_book": "tympan.text.books",
        "read_ssml": "tympan.text.ssml",
    },
)
