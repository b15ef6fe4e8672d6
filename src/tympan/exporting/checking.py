"""Is the exported file the model? Both answer about the same recordings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tympan.errors import MissingDependencyError, TympanError

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph

MOST_WINDOWS = 24
"""So many windows are compared, taken from all recordings in turn."""
STEPS, STEPS_S = 6, 4.0
"""Of each recording so many blocks of a stream, or more, until they last so long."""


@dataclass(frozen=True)
class Agreement:
    """How far the exported outputs are from those of PyTorch.

    Attributes:
        largest: the largest difference of any number.
        agree: share of the rows whose highest label is the same one; of vectors their mean cosine.
        windows: how many were compared.
        recordings: of which.
    """

    largest: float
    agree: float
    windows: int
    recordings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the metadata of the file."""
        return {
            "largest_difference": float(f"{self.largest:.3g}"),
            "agree": round(self.agree, 4),
            "windows": self.windows,
            "recordings": list(self.recordings)[:20],
        }


class Runner:
    """An exported file, ready to run.

    Args:
        path: of the file.
        threads: of the processor.

    Raises:
        MissingDependencyError: ONNX Runtime is not installed.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            what = "an export needs the package onnxruntime, which is not installed"
            raise MissingDependencyError(what, fix="pip install 'tympan[export]'") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.names = [one.name for one in self.session.get_inputs()]

    def __call__(self, *inputs: Tensor) -> list[np.ndarray]:
        """The outputs in their order."""
        given = {name: one.numpy() for name, one in zip(self.names, inputs, strict=False)}
        found: list[np.ndarray] = self.session.run(None, given)
        return found


def windows_of(
    graph: Graph, recordings: Sequence[Any], most: int = MOST_WINDOWS
) -> Iterator[tuple[str, Tensor]]:
    """Windows `(1, t)` of recordings, and whose they are; one recording after another in turn.

    Of each the loudest windows come first: digital silence would agree whatever the net.
    """
    from tympan.tasks.inputs import name_of, samples_of

    size, each = max(graph.window, graph.shortest), max(1, -(-most // max(1, len(recordings))))
    count = 0
    for source in recordings:
        wave = np.concatenate([one[0] for one in samples_of(source, graph.rate_hz)])
        parts = [wave[at : at + size] for at in range(0, max(1, len(wave) - size + 1), size)]
        parts.sort(key=lambda one: -float(np.square(one).mean()))
        for part in parts[:each]:
            if count < most:
                count += 1
                padded = np.pad(part, (0, size - len(part))).astype(np.float32)
                yield name_of(source), torch.from_numpy(padded)[None]


def inputs_of(graph: Graph, recordings: Sequence[Any]) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
    """What a graph is given to be checked with: from recordings where it takes sound."""
    if graph.state:
        for name, block in _blocks(graph, recordings):
            yield name, (block,)
    elif graph.takes_samples:
        found = list(windows_of(graph, recordings))
        for name, window in found:
            yield name, (window,)
        # Another batch and another length than the graph was drawn with.
        steps = (found[0][1].shape[1] - graph.shortest) // 2 // graph.step
        size = graph.shortest + steps * graph.step
        yield found[0][0], (torch.cat([w[:, :size] for _, w in (found * 3)[:3]]),)
    else:
        for seed in range(1, 4):
            yield "made", graph.examples(seed)


def compare(graph: Graph, path: Path, given: Iterable[tuple[str, tuple[Tensor, ...]]]) -> Agreement:
    """Run both on the same inputs.

    Args:
        graph: without a front of its own, see `Graph.whole`.
        path: of the exported file.
        given: name of a recording, and inputs.
    """
    runner = Runner(path)
    largest, count = 0.0, 0
    agreed: list[float] = []
    names: dict[str, _Heard] = {}
    ours = theirs = graph.begin()
    for name, inputs in given:
        if graph.state and name not in names:  # a recording begins
            ours = begin_of(graph)
            theirs = ours
        heard = names.setdefault(name, _Heard())
        expected = graph.run(*inputs, *ours.values())
        found = dict(zip(graph.outputs, runner(*inputs, *theirs.values()), strict=True))
        for key, wanted in expected.items():
            far = _difference(wanted.numpy(), found[key])
            if key in graph.state:  # a memory may hold sums of any size
                far /= max(1.0, float(wanted.abs().max()))
            largest = max(largest, far)
        head = next(iter(graph.outputs))
        agreed += _agreeing(expected[head].numpy(), found[head], graph.outputs[head])
        if graph.state:
            heard.given.append(inputs[0])
            heard.found.append(found[head])
            ours = {to: expected[out] for out, to in graph.state.items()}
            theirs = {to: torch.from_numpy(found[out]) for out, to in graph.state.items()}
        count += 1
    if graph.answer is not None:
        largest = max(largest, *(one.difference(graph.answer) for one in names.values()))
    return Agreement(largest, float(np.mean(agreed)) if agreed else 1.0, count, tuple(names))


@dataclass
class _Heard:
    """What a recording's blocks were, and what the file gave for them."""

    given: list[Tensor] = field(default_factory=list)
    found: list[np.ndarray] = field(default_factory=list)

    def difference(self, answer: Callable[[Tensor], Tensor]) -> float:
        """From what the model itself gives of them all at once."""
        wanted, found = answer(torch.cat(self.given, -1)).numpy(), np.concatenate(self.found, -1)
        return _difference(wanted, found[..., found.shape[-1] - wanted.shape[-1] :])


