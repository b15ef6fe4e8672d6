# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.segment.answer import SegmentModel as SegmentModel
from tympan.tasks.segment.config import SegmentConfig as SegmentConfig
from tympan.tasks.segment.decode import SegmentDecoder as SegmentDecoder
from tympan.tasks.segment.decode import SegmentRules as SegmentRules
from tympan.tasks.segment.decode import segments_of as segments_of
from tympan.tasks.segment.evaluation import SegmentEvaluation as SegmentEvaluation
from tympan.tasks.segment.net import Segmenter as Segmenter
from tympan.tasks.segment.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
