"""Is it worth answering from several windows of a clip, and are averaged weights better?

    python -m recipes.sounds ../shared/data/esc50 --nets base
    python -m recipes.windows ../shared/data/esc50

The nets of the five folds answer about the clips that they were not trained on: about the whole
clip, about halves of it, about the clip shifted in a circle; with the last weights of the training
and with their running average.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recipes.sounds import NETS
from tympan.data import AudioStore, folds, read_folder
from tympan.tasks.classify import Classifier
from tympan.tasks.classify.learner import AUDIBLE
from tympan.tasks.phases import folder_of
from tympan.training import checkpoint
from tympan.training.learner import NET

BASE, LAST_PHASE = "base", 2
PLACES, SHIFTS_S = 6, (0.4, 1.4, 3.2)
# The name of the weights in a checkpoint, and in the table.
WEIGHTS = {NET: "last", f"{NET}.average": "averaged"}


def answers(net: Classifier, waves: Tensor) -> dict[str, Tensor]:
    """Answers `(b, k)` about waves `(b, t)`, for each choice of windows."""

    def scores(x: Tensor) -> Tensor:
        return torch.cat([net(net.front(part)) for part in x.split(50)])

    size = waves.shape[1] // 2
    starts = torch.linspace(0, waves.shape[1] - size, PLACES).long().tolist()
    halves = torch.stack([scores(waves[:, s : s + size]) for s in starts])
    power = torch.stack([waves[:, s : s + size].square().mean(1) for s in starts])
    share = (power >= AUDIBLE * waves.square().mean(1)).float()[..., None]
    share = share / share.sum(0).clamp_min(1)
    whole = scores(waves).softmax(1)
    rate_hz = net.config.rate_hz
    shifted = torch.stack([scores(waves.roll(round(s * rate_hz), 1)).softmax(1) for s in SHIFTS_S])
    of_halves = (halves.softmax(2) * share).sum(0)
    return {
        "the whole clip": whole,
        "halves of it, mean of probabilities": of_halves,
        "halves of it, mean of logits": (halves * share).sum(0),
        "the whole and its halves": whole + of_halves,
        "the whole and three shifts": whole + shifted.sum(0),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the ESC-50 folder with metadata.csv")
    parser.add_argument("--runs", type=Path, default=Path(".runs/sounds"))
    parser.add_argument("--folds", nargs="*", help="only these")
    options = parser.parse_args()
    config, table = NETS[BASE].config, read_folder(options.data)
    store = AudioStore.open(table, config.rate_hz)
    length = round(config.clip_s * config.rate_hz)
    right: dict[tuple[str, str], list[float]] = {}
    for name, split in folds(table, keys=store.keys(table)):
        if options.folds and name not in options.folds:
            continue
        place = folder_of(options.runs / BASE / f"fold{name}", LAST_PHASE)
        parts, _ = checkpoint.load(place / checkpoint.CHECKPOINT)
        clips = [np.resize(np.pad(store.mono(e.path), (0, length)), length) for e in split.test]
        waves = torch.from_numpy(np.stack(clips))
        truth = torch.tensor([table.labels.index(e.label) for e in split.test])
        for weights in WEIGHTS.keys() & parts.keys():
            net = Classifier(config, len(table.labels)).eval()
            net.load_state_dict(parts[weights])
            with torch.inference_mode():
                for windows, answer in answers(net, waves).items():
                    share = float((answer.argmax(1) == truth).float().mean())
                    right.setdefault((windows, weights), []).append(share)
    count = len(options.folds or range(5))
    print(f"| windows | weights | accuracy, mean of {count} folds |")
    print("|---|---|---:|")
    for (windows, weights), shares in right.items():
        print(f"| {windows} | {WEIGHTS[weights]} | {np.mean(shares):.1%} |")


if __name__ == "__main__":
    main()
