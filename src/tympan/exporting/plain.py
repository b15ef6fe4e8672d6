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
        settings: the configuration that it was built from, and what else must be known.
        card: data, licence, scores, known failures; None: it is a question of another package.
        name: of the catalogue or folder.
        task: the question that it answers.
        rate_hz: of the samples.
        labels: names of its outputs.
        model: what answers the question with it.
        drawn: its graph, of one that can be exported, see `graph`.
    """

    net: nn.Module
    settings: dict[str, Any]
    card: Card | None
    name: str
    task: str
    rate_hz: int
    labels: tuple[str, ...] = ()
    model: Any = field(default=None, repr=False)

    drawn: Graph | None = field(default=None, repr=False)

    @property
    def graph(self) -> Graph:
        """From samples to what people read, as it is exported.

        `graph.front` makes the spectrogram, `graph.body` the probabilities; `graph.whole().body`
        does both.

        Raises:
            ArgumentError: the model cannot be exported.
        """
        from tympan.tasks.graphs import graph_of

        return graph_of(self.model) if self.drawn is None else self.drawn


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
    try:
        graph = graph_of(model)
    except ArgumentError:  # it cannot be exported, and says so to who asks for its graph
        graph = None
    settings = {**card.config, **({} if graph is None else graph.settings)}
    labels = tuple(card.labels) if graph is None else graph.labels or tuple(card.labels)
    rate_hz = int(getattr(model, "rate_hz", 0)) if graph is None else graph.rate_hz
    return PlainModel(
        model.net, settings, card, card.name, card.task, rate_hz, labels, model, graph
    )
