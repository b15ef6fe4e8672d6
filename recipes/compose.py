"""Make the shipped composers, and the ones that are measured only.

python -m recipes.compose train --set quarters --seed 0    # the benchmark: three seeds of it
python -m recipes.compose train --set chorale              # voices on a grid of eighths; it was
# stopped behind epoch 6 of 22 to come to an end in time, and went on from there:
python -m recipes.compose train --set chorale --start .runs/compose/chorale-first --epochs 8
python -m recipes.compose train --set any-key              # fills in, pieces in all keys; then
python -m recipes.compose train --set fill --start .runs/compose/any-key-0
python -m recipes.compose_ship score --seed 0; python -m recipes.compose_ship ship
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from tympan.tasks.compose.config import FILL, ComposeConfig
from tympan.tasks.compose.examples import ComposeExamples, Steps
from tympan.training import TrainingConfig

QUARTERS = ComposeConfig(
    low=36, high=103, home=True, size=128, layers=2, reach=16, dropout=0.3, window=256
)
VOICES = ComposeConfig(
    low=30, high=87, ordered=False, steps_per_beat=2, phases=2, remaining=64, keyed=True,
    home=True,
    size=128, layers=3, reach=16, dropout=0.2, window=64,
)  # fmt: skip
SETS = {"quarters": QUARTERS, "chorale": VOICES, "fill": replace(VOICES, kind=FILL)}
SETS["any-key"] = replace(SETS["fill"], home=False)
TRAINING = {
    "quarters": TrainingConfig(epochs=24, batch_size=8, bucket=4),
    "chorale": TrainingConfig(epochs=22, batch_size=8),
    "any-key": TrainingConfig(epochs=60, batch_size=8),
    "fill": TrainingConfig(epochs=20, batch_size=8),
}
HOW = {
    "lr": 2e-3, "weight_decay": 0.1, "warmup_epochs": 3, "ema_decay": 0.99,
    "checkpoint_every_s": 60,
}  # fmt: skip
# So many held out pieces choose the epoch; the benchmark scores them all.
HELD_OUT = 24
PARTS = ("train", "valid", "test")


def quarters(shared: Path, part: str, config: ComposeConfig = QUARTERS) -> list[Steps]:
    """Chorales in quarters, the set of Boulanger-Lewandowski et al.: notes in ascending order."""
    found = json.loads((shared / "symbolic/jsb-chorales-quarter.json").read_text())[part]
    pieces = []
    for steps in found:
        rows = np.zeros((len(steps), config.voices), np.int64)
        for row, notes in zip(rows, steps, strict=True):
            row[: len(notes)] = np.array(sorted(notes), np.int64) - config.low + 1
        pieces.append(rows)
    return pieces


def voices(shared: Path, part: str, config: ComposeConfig = VOICES) -> list[Steps]:
    """Chorales in eighths with their voices: soprano, bass, alto, tenor."""
    found = json.loads((shared / "symbolic/jsb-chorales-8th.json").read_text())[part]
    pieces = []
    for steps in found:
        rows = np.array([[*one, -1, -1, -1, -1][:4] for one in steps], np.int64)
        rows = np.where(rows > 0, rows - config.low + 1, 0)[:, [0, 3, 1, 2]]
        sounding = np.flatnonzero((rows > 0).any(1))
        pieces.append(rows[sounding[0] : sounding[-1] + 1])
    return pieces


def keys_of(pieces: list[Steps], config: ComposeConfig) -> list[int]:
    """The number of the key of each."""
    from recipes.pieces import key_of

    found = []
    for steps in pieces:
        notes = [(0.0, 1.0, int(one) - 1 + config.low) for one in steps[steps > 0]]
        tonic, mode = key_of(notes)
        found.append(tonic + 12 * (mode == "minor"))
    return found


def examples(shared: Path, name: str, part: str, most: int | None = None) -> ComposeExamples:
    """The pieces of a set, or the first of them."""
    config = SETS[name]
    pieces = (quarters if name == "quarters" else voices)(shared, part, config)[:most]
    return ComposeExamples(pieces, config, keys_of(pieces, config))


def train(shared: Path, runs: Path, name: str, seed: int, epochs: int, start: Path | None) -> None:
    """Train; the same command goes on where it was stopped."""
    import torch

    from tympan.data.batches import Batches
    from tympan.tasks.compose.learner import ComposeLearner
    from tympan.tasks.compose.net import ComposeNet
    from tympan.training import fit
    from tympan.training.history import History
    from tympan.training.learner import NET
    from tympan.training.loop import final_weights

    training = replace(TRAINING[name], seed=seed, **HOW)
    training = replace(training, epochs=epochs or training.epochs)
    torch.manual_seed(seed)
    learner = ComposeLearner(ComposeNet(SETS[name]), SETS[name])
    if start is not None:
        history = History.load(start / "history.json")
        learner.net.load_state_dict(final_weights(start, history)[NET])
    count = sum(p.numel() for p in learner.net.parameters())
    rows = examples(shared, name, PARTS[0])
    held = examples(shared, name, PARTS[1], HELD_OUT)
    held.pieces = [one[: rows.config.window] for one in held.pieces]
    print(f"{count} parameters, {len(rows.pieces)} pieces, {rows.sizes.sum()} steps", flush=True)
    batches = Batches(
        rows, batch_size=training.batch_size, bucket=training.bucket, training=True, seed=seed
    )
    val = Batches(held, batch_size=16, training=False)
    history = fit(learner, batches, val, training, runs / f"{name}-{seed}")
    print(history.best)


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("train",))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/compose"))
    parser.add_argument("--set", choices=sorted(SETS), default="chorale")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="folder of a training to begin with")
    parser.add_argument("--epochs", type=int, default=0)
    options = parser.parse_args()
    train(options.shared, options.runs, options.set, options.seed, options.epochs, options.start)


if __name__ == "__main__":
    main()
