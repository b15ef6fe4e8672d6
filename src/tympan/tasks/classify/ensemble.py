"""Several nets that answer together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from tympan.errors import ModelError
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.net import Classifier

OTHERS = "others"
"""The field of a card's configuration that holds those of the nets after the first."""
MOST = 16


class Ensemble(Classifier):
    """A classifier whose answer is the mean of its own probabilities and those of others.

    Nets that hear another resolution are wrong about other recordings, so together they are right
    more often. Whatever looks into the net (feature maps, a training that starts from its encoder)
    sees the first.

    Args:
        config: of the first net; its temperature is that of the common answer.
        others: configurations of the others; they hear the same rate and as much at once.
        k: number of labels.

    >>> first = ClassifyConfig(encoder="small")
    >>> net = Ensemble(first, [replace(first, n_mels=40)], 3).eval()
    >>> net.probabilities(torch.zeros(2, 16000)).sum(1)
    tensor([1., 1.])
    """

    def __init__(self, config: ClassifyConfig, others: Sequence[ClassifyConfig], k: int) -> None:
        super().__init__(config, k)
        self.others = nn.ModuleList(Classifier(one, k) for one in others)

    @property
    def nets(self) -> tuple[Classifier, ...]:
        """All of them; the first is the ensemble itself, seen as one net."""
        return self, *self.others

    @torch.inference_mode()
    def probabilities(self, waves: Tensor) -> Tensor:
        """`(b, t)` → probabilities `(b, k)`: the mean of all nets', then calibrated."""
        answers = [net(net.front(waves)).softmax(1) for net in self.nets]
        mean = torch.stack(answers).mean(0)
        return (mean.clamp_min(1e-12).log() / self.config.temperature).softmax(1)


def configs_of(
    values: dict[str, Any], file: str | None = None
) -> tuple[ClassifyConfig, tuple[ClassifyConfig, ...]]:
    """The configuration of the first net of a card, and those of the others beside it.

    Raises:
        ModelError: a field is unusable, or the nets do not hear alike.

    >>> configs_of(ClassifyConfig().to_dict())[1]
    ()
    """
    values = dict(values)
    listed = values.pop(OTHERS, [])
    config = ClassifyConfig.from_dict(values, file)
    fits = isinstance(listed, list) and len(listed) < MOST
    if not fits or not all(isinstance(one, dict) for one in listed):
        raise ModelError(f"its configuration has an unusable field {OTHERS!r}", file=file)
    others = tuple(ClassifyConfig.from_dict(one, file) for one in listed)
    for one in others:
        for name in ("rate_hz", "clip_s", "crop"):
            if getattr(one, name) != getattr(config, name):
                what = f"its nets do not hear alike: {name} differs"
                raise ModelError(what, file=file, fix="get or train the model again")
    return config, others


def card_config(nets: Sequence[ClassifyConfig], temperature: float) -> dict[str, Any]:
    """What the card of an ensemble of such nets holds; of one net its configuration.

    >>> ensemble = card_config([ClassifyConfig(), ClassifyConfig(n_mels=96)], temperature=1.2)
    >>> configs_of(ensemble)[1][0].n_mels
    96
    """
    first, *others = nets
    values = replace(first, temperature=temperature).to_dict()
    return values | ({OTHERS: [one.to_dict() for one in others]} if others else {})


def joined(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The weights of an ensemble from those of its nets."""
    first, *others = states
    named = {f"others.{i}.{k}": v for i, state in enumerate(others) for k, v in state.items()}
    return {**first, **named}
