# Written by `make stubs` from the table in __init__.py.

from tympan.live.sources.base import Chunk as Chunk
from tympan.live.sources.base import Source as Source
from tympan.live.sources.opening import open_source as open_source
