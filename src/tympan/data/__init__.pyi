# Written by `make stubs` from the table in __init__.py.

from tympan.data import annotations as annotations
from tympan.data.batches import Batch as Batch
from tympan.data.batches import Batches as Batches
from tympan.data.checks import data_warnings as data_warnings
from tympan.data.checks import events_outside as events_outside
from tympan.data.checks import lost_labels as lost_labels
from tympan.data.checks import suggest_folds as suggest_folds
from tympan.data.cross_validation import folds as folds
from tympan.data.examples import Examples as Examples
from tympan.data.folder import read_folder as read_folder
from tympan.data.grouping import same_source as same_source
from tympan.data.guess import Guess as Guess
from tympan.data.guess import guess_task as guess_task
from tympan.data.guess import possible_task as possible_task
from tympan.data.labels import label_conflicts as label_conflicts
from tympan.data.labels import label_warnings as label_warnings
from tympan.data.leaks import check_leaks as check_leaks
from tympan.data.leaks import content_keys as content_keys
from tympan.data.shortcuts import shortcut_warnings as shortcut_warnings
from tympan.data.split import Split as Split
from tympan.data.split import split_table as split_table
from tympan.data.store import AudioStore as AudioStore
from tympan.data.table import Example as Example
from tympan.data.table import Supervision as Supervision
from tympan.data.table import Table as Table
from tympan.data.table import recording as recording
