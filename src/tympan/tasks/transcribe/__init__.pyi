# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.transcribe.api import transcribe as transcribe
from tympan.tasks.transcribe.recogniser import Aligns as Aligns
from tympan.tasks.transcribe.recogniser import DetectsLanguage as DetectsLanguage
from tympan.tasks.transcribe.recogniser import Recogniser as Recogniser
from tympan.tasks.transcribe.session import TranscribeSession as TranscribeSession
from tympan.tasks.transcribe.slots import Intent as Intent
from tympan.tasks.transcribe.slots import SlotGrammar as SlotGrammar
from tympan.tasks.transcribe.task import TASK as TASK
from tympan.tasks.transcribe.transcriber import Transcriber as Transcriber
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
