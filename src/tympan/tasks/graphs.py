"""A net as it leaves tympan: named tensors in, named tensors out, and nothing else.

What `tympan export` writes and what `tympan.load_model` gives is made from a `Graph`. A model says
what its graph is (`Model.graph`); one that says nothing but has a `net` of waves has one all the
same, see `graph_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError

Axes = tuple[str, ...]
FREE = frozenset("btnmw")
"""Axes that may have any length in the exported file: batch, samples, frames, symbols, windows."""
SAMPLES = "samples"
WINDOW_S = 4.0
# Decibels of what lies far below the rest of its frame differ between two ways to transform.
FRONT_TOLERANCE = 0.3


@dataclass(frozen=True, eq=False)
class Graph:
    """A net with names for what it takes and gives.

    Args:
        body: takes the `inputs` in their order, and gives a tensor or a tuple of the `outputs`.
        inputs: name → axes, one letter each; those in `FREE` may have any length.
        outputs: name → axes.
        front: waves `(b, t)` → the inputs of `body`: the spectrogram. None: `body` takes them
            itself, or no waves at all.
        example: inputs of `body` to draw the graph with, where there is no front and its inputs are
            no waves; called with a seed.
        state: output → the input of the next call that it is given to: a net that goes on where it
            stopped. Its inputs begin as zeros, unless `example` says otherwise.
        answer: where there is a state, what the model itself gives of all samples `(b, t)` at
            once: the last of the first output, of every call together.
        window: samples that are given at once: what it was trained on, or has to be where there is
            a state.
        shortest: fewest samples that it takes.
        step: it takes so many samples more, or a multiple of that.
        rate_hz: of the waves, or of the sound that it gives; 0: neither.
        labels: names of the outputs' axis `k`.
        settings: what else who runs it must know, such as thresholds; plain values.
        tolerance: how far the exported outputs may be from those of PyTorch.
    """

    body: nn.Module
    inputs: Mapping[str, Axes]
    outputs: Mapping[str, Axes]
    front: nn.Module | None = None
    example: Callable[[int], tuple[Tensor, ...]] | None = None
    state: Mapping[str, str] = field(default_factory=dict)
    answer: Callable[[Tensor], Tensor] | None = None
    window: int = 0
    shortest: int = 0
    step: int = 1
    rate_hz: int = 0
    labels: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-3

    @property
    def takes_samples(self) -> bool:
        """Whether it begins with waves `(b, t)`, by its front or by itself."""
        return self.front is not None or SAMPLES in self.inputs

    def whole(self) -> Graph:
        """The same with the front inside: samples in."""
        if self.front is None:
            return self
        from dataclasses import replace

        body = WithFront(self.front, self.body)
        return replace(self, body=body, front=None, inputs={SAMPLES: ("b", "t")})

    def apart(self) -> tuple[Graph, Graph]:
        """The front alone, and the body alone, which gets what the front gives.

        Raises:
            ArgumentError: it has no front, or needs what is inside.
        """
        from dataclasses import replace

        if self.front is None:
            what = "this model's graph has no spectrogram that could be apart"
            raise ArgumentError(what, fix="export it with the front inside")
        front = replace(
            self, body=self.front, front=None, inputs={SAMPLES: ("b", "t")}, outputs=self.inputs,
            tolerance=max(self.tolerance, FRONT_TOLERANCE),
        )  # fmt: skip

        def example(seed: int) -> tuple[Tensor, ...]:
            with torch.no_grad():
                return as_tuple(front.body(*front.examples(seed)))

        return front, replace(self, front=None, example=example)

    def examples(self, seed: int = 0) -> tuple[Tensor, ...]:
        """Inputs to draw the graph with."""
        if self.example is not None:
            return self.example(seed)
        many = torch.Generator().manual_seed(seed)
        return (0.1 * torch.randn(2, max(self.window, self.shortest, 1), generator=many),)

    def begin(self) -> dict[str, Tensor]:
        """The state before anything was heard: input → zeros."""
        wanted = dict(zip(self.inputs, self.examples(), strict=True))
        return {name: torch.zeros_like(wanted[name]) for name in self.state.values()}

    def run(self, *inputs: Tensor) -> dict[str, Tensor]:
        """The outputs by name, as PyTorch computes them."""
        with torch.no_grad():
            return dict(zip(self.outputs, as_tuple(self.body(*inputs)), strict=True))


class WithFront(nn.Module):
    """A front and what gets its spectrograms."""

    def __init__(self, front: nn.Module, body: nn.Module) -> None:
        super().__init__()
        self.front, self.body = front, body

    def forward(self, samples: Tensor) -> Any:
        """`(b, t)` → what the body gives."""
        return self.body(*as_tuple(self.front(samples)))


class Answering(nn.Module):
    """A net and what is done with its outputs before people read them, as one module.

    Args:
        net: the net.
        answer: called with the net's input; it may call the net.
    """

    def __init__(self, net: nn.Module, answer: Callable[..., Any]) -> None:
        super().__init__()
        self.net, self._answer = net, answer

    def forward(self, *inputs: Tensor) -> Any:
        """What `answer` gives."""
        return self._answer(*inputs)


def as_tuple(found: Any) -> tuple[Tensor, ...]:
    """One tensor or several, as a tuple."""
    return (found,) if isinstance(found, Tensor) else tuple(found)


@runtime_checkable
class GivesGraph(Protocol):
    """A model that can be exported."""

    def graph(self) -> Graph:
        """Its net with names for what it takes and gives."""
        ...


@runtime_checkable
class GivesStreamGraph(Protocol):
    """A model that can also be exported as a net that goes on from block to block."""

    def stream_graph(self) -> Graph:
        """The same net with its memory as inputs and outputs.

        Raises:
            ArgumentError: this one has no memory that reads forwards only.
        """
        ...


def graph_of(model: Any) -> Graph:
    """The graph of a loaded model, whichever question it answers.

    A model without a `graph` of its own has one if its attribute `net` is a module that takes waves
    `(b, t)`: samples in, `output` out; one that is more than a net says why it has no graph, in
    `not_exported`.

    Raises:
        ArgumentError: it cannot be exported; or it is an engine of another package.

    >>> from tympan.tasks.answering import load
    >>> graph = graph_of(load("sounds", "classify", "cpu"))
    >>> dict(graph.inputs), dict(graph.outputs)
    ({'spectrogram': ('b', 'c', 'f', 'n')}, {'probabilities': ('b', 'k')})
    """
    if isinstance(model, GivesGraph):
        return model.graph()
    name = _exported(model)
    net = getattr(model, "net", None)
    if not isinstance(net, nn.Module):
        what = f"{name} has no net of tympan's that could be exported"
        raise ArgumentError(what, fix="`tympan models` lists the weights that can")
    return _of_waves(net.eval(), model)


def _exported(model: Any) -> str:
    """The name of a model that does not say that it cannot be exported.

    Raises:
        ArgumentError: it says so, and why.
    """
    name = str(getattr(model, "name", type(model).__name__))
    if reason := getattr(model, "not_exported", ""):
        fix = "the page of export lists the models that can be"
        raise ArgumentError(f"{name} cannot be exported: {reason}", fix=fix)
    return name


def _of_waves(net: nn.Module, model: Any) -> Graph:
    """The graph of a net that says nothing about itself: waves in, tensors out, if it can do that.

    Raises:
        ArgumentError: it takes no waves, or gives something else.
    """
    rate_hz = int(model.rate_hz)
    window = round(WINDOW_S * rate_hz)
    try:
        with torch.no_grad():
            found = as_tuple(net(0.1 * torch.randn(2, window)))
        if not all(isinstance(one, Tensor) and len(one) == 2 for one in found):
            raise TypeError("no tensors (b, …)")
    except Exception as error:  # a net of any kind
        what = f"the net of {model.name} takes no waves (b, t): {str(error).splitlines()[0]:.100}"
        raise ArgumentError(
            what, fix="its model can say what it takes, by a method graph"
        ) from error
    names = ["output", *(f"output_{i}" for i in range(2, len(found) + 1))]
    outputs = {name: ("b", *"nmwt"[: one.ndim - 1]) for name, one in zip(names, found, strict=True)}
    return Graph(
        net, {SAMPLES: ("b", "t")}, outputs, window=window, shortest=round(0.1 * rate_hz),
        rate_hz=rate_hz, labels=tuple(getattr(model, "labels", ())),
    )  # fmt: skip


def stream_graph_of(model: Any) -> Graph:
    """The graph of a model that goes on from block to block.

    Raises:
        ArgumentError: there is none.
    """
    if not isinstance(model, GivesStreamGraph):
        what = f"{_exported(model)} keeps no memory from block to block"
        raise ArgumentError(what, fix="export it as it is, and give it one window after another")
    return model.stream_graph()
