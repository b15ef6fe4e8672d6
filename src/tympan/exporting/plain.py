"""A model of the catalogue as what it is in PyTorch: an `nn.Module`, and its settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from torch import nn

    from tympan.models import Card
    from tympan.tasks.graphs import Graph


@dataclass(frozen=True, eq=False)
class PlainModel:
    """A net for people who go on in PyTorch.

    Attributes:
        net: the net itself, in evaluation mode: to be trained on, cut up, put into another.
        graph: from samples to what people read, as it is exported: `graph.front` makes the
            spectrogram, `graph.body` the probabilities; `graph.whole().body` does both.
        settings: the configuration that it was built from, and what else must be known.
        card: data, licence, scores, known failures; None: it is a question of another package.
        name: of the catalogue or folder.
        task: the question that it answers.
        rate_hz: of the samples.
        labels: names of its outputs.
    """

    net: nn.Module
    graph: Graph
    settings: dict[str, Any]
    card: Card | None
    name: str
    task: str
    rate_hz: int
    labels: tuple[str, ...] = ()
    model: Any = field(default=None, repr=False)


def load_model(name: str | os.PathLike[str], *, device: str = "cpu") -> PlainModel:
    """Load a model as a plain `nn.Module` with its settings.

    `tympan.models.load_model` gives the card and the weights as they lie in the files.

    Args:
        name: catalogue name, or folder of a model.
        device: `"cpu"`, `"cuda"`, `"mps"` or `"auto"`.

    Raises:
        ModelError: it is missing or damaged.
        ArgumentError: an engine of another package, which has no net of tympan's.

    >>> import torch
    >>> plain = load_model("sounds")
    >>> plain.rate_hz, len(plain.labels), plain.settings["hop"]
    (16000, 50, 512)
    >>> with torch.no_grad():
    ...     spectrogram = plain.net.front(torch.zeros(1, 16000))
    ...     plain.net(spectrogram).shape
    torch.Size([1, 50])
    """
    from tympan.models import load_card
    from tympan.tasks.answering import load
    from tympan.tasks.engines import find_engine
    from tympan.tasks.graphs import graph_of

    if isinstance(name, str) and find_engine(name) is not None:
        what = f"{name} is an engine of another package, not a net of tympan's"
        raise ArgumentError(what, fix="`tympan models` lists the weights")
    card = load_card(name)
    model: Any = load(name, card.task, device)
    graph = graph_of(model)
    settings = {**card.config, **graph.settings}
    labels = graph.labels or tuple(card.labels)
    return PlainModel(
        model.net, graph, settings, card, card.name, card.task, graph.rate_hz, labels, model
    )
