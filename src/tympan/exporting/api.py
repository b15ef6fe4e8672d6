"""`tympan.export`: a model as an ONNX file that is the model, and says what it is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import as_full, check_target, full_disk
from tympan.errors import ArgumentError, TympanError
from tympan.tasks.cleaned import named_in

if TYPE_CHECKING:
    from tympan.exporting.checking import Agreement
    from tympan.exporting.plain import PlainModel
    from tympan.tasks.graphs import Graph

FORMAT = 1
FRONTS = ("inside", "apart")
ENDING = ".onnx"


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written, and how far it is from the model.

    Attributes:
        path: of the file.
        size_bytes: of the file.
        inputs: name → axes.
        outputs: name → axes.
        agreement: with the model in PyTorch.

    >>> from tympan.exporting.checking import Agreement
    >>> same = Agreement(1e-6, 1.0, 3, ("a.wav",))
    >>> print(ExportedFile(Path("a.onnx"), 5_200_000, {"samples": ("b", "t")}, {}, same))
    a.onnx: 5.2 MB, samples (b, t) in; differs from the model by 1.0e-06 at most (3 windows)
    """

    path: Path
    size_bytes: int
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, tuple[str, ...]]
    agreement: Agreement

    def __str__(self) -> str:
        given = ", ".join(f"{name} ({', '.join(axes)})" for name, axes in self.inputs.items())
        far, count = self.agreement.largest, self.agreement.windows
        return (
            f"{self.path}: {self.size_bytes / 1e6:.1f} MB, {given} in; differs from the model by "
            f"{far:.1e} at most ({count} window{'s' * (count != 1)})"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "file": str(self.path), "bytes": self.size_bytes,
            "inputs": {name: list(axes) for name, axes in self.inputs.items()},
            "outputs": {name: list(axes) for name, axes in self.outputs.items()},
            **self.agreement.to_json(),
        }  # fmt: skip


def export(
    model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    front: str = "inside",
    int8: bool = False,
    stream: bool = False,
    check: Sequence[Any] = (),
) -> tuple[ExportedFile, ...]:
    """Write a model as an ONNX file that runs without tympan.

    The file is run beside the model on recordings before it takes its name, and refused if their
    answers differ. Labels, rate, thresholds, licence and settings stand in its metadata.

    Args:
        model: catalogue name, or folder of a model.
        out: the file, `.onnx`.
        front: `"inside"`: samples in; `"apart"`: a second file, `NAME.front.onnx`, makes the
            spectrogram that this one takes.
        int8: weights and feature maps of eight bits, a quarter of the size; what that costs stands
            in the answer.
        stream: a net that goes on from block to block, with its memory as inputs and outputs.
        check: recordings to compare on, and to measure feature maps for `int8` on; by default a
            scene that tympan makes.

    Returns:
        What was written: one file, or two.

    Raises:
        ModelError: the model is missing or damaged.
        ArgumentError: it cannot be exported so, or the file has another ending.
        MissingDependencyError: onnx or onnxruntime is not installed.
        TympanError: the exported file does not agree with the model.
    """
    from tympan.exporting.plain import load_model
    from tympan.tasks.graphs import stream_graph_of

    target = check_target(out, example=f"model{ENDING}")
    if target.suffix.lower() != ENDING:
        raise ArgumentError("must end in .onnx", file=target, fix=f"-o {target.stem}{ENDING}")
    if front not in FRONTS:
        raise ArgumentError(f"front={front!r} is unknown", fix=f"one of {', '.join(FRONTS)}")
    if stream and front == "apart":
        what = "a stream holds samples from block to block, so its front is inside"
        raise ArgumentError(what, fix="leave out one of the two")
    if stream and int8:
        what = "the memory of a stream would lose its digits block by block"
        raise ArgumentError(what, fix="leave out --int8 or --stream")
    plain = load_model(model)
    recordings = list(check) or [_made_scene()]
    if stream:
        graph = stream_graph_of(plain.model)
        return (_written(plain, graph, target, recordings, int8=int8),)
    if front == "inside":
        return (_written(plain, plain.graph.whole(), target, recordings, int8=int8),)
    first, rest = plain.graph.apart()
    beside = target.with_suffix(f".front{ENDING}")
    made = _written(plain, first, beside, recordings, int8=False)
    body = _written(plain, rest, target, recordings, int8=int8, front=first)
    return made, body


def _written(
    plain: PlainModel,
    graph: Graph,
    target: Path,
    recordings: Sequence[Any],
    *,
    int8: bool,
    front: Graph | None = None,
) -> ExportedFile:
    """Write one file, compare it, and give it its name."""
    from tympan.exporting import onnx_file
    from tympan.exporting.checking import compare, inputs_of, require

    given = list(inputs_of(front or graph, recordings))
    if front is not None:
        given = [(name, tuple(front.run(*one).values())) for name, one in given]
    with _folder_beside(target) as folder:
        path = Path(folder, target.name)
        onnx_file.write(graph, path)
        found = compare(graph, path, given)
        # A net of thousands of numbers is compared with its own scale.
        require(found, graph.tolerance, target)
        if int8:
            from tympan.exporting.int8 import write_int8

            small = Path(folder, f"int8-{target.name}")
            write_int8(graph, path, small, [one for _, one in given])
            found, path = compare(graph, small, given), small
        values = described(plain, graph, found, int8=int8)
        onnx_file.add_metadata(path, values)
        os.replace(path, target)
    inputs, outputs = dict(graph.inputs), dict(graph.outputs)
    return ExportedFile(target, target.stat().st_size, inputs, outputs, found)


@contextmanager
def _folder_beside(target: Path) -> Iterator[str]:
    """A folder for what is not finished, on the disk of the file that is to be written.

    Raises:
        TympanError: nothing can be written there, or no more.
    """
    import tempfile

    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tympan-export-") as folder:
            yield folder
    except Exception as error:
        if (full := as_full(error)) is not None:
            raise full_disk(full, target) from error
        if isinstance(error, OSError):
            what = f"cannot be written: {error.strerror}"
            raise TympanError(what, file=target, fix="give another folder") from error
        raise


def described(plain: PlainModel, graph: Graph, found: Agreement, *, int8: bool) -> dict[str, Any]:
    """What stands in the metadata of a file."""
    from tympan import __version__

    card = plain.card
    return {
        "name": plain.name,
        "task": plain.task,
        "labels": list(plain.labels),
        "rate_hz": graph.rate_hz,
        "window_samples": graph.window,
        "shortest_samples": graph.shortest,
        "inputs": {name: list(axes) for name, axes in graph.inputs.items()},
        "outputs": {name: list(axes) for name, axes in graph.outputs.items()},
        "state": dict(graph.state),
        "settings": dict(graph.settings),
        "config": {} if card is None else card.config,
        "licence": "" if card is None else card.licence,
        "version": "" if card is None else card.version,
        "weights_sha256": "" if card is None else str(card.weights.get("sha256", "")),
        # A file holds the net alone: whoever runs it takes the noise away before.
        "cleaning": "" if card is None else named_in(card),
        "precision": "int8" if int8 else "float32",
        "checked": found.to_json(),
        "tympan_version": __version__,
        "tympan_export_format": FORMAT,
    }


def _made_scene() -> Any:
    """A recording that is always there."""
    from tympan.audio import demo_scene

    return replace(demo_scene()[0], name="a scene that tympan makes")
