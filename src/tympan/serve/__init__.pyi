# Written by `make stubs` from the table in __init__.py.

from tympan.serve.app import create_app as create_app
from tympan.serve.running import serve as serve
from tympan.serve.settings import ServeSettings as ServeSettings
