"""How right are timelines, and what does smoothing bring?

    python -m recipes.sounds ../shared/data/esc50 --folds 1
    python -m recipes.timeline ../shared/data/esc50

Rows of six sounds, five seconds each, of the fold that the net was not trained on. Short sounds are
repeated, so that something is always heard. Counted is the share of seconds with the right label,
and the number of segments, of which six would be right.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from recipes.sounds import FINISHED, NETS
from tympan.audio import Clip
from tympan.data import WaveCache, read_folder
from tympan.tasks.classify import TASK
from tympan.tasks.classify.answer import ClassifyModel, steps
from tympan.tasks.classify.timeline import decide
from tympan.training import checkpoint

NET, FOLD = "base", "1"
SOUNDS, SOUND_S = 6, 5
CONFIG = NETS[NET].config


def rows_of_sounds(data: Path, count: int) -> list[tuple[Clip, np.ndarray]]:
    """Recordings of six sounds in a row, and the label of each second."""
    table = read_folder(data).where("fold", FOLD)
    cache = WaveCache.open(table, CONFIG.rate_hz)
    number = {label: i for i, label in enumerate(table.labels)}
    order = np.random.default_rng(0).permutation(len(table))[: count * SOUNDS]
    found = []
    for row in order.reshape(count, SOUNDS):
        waves = []
        for i in row:
            wave = cache.wave(int(i))
            heard = wave[: int(np.flatnonzero(wave)[-1]) + 1]
            wave = np.resize(heard, SOUND_S * CONFIG.rate_hz)
            waves.append(wave / max(1e-4, float(wave.std())) * 0.05)
        clip = Clip(np.concatenate(waves)[None].astype(np.float32), CONFIG.rate_hz)
        found.append((clip, np.repeat([number[table[int(i)].label] for i in row], SOUND_S)))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path, default=Path(".runs/sounds"))
    parser.add_argument("--rows", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    labels = tuple(read_folder(options.data).labels)
    parts, _ = checkpoint.load(
        options.runs / NET / f"fold{FOLD}" / FINISHED / checkpoint.CHECKPOINT
    )
    recordings = rows_of_sounds(options.data, options.rows)
    costs = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
    print("| window (s) | " + " | ".join(f"cost {c:g}" for c in costs) + " |")
    print("|---:|" + "---:|" * len(costs))
    for window_s in (2.0, 2.5, 3.5, 5.0):
        net = TASK.build(CONFIG, labels)
        net.load_state_dict(parts["average"])
        net.config = replace(CONFIG, crop=window_s / CONFIG.clip_s)
        model = ClassifyModel(net.eval(), labels, "fold")
        heard = [list(steps(model, clip, 1.0)) for clip, _ in recordings]
        cells = []
        for cost in costs:
            paths = [np.array([k for _, k in decide(row, window_s, cost)]) for row in heard]
            truth = [t for _, t in recordings]
            right = np.mean([(p == t).mean() for p, t in zip(paths, truth, strict=True)])
            segments = np.mean([(np.diff(p) != 0).sum() + 1 for p in paths])
            cells.append(f"{right:.1%}, {segments:.1f}")
        print(f"| {window_s} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
