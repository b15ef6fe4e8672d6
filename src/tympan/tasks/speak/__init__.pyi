# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.speak.config import SpeakConfig as SpeakConfig
from tympan.tasks.speak.model import SpeakModel as SpeakModel
from tympan.tasks.speak.net import SpeechNet as SpeechNet
from tympan.tasks.speak.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
