"""Train the shipped `voice`: speech out of noise, frame by frame.

    python -m recipes.voice ../shared/data --out .runs/voice           # trains
    python -m recipes.voice ../shared/data --out .runs/voice --ship    # scores and writes the model

A training that was stopped goes on with the same command.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import tympan
from recipes.voice_data import FREE, RATE_HZ, Sounds, VoiceExamples
from tympan.data import Batches
from tympan.models import Card, load_model, save_model
from tympan.models.scores import Score
from tympan.nets import count_parameters
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.learner import SeparateLearner
from tympan.tasks.separate.separators import build_net
from tympan.training import TrainingConfig, fit

CONFIG = SeparateConfig(net="conv-mask", crop_s=3.0, waveform=0.3, spectral=3.0, snr_low_db=-8.0)
LABELS = ("voice",)
ROWS, HELD_ROWS, BATCH = 1920, 48, 8


ATTRIBUTION = """# What `voice` was trained on

No audio of it is distributed.

- **LibriSpeech** (V. Panayotov, G. Chen, D. Povey, S. Khudanpur, 2015), CC BY 4.0: speakers of
  *train-clean*; the texts are read by volunteers of LibriVox.
- **Kerstin**, a German voice, CC0.
- **ESC-50** (K. J. Piczak, 2015): the clips of folds 1 to 4 under CC0 and CC BY, without laughing.
  Their authors are listed in `tympan/models/weights/sounds/ATTRIBUTION.md`, which is distributed
  with this file.
- Coloured noise, chords and hum that the recipe makes.
"""
FAILURES = [
    "DeepFilterNet3 takes away more loud noise (SI-SDR at 0 dB: +9.6 dB, this model +7.4, RNNoise "
    "+7.4, on the same mixes), for eighteen times the processor time of a file; from 10 dB on it "
    "is no better. Ten minutes of the noise at hand, to fine-tune on, bring more.",
    "It harms clean speech a little (PESQ 3.45; DeepFilterNet3 3.47, RNNoise 2.65).",
    "Other people's voices are no noise to it: babble stays.",
    "It was not tested on singing, music or 48 kHz recordings.",
    "What lies above 8 kHz goes with the upper half of the band below.",
]


def load_fit(learner: SeparateLearner, folder: Path) -> None:
    """Take over the best weights of a fit."""
    from tympan.training import checkpoint

    learner.nets["net"].load_state_dict(checkpoint.load(folder / checkpoint.BEST)[0]["net"])


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with librispeech, kerstin, esc50")
    parser.add_argument("--out", type=Path, default=Path(".runs/voice"))
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="a finished fit whose weights to begin with")
    parser.add_argument(
        "--ship", action="store_true", help="score the last fit and write the model"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.ship:
        ship(options.start or options.out / "fit")
        return
    sounds = Sounds(options.data, options.out / "decoded")
    print(len(sounds.speech), len(sounds.noise), len(sounds.held_noise), flush=True)
    length = round(CONFIG.crop_s * RATE_HZ)
    train = VoiceExamples(sounds, length, options.rows)
    held = VoiceExamples(sounds, length, HELD_ROWS, held=True)
    training = TrainingConfig(
        epochs=options.epochs, batch_size=BATCH, optimizer="muon", lr=options.lr,
        weight_decay=0.01, warmup_epochs=1, ema_decay=0.995, precision="bf16", seed=1,
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


def ship(fit_: Path) -> None:
    """Write weights, card and attribution into the package, with what they score."""
    from tempfile import TemporaryDirectory

    learner = SeparateLearner(build_net(CONFIG, LABELS), CONFIG, LABELS)
    load_fit(learner, fit_)
    state = learner.net.state_dict()
    card = Card(
        name="voice", task="separate", version="0.2",
        description="A voice out of noise, frame by frame, 32 ms behind.",
        config=CONFIG.to_dict(), labels=list(LABELS), licence="CC-BY-4.0",
        data={
            "name": "LibriSpeech train-clean and Kerstin (German) in simulated rooms, mixed with "
            "ESC-50 folds 1 to 4, coloured noise, babble, chords and hum; clipped, through codecs",
            "licences": {
                "LibriSpeech (239 of 251 speakers)": "CC-BY-4.0", "Kerstin": "CC0-1.0",
                f"ESC-50, the {' and '.join(FREE)} clips of folds 1 to 4": "CC-BY-4.0",
            },
            "recipe": "python -m recipes.voice",
        },
        parameters=count_parameters(learner.net),
        known_failures=FAILURES,
        attribution="ATTRIBUTION.md",
    )  # fmt: skip
    with TemporaryDirectory() as place:
        # What is read back is what users get: float16 rounds the weights a little.
        save_model(place, state, card, half=True)
        metrics = scored(place)
    folder = Path(tympan.__file__).parent / "models" / "weights" / "voice"
    save_model(folder, state, replace(card, metrics=metrics), half=True)
    (folder / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    print(metrics)


def scored(place: str) -> dict[str, Any]:
    """SI-SDR improvement on speakers and noises that were not trained on, at -5 to 15 dB."""
    from benchmarks.separate import EACH, mixes

    from tympan.tasks.separate.evaluation import interval_of
    from tympan.tasks.separate.metrics import si_sdr
    from tympan.tasks.separate.task import TASK

    model = TASK.load(load_model(place))
    gains = []
    for voice, mix, snr_db in mixes(EACH):
        if snr_db is not None:
            apart = model.begin(RATE_HZ, 1)
            parts = np.concatenate((apart.push(mix[None]), apart.finish()), axis=2)
            gains.append(si_sdr(parts[0, 0], voice) - si_sdr(mix, voice))
    values = np.array(gains)
    score = Score("si_sdr_improvement", float(values.mean()), interval_of(values), "dB")
    what = (
        f"LibriSpeech test-other under ESC-50 fold 5 at -5 to 15 dB; {EACH} pieces of 4 s at five "
        "ratios (benchmarks/separate.py)"
    )
    return {"scores": [score.to_json()], "count": len(values), "counted": "mixes", "what": what}


if __name__ == "__main__":
    main()
