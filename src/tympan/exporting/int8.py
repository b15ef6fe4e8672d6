"""A file of a third to a quarter of the size: weights, and where that is sound feature maps, in
eight bits.

The front stays in decimals: decibels of eight bits would be steps of half a decibel. Its tables of
sines are kept in 16 bits.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan._files import atomic_write

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.graphs import Graph

FRONT = "/front/"
"""What the names of the front's nodes begin with."""
RECURRENT = ("LSTM", "GRU")
WITH_WEIGHTS = ("Conv", "ConvTranspose", "MatMul", "Gemm", *RECURRENT)
# Smaller tensors are left: there is nothing to gain.
LEAST = 1024


def write_int8(graph: Graph, source: Path, path: Path, given: Sequence[tuple[Tensor, ...]]) -> None:
    """Quantise an exported file.

    Convolutions and matrices of a net without memory: weights for each channel, feature maps by
    what they reach on the recordings (Jacob et al., *Quantization and Training of Neural Networks
    for Efficient Integer-Arithmetic-Only Inference*, CVPR 2018). A net with memory computes in
    decimals, as its errors would add up from frame to frame; its weights are stored in eight bits.

    Args:
        graph: what was exported.
        source: the exported file.
        path: of the new one.
        given: inputs to measure with.
    """
    import onnx

    nodes = [(one.name, one.op_type) for one in onnx.load(str(source)).graph.node]
    recurrent = any(kind in RECURRENT for _, kind in nodes)
    with atomic_write(path) as beside:
        if recurrent:
            beside.write_bytes(source.read_bytes())
        else:
            _quantise(graph, source, beside, given, [n for n, _ in nodes if n.startswith(FRONT)])
        model = onnx.load(str(beside))
        store_smaller(model, weights=recurrent)
        onnx.save(model, str(beside))


def _quantise(
    graph: Graph,
    source: Path,
    path: Path,
    given: Sequence[tuple[Tensor, ...]],
    skipped: Sequence[str],
) -> None:
    from onnxruntime import quantization as q

    # Processors without instructions for eight-bit products (AVX2 alone) add pairs of products in
    # 16 bits, which overflow with weights of eight bits: seven are safe everywhere.
    with _silent():
        q.quantize_static(
            str(source), str(path), _Reader(graph, given), quant_format=q.QuantFormat.QDQ,
            per_channel=True, weight_type=q.QuantType.QInt8, activation_type=q.QuantType.QUInt8,
            op_types_to_quantize=["Conv", "MatMul", "Gemm"], nodes_to_exclude=list(skipped),
            reduce_range=True,
        )  # fmt: skip


def store_smaller(model: Any, *, weights: bool) -> None:
    """Store what a file computes with in fewer bits; it is widened when the file is loaded.

    Args:
        model: of the package onnx; it is changed.
        weights: those of the net, in eight bits for each row. Tables of the front: 16 bits.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    for node in [one for one in graph.node if one.op_type == "Constant"]:
        value = next((one.t for one in node.attribute if one.name == "value"), None)
        if value is not None:
            value.name = node.output[0]
            graph.initializer.append(value)
            graph.node.remove(node)
    known = {one.name: one for one in graph.initializer}
    front, net = _used(graph, known)
    added = []
    for name, tensor in known.items():
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < LEAST:
            continue
        if name in front and name not in net:
            node, parts = _halved(name, values)
        elif weights and name in net and values.ndim > 1:
            node, parts = _in_eight_bits(name, values, net[name])
        else:
            continue
        graph.initializer.remove(tensor)
        graph.initializer.extend(
            [numpy_helper.from_array(part, part_name) for part_name, part in parts.items()]
        )
        kind, inputs, options = node
        added.append(helper.make_node(kind, inputs, [name], name=f"{name}/widened", **options))
    for node in reversed(added):
        graph.node.insert(0, node)


def _used(graph: Any, known: Any) -> tuple[set[str], dict[str, int]]:
    """Tables of the front, and weights of the net with the axis of their rows."""
    front: set[str] = set()
    net: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            if name not in known:
                continue
            if node.name.startswith(FRONT):
                front.add(name)
            elif node.op_type in WITH_WEIGHTS:
                of_rows = 1 if node.op_type in ("MatMul", *RECURRENT) else 0
                net[name] = min(of_rows, len(known[name].dims) - 1)
    return front, net


def _halved(name: str, values: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    stored = f"{name}/half"
    return ("Cast", [stored], {"to": 1}), {stored: values.astype(np.float16)}


def _in_eight_bits(name: str, values: np.ndarray, axis: int) -> tuple[Any, dict[str, np.ndarray]]:
    others = tuple(i for i in range(values.ndim) if i != axis)
    scale = np.maximum(np.abs(values).max(others) / 127, 1e-12).astype(np.float32)
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    whole = np.clip(np.round(values / scale.reshape(shape)), -127, 127).astype(np.int8)
    names = [f"{name}/int8", f"{name}/scale"]
    node = ("DequantizeLinear", names, {"axis": axis})
    return node, dict(zip(names, (whole, scale), strict=True))


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """The quantiser tells through the root logger what would be good to do before."""
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


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
