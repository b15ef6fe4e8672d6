"""The vocoder of a voice: by rule, and with a correction net where one fits.

A correction net turns mels into sound whoever speaks, so a voice that is trained takes that of the
voice that it starts from, or of a voice that ships, and brings a copy of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.sound import vocoder_config

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.models import LoadedModel
    from tympan.nets import SourceFilterVocoder

VOCODER = "vocoder."
# Three passes leave what a stream is late by under 100 ms.
PASSES = 3


def vocoder_of(config: SpeakConfig, state: Mapping[str, Tensor] | None) -> SourceFilterVocoder:
    """The vocoder that a card names, with its weights."""
    from tympan.nets.correction import build_vocoder

    if config.vocoder is None or not state:
        return build_vocoder({"mels": asdict(vocoder_config(config)), "passes": PASSES})
    return build_vocoder(config.vocoder, {name: one.float() for name, one in state.items()})


def vocoder_state(model: LoadedModel) -> dict[str, Tensor]:
    """The weights of the correction net in a voice."""
    return {k.removeprefix(VOCODER): v for k, v in model.state.items() if k.startswith(VOCODER)}


def borrowed(
    config: SpeakConfig, start: LoadedModel | None
) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
    """Shape and weights of a correction net for these mels; None: there is none.

    Args:
        config: of the voice that needs one.
        start: the voice that its training starts from.
    """
    from tympan.models import list_models, load_model

    places = [] if start is None else [start]
    places += [load_model(card.name) for card in list_models() if card.task == "speak"]
    for one in places:
        fields = one.card.config.get("vocoder")
        if fields and fields.get("mels") == asdict(vocoder_config(config)):
            return dict(fields), vocoder_state(one)
    return None
