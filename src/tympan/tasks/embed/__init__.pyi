# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.commands import Command as Command
from tympan.tasks.embed.answer import EmbedModel as EmbedModel
from tympan.tasks.embed.answers import Moment as Moment
from tympan.tasks.embed.find import Match as Match
from tympan.tasks.embed.find import find as find
from tympan.tasks.embed.index import Index as Index
from tympan.tasks.embed.labelling import Labelling as Labelling
from tympan.tasks.embed.labelling import Suggestion as Suggestion
from tympan.tasks.embed.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

FIND: Command
LABEL: Command
VERB: Verb
