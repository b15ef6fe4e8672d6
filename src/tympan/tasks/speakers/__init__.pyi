# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.speakers.cluster import clusters as clusters
from tympan.tasks.speakers.diarize import SpeakersModel as SpeakersModel
from tympan.tasks.speakers.metrics import DiarizationErrors as DiarizationErrors
from tympan.tasks.speakers.metrics import diarization_errors as diarization_errors
