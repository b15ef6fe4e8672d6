# Written by `make stubs` from the table in __init__.py.

from tympan.report.hear import Report as Report
from tympan.report.parts import AnswerParts as AnswerParts
from tympan.report.parts import EvaluationParts as EvaluationParts
from tympan.report.parts import Part as Part
from tympan.report.parts import Shown as Shown
from tympan.report.parts import register as register
from tympan.report.parts import register_evaluation as register_evaluation
from tympan.report.trained import train as train
from tympan.report.training import training_report as training_report
