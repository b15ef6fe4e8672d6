"""Make the shipped model `voices`: whose voice is it?

    python recipes/made_voices.py …                 # in the environment of the voices, see there
    python -m recipes.voices prepare --shared ../shared/data
    python recipes/teacher_voices.py .runs/voices   # in the environment of the teacher, see there
    python -m recipes.voices train
    python -m recipes.voices ship

*From the teacher*: the net starts with the weights of resemblyzer's encoder (Apache-2.0), gets a
pooling over frames in place of the last frame, and learns to give the teacher's vector of the whole
clean recording from a short stretch of it in noise, in a room, or over a telephone; beside that,
the angular margin over the speakers that are known. `--encoder small` trains a CNN from random
weights on the same, `--no-teacher` without the teacher's vectors: to measure what each brings.

*Held out* are twelve LibriSpeech speakers to choose the epoch by, and everything that the test uses
(`benchmarks/voices.py`): test-other, FSDD, AMI, and the fifth fold of ESC-50.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recipes.voices_data import RATE_HZ, Speech, prepare
from tympan.augment import (
    Augmentation,
    BackgroundMix,
    BandPass,
    CodecLoss,
    ColoredNoise,
    LowPass,
    Reverb,
)
from tympan.data.batches import Batch, Batches
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.identify.learner import UNKNOWN, IdentifyLearner, repeated
from tympan.tasks.identify.net import SpeakerNet, VoiceNet
from tympan.training import TrainingConfig, fit
from tympan.training.learner import NET

SEED = 0
NAME = "voices"
HELD_OUT = 12
SPEAKER_SHARE = 0.1
CONFIGS = {
    "lstm": IdentifyConfig(
        encoder="lstm", n_fft=400, n_mels=40, f_min_hz=0.0, shortest_s=0.8, clip_s=2.4
    ),
    "small": IdentifyConfig(encoder="small", shortest_s=0.8, clip_s=2.4),
    "base": IdentifyConfig(shortest_s=0.8, clip_s=2.4),
}
TRAINING = {
    "lstm": TrainingConfig(
        epochs=20, batch_size=48, lr=2e-4, weight_decay=0.01, warmup_epochs=0.5, ema_decay=0.99,
        checkpoint_every_s=120, seed=SEED,
    ),
    "small": TrainingConfig(
        epochs=60, batch_size=64, lr=2e-3, weight_decay=0.05, warmup_epochs=1, ema_decay=0.995,
        checkpoint_every_s=120, seed=SEED, optimizer="muon",
    ),
}  # fmt: skip
TRAINING["base"] = TRAINING["small"]


class SpeechExamples:
    """Stretches of the prepared speech, with speaker and teacher's vector.

    Args:
        speech: what `prepare` made.
        rows: which recordings.
        speakers: the training speakers.
        config: the task's configuration.
    """

    padding: Mapping[str, float] = {"wave": 0.0}

    def __init__(
        self, speech: Speech, rows: list[int], speakers: list[str], config: IdentifyConfig
    ) -> None:
        self.speech, self.rows = speech, rows
        number = {name: i for i, name in enumerate(speakers)}
        recordings = [speech.recordings[row] for row in rows]
        self.labels = [number.get(one.speaker, UNKNOWN) for one in recordings]
        here = {name: i for i, name in enumerate(dict.fromkeys(r.speaker for r in recordings))}
        self.speakers = [here[one.speaker] for one in recordings]
        self.sizes = np.array([one.length for one in recordings])
        weights = np.sqrt(self.sizes / RATE_HZ)
        self.weights = weights / weights.sum()
        self.crop = round(config.clip_s * RATE_HZ)
        teacher = speech.teacher
        self.targets: np.ndarray | None = None
        if teacher is not None:
            centred = teacher - teacher.mean(0)
            self.targets = centred / np.linalg.norm(centred, axis=1, keepdims=True)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One recording; in evaluation three stretches with noise that is always the same."""
        which, size = self.rows[row], int(self.sizes[row])
        found = {"label": torch.tensor(self.labels[row])}
        if self.targets is not None:
            found["target"] = torch.from_numpy(self.targets[which])
        if rng is not None:
            start = int(rng.random() * max(1, size - self.crop + 1))
            return {**found, "wave": self.stretch(which, start)}
        starts = np.linspace(0, max(0, size - self.crop), 3).astype(int)
        waves = [self.stretch(which, int(start)) for start in starts]
        fixed = np.random.default_rng(which)
        for i, wave in enumerate(waves):
            noise = np.array(self.speech.noise[fixed.integers(len(self.speech.noise))], np.float32)
            level = float(wave.std()) / 0.1 * 10 ** (-(10 + 5 * i) / 20)
            waves[i] = wave + level * torch.from_numpy(noise[: len(wave)])
        speaker = torch.tensor(self.speakers[row])
        return {**found, "wave": torch.cat(waves), "windows": torch.tensor(3), "speaker": speaker}

    def stretch(self, which: int, start: int) -> Tensor:
        """Samples `(t,)` of a recording."""
        return torch.from_numpy(repeated(self.speech.wave(which, start, self.crop), self.crop))

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {"rows": len(self.rows), "samples": int(self.sizes.sum())}


