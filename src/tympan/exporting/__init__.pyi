# Written by `make stubs` from the table in __init__.py.

from tympan.exporting.api import ExportedFile as ExportedFile
from tympan.exporting.api import export as export
from tympan.exporting.plain import PlainModel as PlainModel
from tympan.exporting.plain import load_model as load_model
