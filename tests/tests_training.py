"""A small problem made of sound files and a net for it, shared by tests of data and training."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor, nn
from torch.nn import functional

from tympan.data import AudioStore, Batch, Batches, Table, read_folder
from tympan.data.examples import digest
from tympan.training import History, TrainingConfig, checkpoint, fit, whole_nets

RATE_HZ = 4000
PITCHES_HZ = {"low": 300.0, "middle": 600.0, "high": 1200.0}


def write_tone(path: Path, frequency_hz: float, seed: int, duration_s: float = 0.3) -> Path:
    """A sine in noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    wave = 0.3 * np.sin(2 * np.pi * (frequency_hz * t + rng.random()))
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave + 0.1 * rng.standard_normal(len(t)), RATE_HZ)
    return path


def write_problem(root: Path, per_label: int = 12) -> Path:
    """Three labels of tones with some spread of pitch, in sub-folders."""
    for number, (label, pitch_hz) in enumerate(PITCHES_HZ.items()):
        for i in range(per_label):
            seed = 1000 * number + i
            duration_s = 0.25 + 0.02 * (i % 5)
            write_tone(root / label / f"{i}.wav", pitch_hz * (0.9 + 0.02 * i), seed, duration_s)
    return root


class ToneNet(nn.Module):
    """A convolutional net on magnitude spectra, with the parts that make resuming hard."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.LazyLinear(k),
        )
        self(torch.zeros(1, RATE_HZ // 4))

    def forward(self, waves: Tensor) -> Tensor:
        frames = waves.unfold(-1, 64, 64) * torch.hann_window(64, device=waves.device)  # (b, n, t)
        spectra = torch.fft.rfft(frames.float()).abs().add(1e-3).log()[:, None]  # (b, 1, n, f)
        return self.layers(spectra)


# Windows has no signal that ends a process at once.
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@dataclass
class Disturbance:
    """Where a training is killed or asked to stop, from inside.

    Args:
        at: call number of `loss` in this process at which it happens, from 1; 0: never.
        by: the signal.
        in_evaluate: it happens in `evaluate` instead.
        parent: it is sent to the parent process, by rank 0.
        pause_s: time that each step takes at least.
    """

    at: int = 0
    by: int = KILL
    in_evaluate: bool = False
    parent: bool = False
    pause_s: float = 0.0

    def strike(self) -> None:
        os.kill(os.getppid() if self.parent else os.getpid(), self.by)


class ToneExamples:
    """Crops of a quarter of a second, from anywhere in training, and their labels."""

    weights = None
    padding: Mapping[str, float] = {}
    length = RATE_HZ // 4

    def __init__(self, table: Table, store: AudioStore, labels: list[str]) -> None:
        self.table, self.store = table, store
        self.targets = [labels.index(label) for label in table.column("label")]
        self.sizes = store.lengths(table.paths)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        place = 0.5 if rng is None else rng.random()
        start = int(place * (self.sizes[row] - self.length + 1))
        wave = self.store.mono(self.table[row].path, start, self.length)
        return {"wave": torch.from_numpy(wave), "label": torch.tensor(self.targets[row])}

    def fingerprint(self) -> dict[str, object]:
        content = digest(self.store.keys(self.table))
        return {"content": content, "targets": digest(self.targets)}


class ToneLearner:
    """Cross entropy on noisy copies, so that every step draws random numbers."""

    monitor = "accuracy"

    def __init__(self, k: int, disturbance: Disturbance | None = None) -> None:
        torch.manual_seed(7)
        self.nets: dict[str, nn.Module] = {"net": ToneNet(k)}
        self.disturbance = disturbance or Disturbance()
        self.calls = 0

    @property
    def net(self) -> nn.Module:
        return self.nets["net"]

    def groups(self) -> Mapping[str, list[dict[str, object]]]:
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        return {}

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        yield "net", self.loss(nets["net"], batch, rng)

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        self.calls += 1
        time.sleep(self.disturbance.pause_s)
        mine = not self.disturbance.parent or os.environ.get("LOCAL_RANK", "0") == "0"
        if self.calls == self.disturbance.at and not self.disturbance.in_evaluate and mine:
            self.disturbance.strike()
        noise = torch.randn(batch["wave"].shape, generator=rng).to(batch["wave"].device)
        scores = net(batch["wave"] + 0.05 * noise).float()
        return functional.cross_entropy(scores, batch["label"])

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        right = total = 0
        loss = 0.0
        for batch in batches:
            if self.disturbance.in_evaluate and self.calls >= self.disturbance.at > 0:
                self.disturbance.strike()
            scores = nets["net"](batch["wave"])
            loss += float(functional.cross_entropy(scores, batch["label"], reduction="sum"))
            right += int((scores.argmax(1) == batch["label"]).sum())
            total += len(scores)
        return {"accuracy": right / total, "loss": loss / total}


def make_batches(
    root: Path, cache_dir: Path, batch_size: int = 8
) -> tuple[Batches, Batches, Table]:
    """Two thirds to train on, one third to validate on."""
    table = read_folder(root)
    store = AudioStore.open(table, RATE_HZ, cache_dir)

    def part(rows: list[int], training: bool) -> Batches:
        examples = ToneExamples(table.subset(rows), store, table.labels)
        return Batches(examples, batch_size=batch_size, training=training, seed=3)

    val = list(range(0, len(table), 3))
    return part([i for i in range(len(table)) if i % 3], True), part(val, False), table


def train_problem(
    root: Path,
    cache_dir: Path,
    out: Path,
    config: TrainingConfig,
    disturbance: Disturbance | None = None,
    resume: bool = True,
) -> History:
    """The whole of a small training, as a user's script would do it."""
    torch.set_num_threads(1)
    train, val, table = make_batches(root, cache_dir)
    learner = ToneLearner(len(table.labels), disturbance)
    return fit(learner, train, val, config, out, resume=resume, progress=True)


def all_tensors(out: Path) -> dict[str, Tensor]:
    """What a finished training left: net, average, optimiser, and the best weights."""
    found: dict[str, Tensor] = {}
    for name in (checkpoint.CHECKPOINT, checkpoint.BEST):
        parts, _ = checkpoint.load(out / name)
        for part, tensors in parts.items():
            found |= {f"{name}:{part}:{key}": tensor for key, tensor in tensors.items()}
    return found


def without_times(history: History) -> list[dict[str, float]]:
    """A history without what the clock says."""
    clock = ("seconds", "clips_per_s", "data_wait")
    return [{k: v for k, v in row.items() if k not in clock} for row in history.epochs]


if __name__ == "__main__":  # python tests_training.py ROOT CACHE OUT DEVICES STOP_AT
    root, cache_dir, out = map(Path, sys.argv[1:4])
    config = TrainingConfig(
        epochs=8, batch_size=8, lr=1e-2, ema_decay=0.9, precision="32", devices=int(sys.argv[4])
    )
    stop = Disturbance(at=int(sys.argv[5]), by=signal.SIGINT, parent=True)
    history = train_problem(root, cache_dir, out, config, stop)
    print(history.best, flush=True)
