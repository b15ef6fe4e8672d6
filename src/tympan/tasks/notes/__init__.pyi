# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.notes.answer import NotesModel as NotesModel
from tympan.tasks.notes.config import NotesConfig as NotesConfig
from tympan.tasks.notes.decode import NoteDecoder as NoteDecoder
from tympan.tasks.notes.decode import NoteRules as NoteRules
from tympan.tasks.notes.evaluation import NotesEvaluation as NotesEvaluation
from tympan.tasks.notes.metrics import note_counts as note_counts
from tympan.tasks.notes.net import NoteNet as NoteNet
from tympan.tasks.notes.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
