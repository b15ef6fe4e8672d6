"""Make the shipped recogniser of English: phonemes of made speech, words by a search.

python -m recipes.transcribe_speech …                 # made speech, see there
python -m recipes.transcribe noises --shared ../shared/data
python -m recipes.transcribe real --shared ../shared/data    # judged before, see there
python -m recipes.transcribe train --stage frames --out frames --epochs 15
python -m recipes.transcribe train --stage words --start frames --out words --epochs 80

`--start english` goes on from the weights that ship.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.sounds import CHARACTERS, phonemes_of
from tympan.training import TrainingConfig

SEED, SHIPPED = 0, "english"
CONFIG = TranscribeConfig(
    phonemes=phonemes_of("en"), characters=CHARACTERS, size=256, blocks=12, expansion=2
)
TRAINING = TrainingConfig(
    epochs=80, batch_size=32, bucket=16, optimizer="muon", lr=2.5e-3, weight_decay=0.01,
    warmup_epochs=2.0, ema_decay=0.998, grad_clip=5.0, seed=SEED, checkpoint_every_s=120,
)  # fmt: skip


def weights_of(runs: Path, start: str) -> dict[str, Any]:
    """Those of a training, or of the model that ships."""
    from tympan.models import load_model
    from tympan.models.catalogue import shipped_folder
    from tympan.tasks.transcribe.loading import weights_of as shipped_weights
    from tympan.training.history import History
    from tympan.training.learner import NET
    from tympan.training.loop import final_weights

    if start == SHIPPED:
        return shipped_weights(load_model(shipped_folder() / start))
    return dict(final_weights(runs / start, History.load(runs / start / "history.json"))[NET])


def deeper(weights: dict[str, Any], net: Any) -> dict[str, Any]:
    """Weights for a net of more blocks that says the same.

    New blocks stand between the old ones and add nothing at first (Chen, Goodfellow, Shlens,
    *Net2Net*, ICLR 2016), so a training goes on where it was.
    """
    import torch

    old = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("blocks."))
    new = len(net.blocks)
    if old == new:
        return weights
    places = torch.linspace(0, new - 1, old).round().int().tolist()
    for block in net.blocks:
        for value in block.feed_forward[-1].parameters():
            torch.nn.init.zeros_(value)
    found = dict(net.state_dict())
    for name, value in weights.items():
        parts = name.split(".")
        if parts[0] == "blocks":
            parts[1] = str(places[int(parts[1])])
        found[".".join(parts)] = value
    return found


def train(runs: Path, out: str, stage: str, start: str, epochs: int, lr: float) -> None:
    """Train; the same command goes on where it was stopped."""
    import torch

    from recipes.transcribe_pool import Pool
    from tympan.data.batches import Batches
    from tympan.tasks.transcribe.learner import TranscribeLearner
    from tympan.tasks.transcribe.net import SpeechRecogniserNet
    from tympan.training import fit

    torch.manual_seed(SEED)
    config = replace(CONFIG, stage=stage)
    training = replace(TRAINING, epochs=epochs, lr=lr)
    learner = TranscribeLearner(SpeechRecogniserNet(config), config)
    if start:
        learner.net.load_state_dict(deeper(weights_of(runs, start), learner.net))
    rows, held = Pool(runs, config, training=True), Pool(runs, config, training=False)
    print(f"{len(rows.lines)} lines, {rows.hours():.1f} h; {len(held.lines)} held out", flush=True)
    batches = Batches(
        rows, batch_size=training.batch_size, bucket=training.bucket, training=True,
        seed=training.seed,
    )  # fmt: skip
    val = Batches(held, batch_size=training.batch_size, training=False)
    history = fit(learner, batches, val, training, runs / out, start=start, score_start=bool(start))
    print(history.best)


def main() -> None:
    """One step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("step", choices=("noises", "real", "train"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/transcribe"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--stage", choices=("frames", "words"), default="words")
    parser.add_argument("--start", default="", help="folder in --runs of a training to begin with")
    parser.add_argument("--out", default="words", help="folder in --runs of the training")
    parser.add_argument("--epochs", type=int, default=TRAINING.epochs)
    parser.add_argument("--lr", type=float, default=TRAINING.lr)
    options = parser.parse_args()
    if options.step == "train":
        train(options.runs, options.out, options.stage, options.start, options.epochs, options.lr)
        return
    from recipes.transcribe_pool import ORDERS, REAL, noise_part, real_part

    if options.step == "noises":
        noise_part(options.shared, options.runs / "noises.npz")
    else:
        for folder, out in (("librispeech", REAL), ("speech_to_intent", ORDERS)):
            real_part(options.shared / folder, options.runs / "judged", options.runs / out)


if __name__ == "__main__":
    main()
