# Written by `make stubs` from the table in __init__.py.

from tympan.tasks.windows.batcher import Batcher as Batcher
from tympan.tasks.windows.batcher import Lane as Lane
from tympan.tasks.windows.centered import CenteredWindows as CenteredWindows
from tympan.tasks.windows.overlap import OverlapAdd as OverlapAdd
from tympan.tasks.windows.overlap import OverlappingWindows as OverlappingWindows
from tympan.tasks.windows.prompt import PromptSession as PromptSession
from tympan.tasks.windows.window import Cutter as Cutter
from tympan.tasks.windows.window import Wave as Wave
from tympan.tasks.windows.window import Window as Window
from tympan.tasks.windows.window import cut as cut
