# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.classify.answer import steps as steps
from tympan.tasks.classify.api import classify as classify
from tympan.tasks.classify.config import ClassifyConfig as ClassifyConfig
from tympan.tasks.classify.evaluation import ClassifyEvaluation as ClassifyEvaluation
from tympan.tasks.classify.explaining import explain as explain
from tympan.tasks.classify.learner import ClassifyLearner as ClassifyLearner
from tympan.tasks.classify.net import Classifier as Classifier
from tympan.tasks.classify.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
