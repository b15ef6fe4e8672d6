"""A question of another package, in one file: how bright is this sound?

The answer is a frequency in Hz, learned from a column `brightness_hz`. It shows what a package
needs to bring to tympan, and the tests install it as one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tympan.data import AudioStore, Batch, Table
from tympan.data.examples import digest
from tympan.errors import ArgumentError
from tympan.models import LoadedModel, Score
from tympan.spectra import LogMel
from tympan.tasks.contract import Evaluation, Model, Phase, Prepared, Recipe
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.model import BaseModel
from tympan.tasks.recipes import configured
from tympan.tasks.verbs import Option, Verb
from tympan.training import TrainingConfig, whole_nets

COLUMN = "brightness_hz"

VERB = Verb(
    name="brightness",
    help="How bright is this sound?",
    task="brightness:TASK",
    options=(Option("scale", float, 1.0, "Multiply the answer by this.", low=0),),
    trains_on=f"a column {COLUMN}",
)


@dataclass(frozen=True)
class BrightnessConfig:
    """The configuration, saved in the card.

    Attributes:
        rate_hz: rate of the samples.
        clip_s: length of a crop in training.
        mean_log2: mean of the training targets, in octaves.
    """

    rate_hz: int = 8000
    clip_s: float = 0.3
    mean_log2: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Brightness:
    """The answer."""

    file: str
    brightness_hz: float
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.file}: {self.brightness_hz:.0f} Hz bright"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "warnings": list(self.warnings)}

    def save(self, path: str | Path) -> Path:
        Path(path).write_text(json.dumps(self.to_json()), encoding="utf-8")
        return Path(path)


class Net(nn.Module):
    """The mean log-mel spectrum, and a small net on it."""

    def __init__(self, config: BrightnessConfig) -> None:
        super().__init__()
        self.front = LogMel(config.rate_hz, 256, 128, 24)
        self.layers = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` → octaves above the mean `(b,)`."""
        x = self.front(waves).mean(2)
        return self.layers((x - x.mean(1, keepdim=True)) / 20)[:, 0]


class BrightnessExamples:
    """Crops of recordings and their targets."""

    weights = None
    padding: Mapping[str, float] = {"wave": 0.0}

    def __init__(self, table: Table, store: AudioStore, config: BrightnessConfig) -> None:
        self.table, self.store = table, store
        self.sizes = store.lengths(table.paths)
        self.targets = np.log2([float(value) for value in table.column(COLUMN)])
        self.crop = round(config.clip_s * config.rate_hz)
        self.mean = config.mean_log2

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        spare = max(0, int(self.sizes[row]) - self.crop)
        start = 0 if rng is None else int(rng.integers(spare + 1))
        wave = self.store.mono(self.table[row].path, start, self.crop)
        target = torch.tensor(self.targets[row] - self.mean, dtype=torch.float32)
        return {"wave": torch.from_numpy(wave), "target": target}

    def fingerprint(self) -> dict[str, Any]:
        content = digest(self.store.keys(self.table))
        return {"content": content, "targets": digest(self.targets.tolist())}


class BrightnessLearner:
    """Squared error in octaves."""

    monitor = "-octaves"

    def __init__(self, config: BrightnessConfig) -> None:
        self.config = config
        self.nets: dict[str, nn.Module] = {"net": Net(config)}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        return whole_nets(self.nets)

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        yield "net", (nets["net"](batch["wave"]) - batch["target"]).square().mean()

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        errors = [(nets["net"](b["wave"]) - b["target"]).abs() for b in batches]
        return {"octaves": float(torch.cat(errors).mean())}

    def fingerprint(self) -> dict[str, Any]:
        return self.config.to_dict()


class BrightnessSession:
    """One recording on its way to an answer."""

    def __init__(self, model: BrightnessModel, name: str, scale: float) -> None:
        self.model, self.name, self.scale = model, name, scale
        self.sums, self.samples = 0.0, 0

    def push(self, wave: np.ndarray) -> Iterable[float]:
        """Take samples `(1, t)`; what is known by now."""
        if wave.shape[1] >= SHORTEST_S * self.model.rate_hz:
            with torch.inference_mode():
                octaves = float(self.model.net(torch.from_numpy(wave.copy()))[0])
            self.sums += octaves * wave.shape[1]
        self.samples += wave.shape[1]
        return [self.value()]

    def value(self) -> float:
        """The answer in Hz."""
        mean = self.sums / max(1, self.samples) + self.model.config.mean_log2
        return self.scale * float(2**mean)

    def result(self) -> Brightness:
        seconds = self.samples / self.model.rate_hz
        return Brightness(self.name, self.value(), seconds, self.model.name)


class BrightnessModel(BaseModel[Brightness]):
    """A loaded model."""

    task = "brightness"
    labels = ()

    def __init__(self, net: Net, config: BrightnessConfig, name: str, device: str) -> None:
        self.net, self.config, self.name, self.device = net, config, name, device

    @property
    def rate_hz(self) -> int:
        return self.config.rate_hz

    def session(self, *, name: str = "", scale: float = 1.0, **options: Any) -> BrightnessSession:
        return BrightnessSession(self, name, scale)


class BrightnessTask:
    """The question, see `tympan.tasks.contract.Task`."""

    name = "brightness"
    pretrained_fields = ()
    accepts = ("brightness",)
    start_tasks = ("brightness",)
    default_start = None

    def defaults(self) -> dict[str, Phase[BrightnessConfig]]:
        training = TrainingConfig(epochs=30, batch_size=16, lr=1e-2, ema_decay=None)
        return {"": Phase(training, BrightnessConfig())}

    def claims(self, table: Table) -> str:
        return f"there is a column {COLUMN}" if table.has(COLUMN) else ""

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[BrightnessConfig]:
        if start is not None:
            raise ArgumentError("brightness starts from random weights", fix="--from scratch")
        usual = self.defaults()[""]
        config, training, chosen = configured(usual.config, usual.training, settings)
        return Recipe((Phase(training, config),), user_set=chosen)

    def store_rate_hz(self, config: BrightnessConfig) -> int:
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        return ()

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[BrightnessConfig]
    ) -> Prepared[BrightnessConfig]:
        mean = float(np.log2([float(value) for value in train.column(COLUMN)]).mean())
        note = f"the mean of the training set is {2**mean:.0f} Hz"
        return Prepared(replace(recipe.config, mean_log2=mean), (), (note,))

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[BrightnessConfig]
    ) -> BrightnessExamples:
        return BrightnessExamples(table, store, prepared.config)

    def learner(self, prepared: Prepared[BrightnessConfig]) -> BrightnessLearner:
        return BrightnessLearner(prepared.config)

    def calibrate(
        self, learner: Any, prepared: Prepared[BrightnessConfig], validation: Any
    ) -> BrightnessConfig:
        return prepared.config

    def state(self, learner: Any) -> dict[str, Tensor]:
        return learner.nets["net"].state_dict()

    def load(self, model: LoadedModel, device: str) -> BrightnessModel:
        config = BrightnessConfig(**model.card.config)
        net = Net(config)
        net.load_state_dict(model.state)
        return BrightnessModel(net.eval(), config, model.card.name, device)

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Brightness], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        errors = []
        for model, table in parts:
            for example in table:
                session = model.session()
                session.push(store.mono(example.path)[None])
                true_hz = float(example.columns[COLUMN])
                errors.append(abs(np.log2(session.result().brightness_hz / true_hz)))
        score = Score("error", float(np.mean(errors)), unit="octaves", higher_is_better=False)
        return Evaluation((score,), len(errors), limits=("It knows nothing above 4 kHz.",))


TASK = BrightnessTask()
