"""The phonemes of each language, in the order in which nets number them."""

from __future__ import annotations

from tympan.text.sentence import MARKS

PHONEMES: dict[str, str] = {
    "en": " " + MARKS + "ˈˌ" + "AIOWYiuæɐɑɔəɛɜɪʊʌᵊᵻ" + "bdfhjklmnpstTvwzðŋɡɹʃʒʤʧθ",
    "de": " " + MARKS + "abcdefghijklmnopqrstuvwxyzäöüß",
}
"""Language → all characters that `SpokenSentence.phonemes` may hold: the space between words,
punctuation, then phonemes.

English: one character a phoneme, the alphabet of misaki and Kokoro. `A I O W Y` are the vowels of
*bay, by, bow, cow, boy*; `ʤ ʧ` those of *jam, chin*; `ᵊ` a short schwa (*little*), `ᵻ` the vowel of
*roses*, `ɐ` that of *a*, `T` the tap of *water*; `ˈ` and `ˌ` stand before a stressed vowel.
German: letters, after numbers and abbreviations were written out.
"""