class DistilledLearner(IdentifyLearner):
    """The teacher's vector of the clean whole from a bad short stretch, and the margin loss."""

    def __init__(self, net: SpeakerNet, config: IdentifyConfig, noise: Any, share: float) -> None:
        super().__init__(net, config)
        self.share = share
        self.augmentation = Augmentation(
            (
                Reverb(rate_hz=RATE_HZ, min_rt60_s=0.1, max_rt60_s=0.6, p=0.3),
                BackgroundMix(noise, 0.0, 25.0, p=0.6),
                ColoredNoise(5.0, 35.0, p=0.2),
                LowPass(3300.0, 4000.0, order=8, rate_hz=RATE_HZ, p=0.15),
                BandPass(800.0, 1200.0, 2.5, 3.5, order=4, rate_hz=RATE_HZ, p=0.07),
                CodecLoss(max_quality=0.5, rate_hz=RATE_HZ, p=0.03),
            ),
            (),
            rate_hz=RATE_HZ,
        )

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """Distance from the teacher's vector, and a share of the margin loss."""
        vectors, cosines = nets[NET](self.inputs(batch, rng))
        speaker = self.speaker_loss(cosines, batch["label"])
        if self.share == 1.0 or "target" not in batch:
            yield NET, speaker
            return
        distance = (1 - (vectors.float() * batch["target"]).sum(1)).mean()
        yield NET, 10 * distance + self.share * speaker


def start_from_teacher(net: VoiceNet, folder: Path) -> None:
    """Copy the teacher's weights; the pooling begins as a plain mean."""
    from safetensors.torch import load_file

    found = load_file(folder / "teacher.safetensors")
    lstm = {k.removeprefix("lstm."): v for k, v in found.items() if k.startswith("lstm.")}
    net.frames.lstm.load_state_dict(lstm)  # type: ignore[union-attr, operator]
    net.vector.load_state_dict({"weight": found["linear.weight"], "bias": found["linear.bias"]})
    nn.init.zeros_(net.pool.score[2].weight)
    nn.init.zeros_(net.pool.score[2].bias)
    net.mean.copy_(torch.from_numpy(np.load(folder / "teacher.npy").mean(0)))


def learner_of(
    folder: Path, encoder: str, share: float, seed: int = SEED
) -> tuple[DistilledLearner, SpeechExamples, SpeechExamples]:
    """Net, training and validation rows."""
    speech, config = Speech(folder), CONFIGS[encoder]
    clean = sorted({r.speaker for r in speech.recordings if r.group == "librispeech"})
    clean = [name for name in clean if "*" not in name]
    held = set(np.random.default_rng(seed).choice(clean, HELD_OUT, replace=False).tolist())
    train, val = [], []
    for i, one in enumerate(speech.recordings):
        if one.speaker.split("*")[0] not in held:
            train.append(i)
        elif one.speed == 1.0:
            val.append(i)
    names = sorted({speech.recordings[i].speaker for i in train} - {""})
    torch.manual_seed(seed)
    net = SpeakerNet(VoiceNet(config), len(names))
    if encoder == "lstm":
        start_from_teacher(net.voice, folder)
    learner = DistilledLearner(net, config, speech.noise, share)
    rows, held_rows = (SpeechExamples(speech, which, names, config) for which in (train, val))
    if share < 1 and rows.targets is not None:
        with torch.no_grad():  # each speaker's direction begins where the teacher sees the voice
            for label, which in zip(rows.labels, rows.rows, strict=True):
                if label != UNKNOWN:
                    net.speakers[label] += 10 * torch.from_numpy(rows.targets[which])
    return learner, rows, held_rows


def train(folder: Path, out: Path, encoder: str, share: float, epochs: int | None) -> None:
    """Train; goes on where it was stopped."""
    learner, rows, held = learner_of(folder, encoder, share)
    training = TRAINING[encoder]
    training = replace(training, epochs=epochs or training.epochs)
    batches = Batches(rows, batch_size=training.batch_size, training=True, seed=training.seed)
    val = Batches(held, batch_size=4, training=False)
    history = fit(
        learner, batches, val, training, out, start=encoder, score_start=encoder == "lstm"
    )
    print(history.best)


def main() -> None:
    """Prepare, train or ship."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=("prepare", "train", "ship"))
    parser.add_argument("--runs", type=Path, default=Path(".runs/voices"))
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--encoder", default="lstm", choices=tuple(CONFIGS))
    parser.add_argument("--share", type=float, default=SPEAKER_SHARE, help="of the speaker loss")
    parser.add_argument("--no-teacher", action="store_true", help="the speaker loss alone")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--out", default="", help="folder in --runs of the training")
    options = parser.parse_args()
    if options.step == "prepare":
        prepare(options.shared, options.runs / "made", options.runs)
    elif options.step == "train":
        share = 1.0 if options.no_teacher else options.share
        out = options.runs / (options.out or options.encoder)
        train(options.runs, out, options.encoder, share, options.epochs)


if __name__ == "__main__":
    main()
