# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.speak.api import speak as speak
from tympan.tasks.speak.api import speak_stream as speak_stream
from tympan.tasks.speak.config import SpeakConfig as SpeakConfig
from tympan.tasks.speak.model import SpeakModel as SpeakModel
from tympan.tasks.speak.net import SpeechNet as SpeechNet
from tympan.tasks.speak.task import TASK as TASK
from tympan.tasks.speak.timing import marks_of as marks_of
from tympan.tasks.speak.voice import SpeechVoice as SpeechVoice
from tympan.tasks.speak.voice import SpokenPart as SpokenPart
from tympan.tasks.speak.voice import Timed as Timed
from tympan.tasks.speak.writing import write_speech as write_speech
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
