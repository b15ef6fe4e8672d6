# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.monitor.answer import MonitorModel as MonitorModel
from tympan.tasks.monitor.config import MonitorConfig as MonitorConfig
from tympan.tasks.monitor.detectors import Detector as Detector
from tympan.tasks.monitor.evaluation import MonitorEvaluation as MonitorEvaluation
from tympan.tasks.monitor.normal import NormalSounds as NormalSounds
from tympan.tasks.monitor.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
