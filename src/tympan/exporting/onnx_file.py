"""Write a graph as an ONNX file, with everything that is needed to run it inside."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from tympan._files import atomic_write
from tympan.errors import MissingDependencyError
from tympan.tasks.graphs import FREE

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph

OPSET = 18


def write(graph: Graph, path: Path) -> None:
    """Draw a graph, and write it; its free axes may have any length.

    Args:
        graph: without a front of its own, see `Graph.whole`.
        path: of the file.

    Raises:
        MissingDependencyError: the package `onnx` is not installed.
        TympanError: the file cannot be written.
    """
    try:
        import onnx  # noqa: F401 - the exporter needs it, and says so less clearly
    except ImportError as error:
        what = "an export needs the package onnx, which is not installed"
        raise MissingDependencyError(what, fix="pip install 'tympan[export]'") from error
    named = {**graph.inputs, **graph.outputs}
    free = {
        name: {i: axis for i, axis in enumerate(axes) if axis in FREE}
        for name, axes in named.items()
    }
    log = logging.getLogger("torch.onnx")
    level = log.level
    with atomic_write(path) as beside, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        log.setLevel(logging.ERROR)
        try:
            # The exporter that traces: of all nets here it leaves every length free, and it takes a
            # tenth of the time of the other one.
            torch.onnx.export(
                graph.body.eval(), graph.examples(), str(beside), dynamo=False,
                input_names=list(graph.inputs), output_names=list(graph.outputs),
                dynamic_axes={name: axes for name, axes in free.items() if axes},
                opset_version=OPSET,
            )  # fmt: skip
        finally:
            log.setLevel(level)


def add_metadata(path: Path, values: Mapping[str, Any]) -> None:
    """Put values into a file; what is no text is put in as JSON."""
    import onnx

    model = onnx.load(str(path))
    kept = {one.key: one.value for one in model.metadata_props}
    kept |= {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
    }
    onnx.helper.set_model_props(model, kept)
    with atomic_write(path) as beside:
        onnx.save(model, str(beside))


def metadata(path: str | Path) -> dict[str, Any]:
    """What stands in a file beside its graph.

    Args:
        path: of a file that `tympan export` wrote.
    """
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    found: dict[str, Any] = {}
    for one in model.metadata_props:
        try:
            found[one.key] = json.loads(one.value)
        except ValueError:
            found[one.key] = one.value
    return found
