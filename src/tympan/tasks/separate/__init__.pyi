# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.separate.api import clean as clean
from tympan.tasks.separate.api import separate as separate
from tympan.tasks.separate.api import separate_files as separate_files
from tympan.tasks.separate.api import separate_stream as separate_stream
from tympan.tasks.separate.config import SeparateConfig as SeparateConfig
from tympan.tasks.separate.metrics import BssEval as BssEval
from tympan.tasks.separate.metrics import best_order as best_order
from tympan.tasks.separate.metrics import bss_eval as bss_eval
from tympan.tasks.separate.metrics import si_sdr as si_sdr
from tympan.tasks.separate.metrics import si_sdr_improvement as si_sdr_improvement
from tympan.tasks.separate.model import SeparateModel as SeparateModel
from tympan.tasks.separate.person import Person as Person
from tympan.tasks.separate.person import PersonStitcher as PersonStitcher
from tympan.tasks.separate.stitch import VoiceStitcher as VoiceStitcher
from tympan.tasks.separate.streams import BlockStream as BlockStream
from tympan.tasks.separate.streams import MaskStream as MaskStream
from tympan.tasks.separate.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
