"""What does each ingredient of the `sounds` recipe bring?

    python -m recipes.ingredients ../shared/data/esc50

The `base` net, one ingredient changed at a time, all for the same 40 epochs (100 in the real
recipe), on one fold: 400 clips that decide about three points at best. So each row says on how many
clips it differs from the full recipe, and how likely that is by chance (McNemar's exact test).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from recipes.sounds import CONFIG, TRAINING, measure_fold
from tympan.data import WaveCache, folds, read_folder

EPOCHS, FOLD = 40, "1"
VARIANTS: dict[str, dict[str, Any]] = {
    "full": {},
    "no mixing": {"mixup_p": 0.0},
    "no masks, shifts or filters on spectrograms": {
        "mask": 0.0,
        "frequency_shift": 0,
        "filter_db": 0.0,
    },
    "whole clips instead of crops": {"crop": 1.0},
    "narrower: `small`, 0.3 M": {"encoder": "small"},
    "deeper: `deep`, 2.7 M": {"encoder": "deep"},
    "head on every stage": {"pool": "stages"},
    "half as long": {"epochs": EPOCHS // 2},
    "no averaged weights": {"ema_decay": None},
}


def main() -> None:
    """Train what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the ESC-50 folder with metadata.csv")
    parser.add_argument("--runs", type=Path, default=Path(".runs/ingredients"))
    parser.add_argument("--only", nargs="*", choices=VARIANTS, help="some of the rows")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = read_folder(options.data)
    cache = WaveCache.open(table, CONFIG.rate_hz)
    split = dict(folds(table, cache=cache))[FOLD]
    for name in options.only or VARIANTS:
        change = dict(VARIANTS[name])
        training = replace(
            TRAINING,
            epochs=change.pop("epochs", EPOCHS),
            ema_decay=change.pop("ema_decay", TRAINING.ema_decay),
        )
        runs = options.runs / folder_of(name)
        measure_fold(table, cache, split, FOLD, replace(CONFIG, **change), training, runs)
    print(report(options.runs))


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
    for name in VARIANTS:
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
