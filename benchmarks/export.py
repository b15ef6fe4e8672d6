"""What an exported model weighs, how fast it is on one core, and what eight bits cost.

A model of each kind is written by `tympan export`, in decimals and with `--int8`, and run with ONNX
Runtime on one thread beside PyTorch on one thread. *Agreement* compares with the model in PyTorch
on recordings that the scale of the eight bits was not measured on: how often the highest label is
the same one; of voices the mean cosine between the vectors. The last column of `sounds` is its
accuracy on the same clips. It was trained on some of them, so only the difference means something.
One run of each comparison; times are medians of rounds, on a window made from seed 0. A *stream*
goes on from block to block with its memory (`--stream`): its times are those of four seconds of a
recording, block by block.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA, arguments, compare, key_of, main

# Model → its recordings.
MODELS = {
    "sounds": "esc50/audio/*.opus",
    "speech": "librispeech/audio/test-other/*.flac",
    "voices": "librispeech/audio/test-other/*.flac",
}
# Models that go on → their recordings.
STREAMS = dict.fromkeys(("speech", "voice"), "librispeech/audio/test-other/*.flac")
MEASURED_ON, COMPARED_ON, QUICK_ON = 8, 24, 3
ROUNDS, QUICK_ROUNDS = 3, 1


def recordings(pattern: str, count: int) -> tuple[list[Path], list[Path]]:
    """Those to measure feature maps on, and others to compare on, spread over all."""
    found = sorted(DATA.glob(pattern))
    spread = [found[i] for i in np.linspace(0, len(found) - 1, 2 * count).astype(int)]
    return spread[::2][:MEASURED_ON], spread[1::2]


def accuracy(path: Path, clips: Sequence[Path], labels: Sequence[str]) -> float:
    """Share of clips whose highest label is right."""
    import csv

    import torch

    import tympan
    from tympan.exporting.checking import Runner

    with (DATA / "esc50" / "metadata.csv").open() as file:
        truth = {Path(row["file_name"]).name: row["label"] for row in csv.DictReader(file)}
    run, right = Runner(path), 0
    for clip in clips:
        (found,) = run(torch.from_numpy(tympan.load(clip).samples[:1].copy()))
        right += labels[int(found[0].argmax())] == truth[clip.name]
    return right / len(clips)


def measured(name: str, folder: Path, options: Any) -> list[dict[str, object]]:
    """Rows of one model."""
    import torch

    import tympan
    from tympan.exporting import checking
    from tympan.exporting.plain import load_model

    count = QUICK_ON if options.quick else COMPARED_ON
    first, others = recordings(MODELS[name], count)
    plain = load_model(name)
    graph = plain.graph.whole()
    window = 0.1 * torch.randn(1, graph.window, generator=torch.Generator().manual_seed(0))
    seconds = graph.window / graph.rate_hz
    runners: dict[str, Any] = {"PyTorch": lambda: graph.run(window)}
    files = {}
    for kind, int8 in (("float32", False), ("int8", True)):
        (files[kind],) = tympan.export(name, folder / f"{name}-{kind}.onnx", int8=int8, check=first)
        run = checking.Runner(files[kind].path)
        runners[kind] = lambda run=run: run(window)
    times = compare(runners, rounds=QUICK_ROUNDS if options.quick else ROUNDS)
    rows = []
    for kind, file in files.items():
        given = list(checking.windows_of(graph, others, most=len(others)))
        found = checking.compare(graph, file.path, [(n, (w,)) for n, w in given])
        row: dict[str, object] = {
            "model": name, "numbers": kind, "MB": file.size_bytes / 1e6,
            "ms for a second of sound": 1000 * times[kind].median_s / seconds,
            "times PyTorch's speed": times["PyTorch"].median_s / times[kind].median_s,
            "largest difference": f"{found.largest:.1e}",
            "agreement": f"{100 * found.agree:.1f} %",
            "accuracy": "",
        }  # fmt: skip
        if name == "sounds":
            row["accuracy"] = f"{100 * accuracy(file.path, others, plain.labels):.1f} %"
        rows.append(row)
    return rows


def streamed(name: str, folder: Path, options: Any) -> dict[str, object]:
    """The row of a model that goes on from block to block."""
    import torch

    import tympan
    from tympan.exporting import checking
    from tympan.exporting.plain import load_model
    from tympan.tasks.graphs import stream_graph_of

    first, others = recordings(STREAMS[name], QUICK_ON if options.quick else COMPARED_ON)
    graph = stream_graph_of(load_model(name).model).whole()
    (file,) = tympan.export(name, folder / f"{name}.onnx", stream=True, check=first)
    run = checking.Runner(file.path)
    found = checking.compare(graph, file.path, checking.inputs_of(graph, others))
    blocks = [inputs for _, inputs in checking.inputs_of(graph, others[:1])]
    begin = checking.begin_of(graph)

    def by_pytorch() -> None:
        state = begin
        for block in blocks:
            after = graph.run(*block, *state.values())
            state = {to: after[out] for out, to in graph.state.items()}

    def by_runtime() -> None:
        state = begin
        for block in blocks:
            after = dict(zip(graph.outputs, run(*block, *state.values()), strict=True))
            state = {to: torch.from_numpy(after[out]) for out, to in graph.state.items()}

    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    times = compare({"PyTorch": by_pytorch, "stream": by_runtime}, rounds=rounds)
    seconds = len(blocks) * graph.window / graph.rate_hz
    return {
        "model": name, "numbers": f"float32, a stream of {graph.window} samples",
        "MB": file.size_bytes / 1e6,
        "ms for a second of sound": 1000 * times["stream"].median_s / seconds,
        "times PyTorch's speed": times["PyTorch"].median_s / times["stream"].median_s,
        "largest difference": f"{found.largest:.1e}",
        "agreement": "" if name == "voice" else f"{100 * found.agree:.1f} %",
        "accuracy": "",
    }  # fmt: skip


WHY = """
- **Size**: of `sounds` in decimals 4.2 MB are the table of sines with which the spectrogram is a
  convolution, which every runtime knows; with `--int8` it is 2.1 MB, in half precision. Who makes
  the spectrogram elsewhere exports with `--front apart`.
- **Recurrent nets** (`voices`, `speech`) compute in decimals also with `--int8` if they have an
  LSTM or GRU: with feature maps of eight bits the vectors of `voices` had a cosine of 0.12 with
  those of the model (dynamic scales; 0.69 with a scale for each row), because their input is power,
  whose small values vanish.
- **Speed**: ONNX Runtime computes eight bits faster where the processor multiplies them (VNNI, AMX,
  dot products of ARM).
"""


if __name__ == "__main__":
    options = arguments("export")
    if not (DATA / "esc50").is_dir():
        sys.exit("the development recordings (../shared/data) are not here")
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        rows = [row for name in MODELS for row in measured(name, Path(place), options)]
        rows += [streamed(name, Path(place), options) for name in STREAMS]
    figures = {
        key_of(f"{row['model']} {row['numbers']} ms_per_s"): float(
            str(row["ms for a second of sound"])
        )
        for row in rows
    }
    main("export", rows, figures, title="Exported models", about=(__doc__ or "").strip(), why=WHY)
