"""How much faster than real time each shipped model answers, on one core.

Whole path: a FLAC file of ten minutes at 44.1 kHz is decoded, mixed to mono, resampled, turned into
spectrograms and classified in overlapping windows. Beside it the net alone on five-second clips
that lie in memory.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.common import arguments, compare, main

FILE_S, CLIP_S, BATCH = 600, 5, 8
TARGET = 100


def measure() -> tuple[list[dict[str, object]], dict[str, float]]:
    """Return the table and the figures of all shipped models."""
    import torch

    import tympan
    from tympan.tasks.ask import load

    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.flac"
        noise = tympan.synth.pink_noise(duration_s=FILE_S, rate_hz=44100, amplitude=0.3, seed=0)
        noise.save(path)
        for card in tympan.list_models():
            net = load(card.name, card.task).net
            waves = torch.randn(BATCH, CLIP_S * net.config.rate_hz)
            timings = compare(
                {
                    "file": lambda name=card.name: tympan.classify(path, model=name),
                    "clips": lambda net=net, waves=waves: net.probabilities(waves),
                },
                rounds=5,
            )
            file_x = FILE_S / timings["file"].median_s
            clips_x = BATCH * CLIP_S / timings["clips"].median_s
            rows.append(
                {
                    "model": card.name,
                    "parameters": f"{card.parameters / 1e6:.2f} M",
                    "ten-minute file": timings["file"],
                    "file, x real time": file_x,
                    "clips, x real time": clips_x,
                }
            )
            figures[f"{card.name}_file_x_real_time"] = file_x
            figures[f"{card.name}_clips_x_real_time"] = clips_x
            figures[f"{card.name}_vs_target"] = clips_x / TARGET
    return rows, figures


if __name__ == "__main__":
    arguments("inference")
    rows, figures = measure()
    main("inference", rows, figures, title="Speed of answers", about=(__doc__ or "").strip())
