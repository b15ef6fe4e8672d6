# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.tag.answer import TagModel as TagModel
from tympan.tasks.tag.config import TagConfig as TagConfig
from tympan.tasks.tag.evaluation import TagEvaluation as TagEvaluation
from tympan.tasks.tag.learner import Tagger as Tagger
from tympan.tasks.tag.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
