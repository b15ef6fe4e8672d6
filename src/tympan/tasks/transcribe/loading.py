"""The weights and the words of a recogniser that was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tympan.tasks.contract import Log
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.language_model import LanguageModel, WordScores, shipped

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import Examples
    from tympan.models import LoadedModel
    from tympan.training.learner import Learner

NET, WORDS = "net.", "words."
# Of the domain's language model beside the usual one.
DOMAIN_SHARE = 0.5
LANGUAGES = ("en",)
"""Those whose words are part of the package."""


class Initialize:
    """Copies the weights of another recogniser.

    Args:
        start: the recogniser.
    """

    def __init__(self, start: LoadedModel) -> None:
        self.start = start

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Copy all, but the last layer where the start model has other phonemes."""
        from tympan.tasks.transcribe.learner import TranscribeLearner

        assert isinstance(learner, TranscribeLearner)
        state, config = weights_of(self.start), self.start.card.config
        same = (learner.config.phonemes, learner.config.characters)
        if tuple(tuple(config.get(name, ())) for name in ("phonemes", "characters")) != same:
            state = {k: v for k, v in state.items() if not k.startswith("out.")}
        learner.net.load_state_dict(state, strict=False)


def weights_of(model: LoadedModel) -> dict[str, Tensor]:
    """The weights of the net in full precision."""
    return {k.removeprefix(NET): v.float() for k, v in model.state.items() if k.startswith(NET)}


def language_model_of(model: LoadedModel, config: TranscribeConfig) -> WordScores | None:
    """The words that a recogniser knows: those of its language, and of its own training."""
    from tympan.tasks.transcribe.mixture import Mixture

    arrays = {
        k.removeprefix(WORDS): v.numpy() for k, v in model.state.items() if k.startswith(WORDS)
    }
    own = LanguageModel.of_arrays(arrays) if arrays else None
    if config.language not in LANGUAGES:
        return own
    usual = shipped(config.language)
    return usual if own is None else Mixture(usual, own, DOMAIN_SHARE)
