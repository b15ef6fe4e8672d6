# Written by `make stubs` from the table in __init__.py.

from tympan.text.alphabet import PHONEMES as PHONEMES
from tympan.text.books import Chapter as Chapter
from tympan.text.books import read_book as read_book
from tympan.text.lexicon import Lexicon as Lexicon
from tympan.text.reading import read as read
from tympan.text.sentence import SpokenSentence as SpokenSentence
from tympan.text.sentence import SpokenWord as SpokenWord
from tympan.text.ssml import read_ssml as read_ssml
from tympan.text.ssml_pieces import Ssml as Ssml
from tympan.text.ssml_pieces import SsmlPiece as SsmlPiece
