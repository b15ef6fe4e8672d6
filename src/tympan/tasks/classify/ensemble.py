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
AGAIN = "get or train the model again"
MOST = 4  # nets beside the first: they are built before the weights are looked at


class Ensemble(nn.Module):
    """Nets whose answer is the mean of their probabilities.

    Nets that hear another resolution are wrong about other recordings, so together they are right
    more often.

    Args:
        configs: of each net; all hear the same rate, from the same frequency on, and as much at
            once. The temperature of the first is that of the common answer.
        k: number of labels.

    Attributes:
        config: the first of them.
        nets: the nets.

    >>> first = ClassifyConfig(encoder="small")
    >>> net = Ensemble([first, replace(first, n_mels=40)], 3).eval()
    >>> net.probabilities(torch.zeros(2, 16000)).sum(1).round(decimals=6)
    tensor([1., 1.])
    """

    def __init__(self, configs: Sequence[ClassifyConfig], k: int) -> None:
        super().__init__()
        self.config = configs[0]
        self.nets = nn.ModuleList(Classifier(replace(one, temperature=1.0), k) for one in configs)

    @torch.inference_mode()
    def probabilities(self, waves: Tensor) -> Tensor:
        """`(b, t)` → probabilities `(b, k)`: the mean of all nets', then calibrated."""
        mean = torch.stack([net.probabilities(waves) for net in self.nets]).mean(0)  # type: ignore[operator]
        return (mean.clamp_min(1e-12).log() / self.config.temperature).softmax(1)


def nets_of(net: Classifier | Ensemble) -> tuple[Classifier, ...]:
    """The nets of an ensemble, or the one that there is.

    >>> one = Classifier(ClassifyConfig(encoder="small"), 2)
    >>> nets_of(one) == (one,)
    True
    """
    return tuple(net.nets) if isinstance(net, Ensemble) else (net,)  # type: ignore[arg-type]


def configs_of(values: dict[str, Any], file: str | None = None) -> tuple[ClassifyConfig, ...]:
    """The configurations of the nets of a card; the first has the temperature of the answer.

    Raises:
        ModelError: a field is unusable, or the nets do not hear alike.

    >>> configs_of(ClassifyConfig().to_dict()) == (ClassifyConfig(),)
    True
    """
    values = dict(values)
    listed = values.pop(OTHERS, [])
    config = ClassifyConfig.from_dict(values, file)
    fits = isinstance(listed, list) and len(listed) <= MOST
    if not fits or not all(isinstance(one, dict) for one in listed):
        what = f"its configuration has an unusable field {OTHERS!r}"
        raise ModelError(what, file=file, fix=AGAIN)
    others = tuple(ClassifyConfig.from_dict(one, file) for one in listed)
    for one in others:
        for name in ("rate_hz", "f_min_hz", "clip_s", "crop"):
            if getattr(one, name) != getattr(config, name):
                what = f"its nets do not hear alike: {name} differs"
                raise ModelError(what, file=file, fix=AGAIN)
    return config, *others


def card_config(configs: Sequence[ClassifyConfig], temperature: float) -> dict[str, Any]:
    """What the card of an ensemble of nets so configured holds; of one net its configuration.

    >>> ensemble = card_config([ClassifyConfig(), ClassifyConfig(n_mels=96)], temperature=1.2)
    >>> configs_of(ensemble)[1].n_mels
    96
    """
    first, *others = configs
    values = replace(first, temperature=temperature).to_dict()
    return values | ({OTHERS: [one.to_dict() for one in others]} if others else {})


def joined(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The weights of an ensemble from those of its nets; of one net its own.

    >>> one, two = ({"head.bias": torch.zeros(2) + i} for i in range(2))
    >>> first_of(joined([one, two])) == one
    True
    """
    if len(states) == 1:
        return dict(states[0])
    return {f"nets.{i}.{name}": t for i, one in enumerate(states) for name, t in one.items()}


def first_of(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the first net of an ensemble; of one net all."""
    first = {k.removeprefix("nets.0."): v for k, v in state.items() if k.startswith("nets.0.")}
    return first or state
