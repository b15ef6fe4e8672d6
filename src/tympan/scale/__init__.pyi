# Written by `make stubs` from the table in __init__.py.

from tympan.scale.api import batch as batch
from tympan.scale.job import Asked as Asked
from tympan.scale.job import BatchJob as BatchJob
from tympan.scale.progress import BatchProgress as BatchProgress
from tympan.scale.progress import BatchSummary as BatchSummary
from tympan.scale.tables import schema as schema
