# Written by `make stubs` from the table in __init__.py.

from tympan.text.alphabet import PHONEMES as PHONEMES
from tympan.text.lexicon import Lexicon as Lexicon
from tympan.text.reading import read as read
from tympan.text.sentence import SpokenSentence as SpokenSentence
from tympan.text.sentence import SpokenWord as SpokenWord