def require(found: Agreement, tolerance: float, path: Path) -> None:
    """Refuse a file whose outputs are not those of the model.

    Raises:
        TympanError: they differ by more than the tolerance.
    """
    if not found.largest <= tolerance:
        what = f"differs from the model by {found.largest:.3g}, more than {tolerance:g}"
        fix = "this is a fault of the export: report it, with the model's name"
        raise TympanError(what, file=path, fix=fix)


def _blocks(graph: Graph, recordings: Sequence[Any]) -> Iterator[tuple[str, Tensor]]:
    """A few blocks that follow one another, of each recording."""
    from tympan.tasks.inputs import name_of, samples_of

    for source in recordings:
        wave = np.concatenate([one[0] for one in samples_of(source, graph.rate_hz)])
        steps = max(STEPS, round(STEPS_S * graph.rate_hz / graph.window))
        # Of one block alone, a delay may leave nothing to compare.
        for step in range(min(steps, max(2, len(wave) // graph.window))):
            block = wave[step * graph.window : (step + 1) * graph.window]
            padded = np.pad(block, (0, graph.window - len(block))).astype(np.float32)
            yield name_of(source), torch.from_numpy(padded)[None]


def begin_of(graph: Graph) -> dict[str, Tensor]:
    """The state with which a recording begins: of one for several recordings that of one."""
    found = {}
    for name, value in graph.begin().items():
        axes = graph.inputs[name]
        found[name] = value[tuple(slice(0, 1) if axis == "b" else slice(None) for axis in axes)]
    return found


def _agreeing(one: np.ndarray, other: np.ndarray, axes: tuple[str, ...]) -> list[float]:
    """For each row whether its highest label is the same; of vectors the cosine between both."""
    if axes[-1] == "s":  # sound has no highest label
        return []
    if "k" in axes and one.shape == other.shape:
        axis = axes.index("k")
        if one.shape[axis] == 1:  # of one label, on which side of a half it lies
            return ((one > 0.5) == (other > 0.5)).ravel().astype(float).tolist()
        return (one.argmax(axis) == other.argmax(axis)).ravel().astype(float).tolist()
    if axes[-1] == "d" and one.ndim == 2:
        lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        return ((one * other).sum(1) / np.maximum(lengths, 1e-12)).tolist()
    return []


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max(initial=0.0))
