"""Is it worth hearing a clip several times, and are averaged weights better than the last ones?

    python -m recipes.sounds ../shared/data/esc50 --nets base
    python -m recipes.hearings ../shared/data/esc50

The nets of the five folds answer about the clips that they never heard: about the whole clip, about
halves of it, about the clip shifted in a circle; with the last weights of the training and with
their running average.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recipes.sounds import FINISHED, NETS
from tympan.data import WaveCache, folds, read_folder
from tympan.tasks.classify import TASK, Classifier
from tympan.tasks.classify.learner import HEARD
from tympan.training import checkpoint

NET = "base"
PLACES, SHIFTS_S = 6, (0.4, 1.4, 3.2)


def hearings(net: Classifier, waves: Tensor) -> dict[str, Tensor]:
    """Answers `(b, k)` about waves `(b, t)`, for each way of hearing them."""

    def scores(x: Tensor) -> Tensor:
        return torch.cat([net(net.front(part)) for part in x.split(50)])

    size = waves.shape[1] // 2
    starts = torch.linspace(0, waves.shape[1] - size, PLACES).long().tolist()
    halves = torch.stack([scores(waves[:, s : s + size]) for s in starts])
    power = torch.stack([waves[:, s : s + size].square().mean(1) for s in starts])
    heard = (power >= HEARD * waves.square().mean(1)).float()[..., None]
    heard = heard / heard.sum(0).clamp_min(1)
    whole = scores(waves).softmax(1)
    rate_hz = net.config.rate_hz
    shifted = [scores(waves.roll(round(s * rate_hz), 1)).softmax(1) for s in SHIFTS_S]
    of_halves = (halves.softmax(2) * heard).sum(0)
    return {
        "the whole clip": whole,
        "halves of it, mean of probabilities": of_halves,
        "halves of it, mean of logits": (halves * heard).sum(0),
        "the whole and its halves": whole + of_halves,
        "the whole and three shifts": whole + sum(shifted),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the ESC-50 folder with metadata.csv")
    parser.add_argument("--runs", type=Path, default=Path(".runs/sounds"))
    options = parser.parse_args()
    config, table = NETS[NET].config, read_folder(options.data)
    cache = WaveCache.open(table, config.rate_hz)
    keys = [cache.content_key(i) for i in range(len(cache))]
    length = round(config.clip_s * config.rate_hz)
    right: dict[tuple[str, str], list[float]] = {}
    for name, split in folds(table, keys=keys):
        parts, _ = checkpoint.load(
            options.runs / NET / f"fold{name}" / FINISHED / checkpoint.CHECKPOINT
        )
        rows = split.indices["test"]
        clips = [np.resize(np.pad(cache.wave(i), (0, length)), length) for i in rows]
        waves = torch.from_numpy(np.stack(clips))
        truth = torch.tensor([table.labels.index(table[i].label) for i in rows])
        for weights in ("net", "average"):
            if weights not in parts:
                continue
            net = TASK.build(config, tuple(table.labels))
            net.load_state_dict(parts[weights])
            with torch.inference_mode():
                for how, answer in hearings(net.eval(), waves).items():
                    share = float((answer.argmax(1) == truth).float().mean())
                    right.setdefault((how, weights), []).append(share)
    print("| heard | weights | accuracy, mean of five folds |")
    print("|---|---|---:|")
    for (how, weights), shares in right.items():
        said = {"net": "last", "average": "averaged"}[weights]
        print(f"| {how} | {said} | {np.mean(shares):.1%} |")


if __name__ == "__main__":
    main()
