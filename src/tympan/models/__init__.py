"""The catalogue of models: a name, a card that says what the model is, and safe weights.

A model is a folder with `model.safetensors` (the weights) and `card.json` (everything else).
Loading checks both before a single weight is used, and nothing is ever unpickled.
"""

from __future__ import annotations

from tympan._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Card": "tympan.models.card",
        "LoadedModel": "tympan.models.folder",
        "Score": "tympan.models.scores",
        "save_model": "tympan.models.folder",
        "load_model": "tympan.models.folder",
        "load_card": "tympan.models.catalogue",
        "list_models": "tympan.models.catalogue",
        "find_model": "tympan.models.catalogue",
        "shipped_folder": "tympan.models.catalogue",
    },
)
