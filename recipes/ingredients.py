"""What does each ingredient of the `sounds` recipe bring?

    python -m recipes.ingredients ../shared/data/esc50
    python -m recipes.ingredients ../shared/data/esc50 --encoder base --epochs 100

One ingredient changed at a time, all trained equally long, on one fold: 400 clips that decide about
three points at best. So each row says on how many clips it differs from the full recipe, and how
likely that is by chance (McNemar's exact test). By default with the `small` encoder and 30 epochs,
which ten core-minutes suffice for where a step of `base` takes two seconds: what an ingredient
brings to a small net and a short training is not what it brings to the real ones.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.sounds import CONFIG, TRAINING, measure_fold
from tympan.data import Split, Table, WaveCache, folds, read_folder
from tympan.nets import ENCODERS
from tympan.tasks.classify import TASK, ClassifyConfig
from tympan.tasks.classify.answer import ClassifyModel
from tympan.training import checkpoint

ENCODER, EPOCHS, FOLD = "small", 30, "1"
FULL, LAST = "full", "last weights instead of averaged ones"
# What is changed; `epochs` by a factor.
VARIANTS: dict[str, dict[str, Any]] = {
    FULL: {},
    "no mixing": {"mixup_p": 0.0},
    "no masks, shifts or filters on spectrograms": {
        "mask": 0.0,
        "frequency_shift": 0,
        "filter_db": 0.0,
    },
    "half as long": {"epochs": 0.5},
    "twice as long": {"epochs": 2.0},
    "whole clips instead of crops": {"crop": 1.0},
    "head on every stage": {"pool": "stages"},
    "wider: `base`, 1.2 M": {"encoder": "base"},
}


def main() -> None:
    """Train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the ESC-50 folder with metadata.csv")
    parser.add_argument("--runs", type=Path, default=Path(".runs/ingredients"))
    parser.add_argument("--encoder", choices=ENCODERS, default=ENCODER)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, help="some of the rows")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = read_folder(options.data)
    cache = WaveCache.open(table, CONFIG.rate_hz)
    split = dict(folds(table, cache=cache))[FOLD]
    usual = replace(CONFIG, encoder=options.encoder)
    place = options.runs / f"{options.encoder}-{options.epochs}"
    for name in options.only or VARIANTS:
        change = dict(VARIANTS[name])
        epochs = round(options.epochs * change.pop("epochs", 1))
        config, runs = replace(usual, **change), place / folder_of(name)
        measure_fold(table, cache, split, FOLD, config, replace(TRAINING, epochs=epochs), runs)
        if name == FULL:
            measure_last(table, split, config, runs, place / folder_of(LAST))
    print(report(place))


def measure_last(table: Table, split: Split, config: ClassifyConfig, runs: Path, to: Path) -> None:
    """Score the last weights of a training; averaging them changes nothing in its course."""
    out = to / f"fold{FOLD}" / "scores.npz"
    if out.exists():
        return
    parts, _ = checkpoint.load(runs / f"fold{FOLD}" / "checkpoint.safetensors")
    net = TASK.build(config, tuple(table.labels))
    net.load_state_dict(parts["net"])
    found = TASK.evaluate(ClassifyModel(net.eval(), tuple(table.labels), "last"), split.test)
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(out, truth=found.truth, scores=found.scores)


def folder_of(name: str) -> str:
    """A plain folder name."""
    return "".join(c if c.isalnum() else "-" for c in name)


def report(runs: Path) -> str:
    """The table of what was trained."""
    from scipy.stats import binomtest

    rows = [
        "| recipe | accuracy, fold 1 | better on | worse on | by chance |",
        "|---|---:|---:|---:|---:|",
    ]
    full: np.ndarray | None = None
    for name in (*VARIANTS, LAST):
        file = runs / folder_of(name) / f"fold{FOLD}" / "scores.npz"
        if not file.exists():
            continue
        with np.load(file) as kept:
            right = kept["scores"].argmax(1) == kept["truth"]
        if full is None:
            full = right
            rows.append(f"| {name} | {right.mean():.1%} | | | |")
            continue
        better, worse = int((right & ~full).sum()), int((full & ~right).sum())
        chance = binomtest(better, max(1, better + worse)).pvalue
        rows.append(f"| {name} | {right.mean():.1%} | {better} | {worse} | {chance:.2g} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
