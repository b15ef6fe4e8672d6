# Written by `make stubs` from the table in __init__.py.

from tympan.notation.note import Note as Note
from tympan.tasks.results.anomaly import Anomaly as Anomaly
from tympan.tasks.results.anomaly import ScoredInterval as ScoredInterval
from tympan.tasks.results.base import Result as Result
from tympan.tasks.results.classification import Classification as Classification
from tympan.tasks.results.composition import Composition as Composition
from tympan.tasks.results.embedding import Embedding as Embedding
from tympan.tasks.results.formats import Span as Span
from tympan.tasks.results.identity import Candidate as Candidate
from tympan.tasks.results.identity import Identity as Identity
from tympan.tasks.results.identity import Verification as Verification
from tympan.tasks.results.notes import Notes as Notes
from tympan.tasks.results.parts import Label as Label
from tympan.tasks.results.parts import Segment as Segment
from tympan.tasks.results.segments import Segments as Segments
from tympan.tasks.results.separation import Separation as Separation
from tympan.tasks.results.speech_marks import Mark as Mark
from tympan.tasks.results.speech_marks import SpeechMarks as SpeechMarks
from tympan.tasks.results.tags import Tag as Tag
from tympan.tasks.results.tags import Tags as Tags
from tympan.tasks.results.transcript import Transcript as Transcript
from tympan.tasks.results.transcript import Utterance as Utterance
from tympan.tasks.results.transcript import Word as Word
