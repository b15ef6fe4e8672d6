# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.commands import Command as Command
from tympan.tasks.identify.api import enroll as enroll
from tympan.tasks.identify.api import identify as identify
from tympan.tasks.identify.api import verify as verify
from tympan.tasks.identify.book import Book as Book
from tympan.tasks.identify.book import read_book as read_book
from tympan.tasks.identify.config import IdentifyConfig as IdentifyConfig
from tympan.tasks.identify.evaluation import IdentifyEvaluation as IdentifyEvaluation
from tympan.tasks.identify.expected import Expected as Expected
from tympan.tasks.identify.model import IdentifyModel as IdentifyModel
from tympan.tasks.identify.net import VoiceNet as VoiceNet
from tympan.tasks.identify.scoring import Scorer as Scorer
from tympan.tasks.identify.task import TASK as TASK
from tympan.tasks.identify.voice import Voice as Voice
from tympan.tasks.verbs import Verb as Verb

VERIFY: Command
VERB: Verb
