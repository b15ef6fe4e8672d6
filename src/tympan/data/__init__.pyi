# Written by `make stubs` from the table in __init__.py.

from tympan.data.batches import Batch as Batch
from tympan.data.batches import Batches as Batches
from tympan.data.examples import Examples as Examples
from tympan.data.folder import read_folder as read_folder
from tympan.data.guess import Guess as Guess
from tympan.data.guess import guess_task as guess_task
from tympan.data.leaks import check_leaks as check_leaks
from tympan.data.leaks import content_keys as content_keys
from tympan.data.split import Split as Split
from tympan.data.split import folds as folds
from tympan.data.split import split_table as split_table
from tympan.data.store import AudioStore as AudioStore
from tympan.data.table import Example as Example
from tympan.data.table import Supervision as Supervision
from tympan.data.table import Table as Table
from tympan.data.table import recording as recording
