"""How much faster than real time each shipped model answers, on one core.

Whole path: a FLAC file of ten minutes at 44.1 kHz is decoded, mixed to mono, resampled, turned into
spectrograms and classified in overlapping windows. Beside it the net alone on five-second clips
that lie in memory, for models that answer in such windows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, compare, main

SOUNDS = "0.3"  # version of the shipped model that these figures are of
FILE_S, CLIP_S, BATCH, SEED = 600, 5, 8, 0
TARGET = 100


def net_call(net: Any) -> Callable[[], object]:
    """The net alone, on a batch of clips of noise that lie in memory."""
    import torch

    generator = torch.Generator().manual_seed(SEED)
    waves = torch.randn(BATCH, CLIP_S * net.config.rate_hz, generator=generator)
    return lambda: net.probabilities(waves)


def measure(quick: bool = False) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Return the table and the figures of all shipped models."""
    import torch

    import tympan
    from tympan.errors import ArgumentError
    from tympan.tasks import load
    from tympan.tasks.answering import of_recordings

    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.flac"
        file_s = 20 if quick else FILE_S
        noise = tympan.synth.pink_noise(duration_s=file_s, rate_hz=44100, amplitude=0.3, seed=SEED)
        noise.save(path)
        for card in tympan.list_models():
            try:
                of_recordings(card.task)
            except ArgumentError:
                continue  # it speaks or composes
            net = getattr(load(card.name, card.task), "net", None)
            calls: dict[str, Callable[[], object]] = {
                "file": partial(tympan.answer, card.task, path, model=card.name)
            }
            if hasattr(net, "probabilities"):
                calls["clips"] = net_call(net)
            timings = compare(calls, rounds=1 if quick else 5)
            file_x = file_s / timings["file"].median_s
            clips_x = BATCH * CLIP_S / timings["clips"].median_s if "clips" in timings else None
            rows.append(
                {
                    "model": card.name,
                    "parameters": f"{card.parameters / 1e6:.2f} M",
                    "ten-minute file": timings["file"],
                    "file, x real time": file_x,
                    "clips, x real time": "–" if clips_x is None else clips_x,
                }
            )
            figures[f"{card.name}_file_x_real_time"] = file_x
            if clips_x is not None:
                figures[f"{card.name}_clips_x_real_time"] = clips_x
                figures[f"{card.name}_vs_target"] = clips_x / TARGET
    return rows, figures


WHY = f"""
Each second of a long recording is answered two and a half times, in overlapping windows, so that a
change is found where it is; decoding, mixing and resampling come on top. The target of {TARGET} ×
real time is for the clips; `<model>_vs_target` is above 1 when it is met. The row of `two-voices`
is of version 0.3; the net that followed computes twice as much. That of `instruments` is of 0.1,
which asked its net eight times; 0.2 asks once.
"""


if __name__ == "__main__":
    options = arguments("inference")
    rows, figures = measure(options.quick)
    main(
        "inference",
        rows,
        figures,
        title="Speed of answers",
        about=(__doc__ or "").strip() + f" Noise, seed {SEED}; 5 rounds in turns, their range in "
        "brackets.",
        why=WHY,
    )
