# Written by `make stubs` from the table in __init__.py.

from tympan import audio as audio
from tympan import augment as augment
from tympan import data as data
from tympan import models as models
from tympan import nets as nets
from tympan import report as report
from tympan import spectra as spectra
from tympan import tasks as tasks
from tympan import text as text
from tympan import training as training
from tympan.audio import blocks as blocks
from tympan.audio import load as load
from tympan.audio import probe as probe
from tympan.audio import synth as synth
from tympan.audio.clip import Clip as Clip
from tympan.errors import TympanError as TympanError
from tympan.errors import TympanWarning as TympanWarning
from tympan.live.api import watch as watch
from tympan.models import list_models as list_models
from tympan.report.explain import explain as explain
from tympan.report.hear import hear as hear
from tympan.report.trained import train as train
from tympan.spectra.figures import show as show
from tympan.tasks.answering import answer as answer
from tympan.tasks.classify.api import classify as classify
from tympan.tasks.embed.api import embed as embed
from tympan.tasks.embed.find import find as find
from tympan.tasks.embed.label import label as label
from tympan.tasks.engines import list_engines as list_engines
from tympan.tasks.evaluating import evaluate as evaluate
from tympan.tasks.identify.api import enroll as enroll
from tympan.tasks.identify.api import identify as identify
from tympan.tasks.identify.api import verify as verify
from tympan.tasks.monitor.api import monitor as monitor
from tympan.tasks.segment.api import segment as segment
from tympan.tasks.separate.api import clean as clean
from tympan.tasks.separate.api import separate as separate
from tympan.tasks.separate.api import separate_files as separate_files
from tympan.tasks.separate.api import separate_stream as separate_stream
from tympan.tasks.speak.api import speak as speak
from tympan.tasks.speak.api import speak_stream as speak_stream
from tympan.tasks.tag.api import tag as tag
from tympan.tasks.transcribe.api import transcribe as transcribe

__version__: str
