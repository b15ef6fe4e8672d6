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
from pathlib import Path
from typing import Any

import numpy as np

from recipes.speech_data import SpeechMixtures, render, sources

SEED = 0
NAME = "speech"
LABELS = ("speech",)
CROP_S = 4.0
ROWS, VAL_ROWS = 4800, 320
EPOCHS = 16


DATA: dict[str, Any] = {
    "name": "LibriSpeech train-clean, wake words and spoken commands of Picovoice, Kerstin "
    "(German), mixed with ESC-50 folds 1 to 3 and rendered music",
    "licences": {
        "LibriSpeech (226 speakers)": "CC-BY-4.0",
        "wake words, speech to intent": "Apache-2.0",
        "Kerstin": "CC0-1.0",
        "ESC-50, the CC0 and CC-BY clips of folds 1 to 3, without laughing and crying": "CC-BY-4.0",
        "music: renderings of the recipe music_tags": "see the model music-tags",
    },
    "truth": "level of the clean speech within 30 dB of its loud parts in windows of 25 ms; pauses "
    "from 0.2 s on are no speech (recipes/speech_data.py)",
    "training": "6 of 16 epochs of 4800 mixtures of 4 s at a learning rate of up to 3e-3, then 4 "
    "at up to 2e-3, of which 22 instead of 15 % hold no speech",
    "rules": "thresholds and times were chosen on mixtures of held-out speakers and ESC-50 fold 4",
    "recipe": "python -m recipes.speech",
}
ATTRIBUTION = """# What `speech` was trained on

No audio of it is distributed.

- **LibriSpeech** (V. Panayotov, G. Chen, D. Povey, S. Khudanpur, 2015), CC BY 4.0: 226 speakers of
  *train-clean*; the texts are read by volunteers of LibriVox.
- **Wake words and spoken commands** of Picovoice's benchmarks, Apache-2.0.
- **Kerstin**, a German voice, CC0.
- **ESC-50** (K. J. Piczak, 2015): the clips of folds 1 to 3 under CC0 and CC BY. Their authors are
  listed in `tympan/models/weights/sounds/ATTRIBUTION.md`, which is distributed with this file.
- **Music** rendered by the recipe `music_tags`: see
  `tympan/models/weights/music-tags/ATTRIBUTION.md`.
"""
KNOWN_FAILURES = (
    "Singing is mostly called speech: no singing was trained on.",
    "Short tones that rise or fall as fast as a voice (synthetic sweeps) may be called speech.",
    "Most of its speech is read English, some of it German; other languages were not tested.",
    "Whispering, children and shouting were not tested. Laughing and crying were left out of the "
    "training, as neither speech nor noise.",
    "Voices in the background (a television, babble) count as speech.",
    "It gets nothing above 8 kHz, and decides up to 1.3 s after a moment.",
)


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
    else:
        ship(options.runs, options.runs / options.out)


def ship(runs: Path, out: Path) -> None:
    """Choose the rules, round the weights, score what is read back, write it into the package."""
    from dataclasses import replace

    from benchmarks import speech_activity as measured

    from tympan.models import Card, Score, load_model, save_model
    from tympan.models.catalogue import shipped_folder
    from tympan.nets import count_parameters
    from tympan.tasks.segment.answer import SegmentModel
    from tympan.tasks.segment.fitting import chosen_rules
    from tympan.tasks.segment.net import Segmenter
    from tympan.tasks.segment.task import TASK

    net = Segmenter(config_of(), 1)
    net.load_state_dict(best_of(out))
    net.half().float().eval()  # as it ships
    model = SegmentModel(net, config_of(), LABELS, NAME)
    config = chosen_rules(validation(runs, model), LABELS, model.config)
    print(
        {
            name: getattr(config, name)
            for name in ("onset", "offset", "gap_s", "shortest_s", "pad_s")
        }
    )
    card = Card(
        name=NAME, task="segment", version="0.1", labels=list(LABELS), config=config.to_dict(),
        description="When is somebody speaking? A stream is answered with a delay of up to 1.3 s.",
        licence="CC-BY-4.0", attribution="ATTRIBUTION.md", data=DATA,
        parameters=count_parameters(net), known_failures=list(KNOWN_FAILURES),
    )  # fmt: skip
    folder = shipped_folder() / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ATTRIBUTION.md").write_text(ATTRIBUTION, encoding="utf-8")
    save_model(folder, net.state_dict(), card, half=True)
    loaded = TASK.load(load_model(folder), "cpu")
    kinds = [measured.noises(), measured.noises(), measured.music()]
    scores = []
    for snr_db in (10.0, 0.0):
        waves, truth = measured.mixtures(snr_db, kinds, measured.MIXTURES)
        pairs = [
            (np.repeat(loaded.probabilities([wave[None]])[0], 2), one)
            for wave, one in zip(waves, truth, strict=True)
        ]
        value = measured.auc_of(pairs)
        rng = np.random.default_rng(SEED)
        drawn = [
            measured.auc_of([pairs[i] for i in rng.integers(0, len(pairs), len(pairs))])
            for _ in range(200)
        ]
        low, high = (round(float(one), 4) for one in np.percentile(drawn, [2.5, 97.5]))
        scores.append(Score(f"frame_auc_{snr_db:.0f}_db", round(value, 4), (low, high)))
    metrics = {
        "scores": [one.to_json() for one in scores],
        "count": measured.MIXTURES,
        "counted": "mixtures of 20 s: ten speakers of test-other, ESC-50 fold 5, real music",
    }
    save_model(folder, net.state_dict(), replace(card, metrics=metrics), half=True)
    print(json.dumps(metrics, indent=1))


def validation(runs: Path, model: Any) -> list[Any]:
    """Held-out mixtures of 7 s with what the model gives for them."""
    from tympan.tasks.segment.decode import SegmentRules, segments_of
    from tympan.tasks.segment.scoring import ScoredRecording

    config, around = model.config, model.net.geometry
    rows = SpeechMixtures(runs / "val", 150, round(7 / config.frame_s), config.frame, around)
    found = []
    for row in range(150):
        one = rows.item(row, None)
        wave = one["wave"].numpy()[around.left : around.left + rows.core]
        truth = segments_of(one["roll"].numpy(), [SegmentRules()], config.frame_s, LABELS)
        events = tuple((s.start_s, s.end_s, s.label) for s in truth)
        found.append(ScoredRecording(model.probabilities([wave[None]]), events))
    return found


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
        epochs=epochs, batch_size=32, lr=lr, weight_decay=0.01,
        warmup_epochs=1.0 if start is None else 0.2,
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
