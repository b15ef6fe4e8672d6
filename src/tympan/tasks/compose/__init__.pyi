# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.compose.api import compose as compose
from tympan.tasks.compose.api import compose_stream as compose_stream
from tympan.tasks.compose.config import ComposeConfig as ComposeConfig
from tympan.tasks.compose.model import Composer as Composer
from tympan.tasks.compose.net import ComposeNet as ComposeNet
from tympan.tasks.compose.rules import RuleCounts as RuleCounts
from tympan.tasks.compose.rules import rule_counts as rule_counts
from tympan.tasks.compose.task import TASK as TASK
from tympan.tasks.verbs import Verb as Verb

VERB: Verb
