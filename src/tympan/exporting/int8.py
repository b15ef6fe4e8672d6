"""A file of a quarter of the size: weights and feature maps in eight bits.

The front stays as it is: decibels of eight bits would be steps of half a decibel, and it has hardly
any weights. What feature maps reach is measured on recordings.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.graphs import Graph

FRONT = "/front/"
"""What the names of the front's nodes begin with."""


def write_int8(graph: Graph, source: Path, path: Path, given: Sequence[tuple[Tensor, ...]]) -> None:
    """Quantise an exported file.

    Convolutions and matrices of a net without memory: weights for each channel, feature maps by
    what they reach on the recordings (Jacob et al., *Quantization and Training of Neural Networks
    for Efficient Integer-Arithmetic-Only Inference*, CVPR 2018). Of a recurrent net the weights
    alone.

    Args:
        graph: what was exported.
        source: the exported file.
        path: of the new one.
        given: inputs to measure with.
    """
    from onnxruntime import quantization as q

    nodes = _nodes(source)
    kinds = {kind for _, kind in nodes}
    skipped = [name for name, _ in nodes if name.startswith(FRONT)]
    logging.getLogger().setLevel(logging.ERROR)
    with atomic_write(path) as beside:
        if "LSTM" in kinds:
            q.quantize_dynamic(
                str(source), str(beside), weight_type=q.QuantType.QInt8,
                nodes_to_exclude=[*skipped, *(n for n, kind in nodes if kind == "Conv")],
            )  # fmt: skip
            return
        q.quantize_static(
            str(source), str(beside), _Reader(graph, given), quant_format=q.QuantFormat.QDQ,
            per_channel=True, weight_type=q.QuantType.QInt8, activation_type=q.QuantType.QUInt8,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"], nodes_to_exclude=skipped,
        )  # fmt: skip


def _nodes(path: Path) -> list[tuple[str, str]]:
    """Name and kind of each node of a file."""
    import onnx

    return [(one.name, one.op_type) for one in onnx.load(str(path)).graph.node]


class _Reader:
    """Gives inputs to what measures feature maps."""

    def __init__(self, graph: Graph, given: Sequence[tuple[Tensor, ...]]) -> None:
        names = list(graph.inputs)
        self._rows: Iterator[dict[str, Any]] = iter(
            [{n: x.numpy() for n, x in zip(names, one, strict=True)} for one in given]
        )

    def get_next(self) -> dict[str, Any] | None:
        """The next inputs by name."""
        return next(self._rows, None)

    def __iter__(self) -> _Reader:
        return self

    def __next__(self) -> dict[str, Any]:
        found = self.get_next()
        if found is None:
            raise StopIteration
        return found

    def set_range(self, start_index: int, end_index: int) -> None:
        """Is asked for by some versions; all is given at once."""
