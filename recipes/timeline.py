"""How accurate are timelines, and what does smoothing bring?

    python -m recipes.sounds ../shared/data/esc50 --folds 1
    python -m recipes.timeline ../shared/data/esc50

Rows of six sounds, five seconds each, of the fold that the net was not trained on. Short sounds are
repeated, so that there is no silence. Counted is the share of seconds with the right label,
and the number of segments, of which six would be right.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from recipes.sounds import NETS
from tympan.audio import Clip
from tympan.data import AudioStore, read_folder
from tympan.tasks.classify import Classifier
from tympan.tasks.classify.answer import ClassifyModel, steps
from tympan.tasks.classify.timeline import Step, decide
from tympan.tasks.phases import folder_of
from tympan.training import checkpoint
from tympan.training.learner import NET

BASE, FOLD, LAST_PHASE = "base", "1", 2
SOUNDS, SOUND_S = 6, 5
CONFIG = NETS[BASE].config


def rows_of_sounds(data: Path, count: int) -> list[tuple[Clip, np.ndarray]]:
    """Recordings of six sounds in a row, and the label of each second."""
    table = read_folder(data).where("fold", FOLD)
    store = AudioStore.open(table, CONFIG.rate_hz)
    number = {label: i for i, label in enumerate(table.labels)}
    order = np.random.default_rng(0).permutation(len(table))[: count * SOUNDS]
    found = []
    for row in order.reshape(count, SOUNDS):
        waves = []
        for i in row:
            wave = store.mono(table[int(i)].path)
            sound = wave[: int(np.flatnonzero(wave)[-1]) + 1]
            wave = np.resize(sound, SOUND_S * CONFIG.rate_hz)
            waves.append(wave / max(1e-4, float(wave.std())) * 0.05)
        clip = Clip(np.concatenate(waves)[None].astype(np.float32), CONFIG.rate_hz)
        found.append((clip, np.repeat([number[table[int(i)].label] for i in row], SOUND_S)))
    return found


def labels_of(row: list[Step], window_s: float, cost: float) -> np.ndarray:
    """The label of each step of a row; -1 where it has none."""
    return np.array([-1 if k is None else k for _, k in decide(row, window_s, cost)])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path, default=Path(".runs/sounds"))
    parser.add_argument("--rows", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    labels = tuple(read_folder(options.data).labels)
    place = folder_of(options.runs / BASE / f"fold{FOLD}", LAST_PHASE)
    parts, _ = checkpoint.load(place / checkpoint.CHECKPOINT)
    recordings = rows_of_sounds(options.data, options.rows)
    costs = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0)
    print("| window (s) | " + " | ".join(f"cost {c:g}" for c in costs) + " |")
    print("|---:|" + "---:|" * len(costs))
    for window_s in (2.0, 2.5, 3.5, 5.0):
        net = Classifier(CONFIG, len(labels))
        net.load_state_dict(parts[f"{NET}.average"])
        net.config = replace(CONFIG, crop=window_s / CONFIG.clip_s)
        model = ClassifyModel(net.eval(), labels, "fold")
        answered = [list(steps(model, clip, 1.0)) for clip, _ in recordings]
        cells = []
        for cost in costs:
            paths = [labels_of(row, window_s, cost) for row in answered]
            truth = [t for _, t in recordings]
            right = np.mean([(p == t).mean() for p, t in zip(paths, truth, strict=True)])
            segments = np.mean([(np.diff(p) != 0).sum() + 1 for p in paths])
            cells.append(f"{right:.1%}, {segments:.1f}")
        print(f"| {window_s} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
