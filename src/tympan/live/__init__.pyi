# Written by `make stubs` from the table in __init__.py.

from tympan.live.actions.log import read_events as read_events
from tympan.live.api import watch as watch
from tympan.live.engine import Summary as Summary
from tympan.live.event import Event as Event
from tympan.live.rules import ModelSpec as ModelSpec
from tympan.live.rules import Rule as Rule
from tympan.live.rules import Rules as Rules
from tympan.live.rules import load_rules as load_rules
from tympan.live.rules import profile_names as profile_names
from tympan.live.sources.base import Source as Source
from tympan.live.sources.opening import open_source as open_source
