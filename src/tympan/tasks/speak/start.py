"""What a voice that is trained from another one takes over of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import Examples
    from tympan.models import LoadedModel
    from tympan.tasks.contract import Log
    from tympan.training.learner import Learner

NET = "net."
"""Before the names of a net's weights in the file of a voice."""
# Letters, and the phoneme of English that is most like what they stand for in most languages.
SOUNDS = {
    "a": "ɑ", "c": "k", "e": "ɛ", "g": "ɡ", "o": "ɔ", "q": "k", "r": "ɹ", "x": "s", "y": "i",
    "ß": "s", "ä": "ɛ", "ö": "ɜ",
}  # fmt: skip


class Initialize:
    """Copies the weights of another voice.

    Args:
        start: the voice.
    """

    def __init__(self, start: LoadedModel) -> None:
        self.start = start

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Copy all but the speakers; a symbol that the start model lacks begins as one like it.

        New speakers begin at the mean of those that are known.
        """
        import torch

        from tympan.tasks.speak.learner import SpeakLearner

        assert isinstance(learner, SpeakLearner)
        learner.start = self.start
        state = weights_of(self.start)
        speakers = state.pop("speakers.weight")
        known = tuple(self.start.card.config.get("symbols", ()))
        rows = alike(learner.config.symbols, known)
        own = learner.net.state_dict()
        for name in [name for name in state if name.endswith("symbols.weight")]:
            theirs, mine = state[name], own[name].clone()
            for i, row in enumerate(rows):
                if row is not None:
                    mine[i] = theirs[row]
            state[name] = mine
        learner.net.load_state_dict(state, strict=False)
        with torch.no_grad():
            learner.net.speakers.weight.copy_(
                speakers.mean(0).expand_as(learner.net.speakers.weight)
            )


def alike(symbols: Sequence[str], known: Sequence[str]) -> list[int | None]:
    """For each symbol the number of the known one that it begins as; None where none is like it.

    A letter is like the phoneme that is written so, else like the sound that it mostly stands for,
    else like the letter without its accent.

    >>> alike(["b", "o", "é", "ж"], ["^", "b", "ɛ", "ɔ"])
    [1, 3, 2, None]
    """
    number = {text: i for i, text in enumerate(known)}
    found: list[int | None] = []
    for text in symbols:
        plain = unicodedata.normalize("NFD", text)[0]
        names = (text, SOUNDS.get(text), plain, SOUNDS.get(plain))
        found.append(next((number[name] for name in names if name in number), None))
    return found


def weights_of(model: LoadedModel) -> dict[str, Tensor]:
    """The weights of the net in full precision."""
    return {k.removeprefix(NET): v.float() for k, v in model.state.items() if k.startswith(NET)}
