# Written by `make stubs` from the table in __init__.py.

from tympan.report.hear import Report as Report
from tympan.report.trained import train as train
from tympan.report.training import Mistake as Mistake
from tympan.report.training import training_report as training_report
