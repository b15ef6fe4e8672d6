# Written by `make stubs` from the table in __init__.py.

from tympan.training.config import TrainingConfig as TrainingConfig
from tympan.training.device import choose_device as choose_device
from tympan.training.device import choose_precision as choose_precision
from tympan.training.device import describe as describe
from tympan.training.history import History as History
from tympan.training.learner import Learner as Learner
from tympan.training.learner import whole_nets as whole_nets
from tympan.training.loop import fit as fit
from tympan.training.signals import TrainingInterrupted as TrainingInterrupted
