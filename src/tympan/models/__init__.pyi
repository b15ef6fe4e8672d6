# Written by `make stubs` from the table in __init__.py.

from tympan.models.card import Card as Card
from tympan.models.catalogue import find_model as find_model
from tympan.models.catalogue import list_models as list_models
from tympan.models.catalogue import load_card as load_card
from tympan.models.catalogue import shipped_folder as shipped_folder
from tympan.models.folder import LoadedModel as LoadedModel
from tympan.models.folder import load_model as load_model
from tympan.models.folder import save_model as save_model
from tympan.models.scores import Score as Score
