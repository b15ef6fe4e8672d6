"""Make the shipped model `speech`: when is somebody speaking? Less than 100,000 parameters.

    python -m recipes.music_tags render --scale 0.08 --runs .runs/music …   # music to mix in
    python -m recipes.speech render --shared ../shared/data --music .runs/music/data
    python -m recipes.speech train --out first   # stopped after the sixth of sixteen epochs
    python -m recipes.speech train --start .runs/speech/first --epochs 4 --lr 2e-3
    python -m recipes.speech ship --shared ../shared/data --music .runs/music/data
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from recipes.speech_data import SpeechMixtures, render, sources

SEED = 0
NAME = "speech"
LABELS = ("speech",)
CROP_S = 4.0
ROWS, VAL_ROWS = 4800, 320
EPOCHS = 16


def main() -> None:
    """Render, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("render", "train", "ship"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/speech"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--music", type=Path)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--start", type=Path, help="folder of a training to go on from")
    parser.add_argument("--out", default="model")
    options = parser.parse_args()
    if options.step == "render":
        for part, scenes, backgrounds in (("train", 2400, 2000), ("val", 240, 240)):
            own = sources(options.shared, options.music, part)
            hours = sum(len(wave) for wave, _ in own.speech) / 16_000 / 3600
            print(f"{part}: {hours:.2f} h of speech, {len(own.noises)} noises, "
                  f"{len(own.music)} pieces of music", flush=True)  # fmt: skip
            render(own, options.runs / part, scenes, backgrounds, SEED + (part == "val"))
    elif options.step == "train":
        train(options.runs, options.runs / options.out, options.epochs, options.lr, options.start)


def best_of(folder: Path):  # type: ignore[no-untyped-def]
    """The weights of the best epoch of a training."""
    from safetensors.torch import load_file

    state = load_file(folder / "best.safetensors")
    return {name.removeprefix("net/"): value for name, value in state.items()}


def config_of():  # type: ignore[no-untyped-def]
    """The configuration of the net."""
    from tympan.tasks.segment.config import SegmentConfig

    return SegmentConfig(
        rate_hz=16_000, n_fft=512, hop=160, n_mels=40, f_min_hz=60.0, widths=(16, 32, 32),
        reduction=2, features=64, layers=2, causal=True, lookahead=10, chunk_s=1.0, crop_s=CROP_S,
        dropout=0.0, mixup_p=0.0, mask=0.0, gain_db=0.0,
    )  # fmt: skip


def train(runs: Path, out: Path, epochs: int, lr: float, start: Path | None) -> None:
    """Train on mixtures, with the learner that users have."""
    import torch

    from tympan.data import Batches
    from tympan.models import Card, save_model
    from tympan.tasks.segment.learner import SegmentLearner
    from tympan.tasks.segment.net import Segmenter
    from tympan.training import TrainingConfig, fit

    torch.manual_seed(SEED)
    config = config_of()
    net = Segmenter(config, 1)
    if start is not None:
        net.load_state_dict(best_of(start))
    learner = SegmentLearner(net, config, LABELS)
    frames = round(CROP_S / config.frame_s)
    training = TrainingConfig(
        epochs=epochs, batch_size=32, lr=lr, weight_decay=0.01, warmup_epochs=1.0 if start is None else 0.2,
        ema_decay=0.998, seed=SEED, precision="32", checkpoint_every_s=120,
    )  # fmt: skip
    parts = {
        part: SpeechMixtures(runs / part, rows, frames, config.frame, net.geometry)
        for part, rows in (("train", ROWS), ("val", VAL_ROWS))
    }
    batches = {
        part: Batches(rows, batch_size=32, training=part == "train", seed=SEED, workers=1)
        for part, rows in parts.items()
    }
    history = fit(
        learner, batches["train"], batches["val"], training, out, progress=True,
        start="" if start is None else str(start.name),
    )  # fmt: skip
    print(json.dumps(history.start or {}))
    save_model(out, net.state_dict(), Card(name=NAME, task="segment", labels=LABELS,
                                           config=config.to_dict()))  # fmt: skip


if __name__ == "__main__":
    main()
