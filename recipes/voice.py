"""Train the shipped `voice`: speech out of noise, frame by frame.

    python -m recipes.voice ../shared/data --out .runs/voice --epochs 12

A training that was stopped goes on with the same command.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from recipes.voice_data import RATE_HZ, Sounds, VoiceExamples
from tympan.data import Batches
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.learner import SeparateLearner
from tympan.tasks.separate.separators import build_net
from tympan.training import TrainingConfig, fit

CONFIG = SeparateConfig(net="mask", crop_s=3.0, waveform=0.05, spectral=10.0, snr_low_db=-8.0)
LABELS = ("voice",)
ROWS, HELD_ROWS, BATCH = 480, 48, 8


def load_fit(learner: SeparateLearner, folder: Path) -> None:
    """Take over the best weights of a fit."""
    from tympan.training import checkpoint

    learner.nets["net"].load_state_dict(checkpoint.load(folder / checkpoint.BEST)[0]["net"])


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with librispeech, kerstin, esc50")
    parser.add_argument("--out", type=Path, default=Path(".runs/voice"))
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="a finished fit whose weights to begin with")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sounds = Sounds(options.data, options.out / "decoded")
    print(len(sounds.speech), len(sounds.noise), len(sounds.held_noise), flush=True)
    length = round(CONFIG.crop_s * RATE_HZ)
    train = VoiceExamples(sounds, length, options.rows)
    held = VoiceExamples(sounds, length, HELD_ROWS, held=True)
    training = TrainingConfig(
        epochs=options.epochs, batch_size=BATCH, lr=options.lr, weight_decay=0.01, warmup_epochs=1,
        ema_decay=0.99, precision="bf16", seed=1,
    )  # fmt: skip
    torch.manual_seed(1)
    learner = SeparateLearner(build_net(CONFIG, LABELS), CONFIG, LABELS)
    if options.start is not None:
        load_fit(learner, options.start)
    fit(
        learner,
        Batches(train, batch_size=BATCH, training=True),
        Batches(held, batch_size=BATCH, training=False),
        training,
        options.out / ("fit" if options.start is None else f"{options.start.name}-on"),
        start=str(options.start or ""),
        score_start=options.start is not None,
    )


if __name__ == "__main__":
    main()
