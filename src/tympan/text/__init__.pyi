# Written by `make stubs` from the table in __init__.py.

from tympan.text.books import Chapter as Chapter
from tympan.text.books import read_book as read_book
from tympan.text.ssml import Ssml as Ssml
from tympan.text.ssml import SsmlPiece as SsmlPiece
from tympan.text.ssml import read_ssml as read_ssml
