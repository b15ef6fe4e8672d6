# Written by `make stubs` from the table in __init__.py.

from tympan.notation.abc import abc_tunes as abc_tunes
from tympan.notation.abc import read_abc as read_abc
from tympan.notation.instruments import PROGRAMS as PROGRAMS
from tympan.notation.instruments import family_of as family_of
from tympan.notation.instruments import program_of as program_of
from tympan.notation.midi import midi_bytes as midi_bytes
from tympan.notation.midi import read_midi as read_midi
from tympan.notation.midi import write_midi as write_midi
from tympan.notation.musicxml import musicxml_text as musicxml_text
from tympan.notation.note import Note as Note
from tympan.notation.note import pitch_name as pitch_name
from tympan.notation.note import pitch_of as pitch_of
from tympan.notation.piece import Piece as Piece
from tympan.notation.piece import PiecePart as PiecePart
from tympan.notation.piece import TickNote as TickNote
from tympan.notation.synthesizer import Sound as Sound
from tympan.notation.synthesizer import Synthesizer as Synthesizer
from tympan.notation.synthesizer import synthesize as synthesize
from tympan.notation.tonality import key_of as key_of
