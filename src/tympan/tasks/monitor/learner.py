"""The training of the autoencoders, and what is learned after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tympan.tasks.monitor.net import LEAST_SPREAD_DB, MonitorNet
from tympan.training.learner import NET

if TYPE_CHECKING:
    from tympan.data import Batch
    from tympan.models import LoadedModel
    from tympan.nets import CNNEncoder
    from tympan.tasks.contract import Log
    from tympan.tasks.monitor.config import MonitorConfig
    from tympan.tasks.monitor.normal import NormalSounds

MOST_MEASURED = 512


class MonitorLearner:
    """Mean squared error of the reconstruction.

    Args:
        config: the configuration.

    Attributes:
        normal: what is known of the normal machine, learned after the training.
    """

    monitor = "-error"

    def __init__(self, config: MonitorConfig) -> None:
        self.config = config
        self.net = MonitorNet(config)
        self.nets: dict[str, nn.Module] = {NET: self.net}
        self.normal: NormalSounds | None = None

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """Only the autoencoders are trained."""
        return {
            NET: [{"params": [*self.net.autoencoder.parameters(), *self.net.frames.parameters()]}]
        }

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The mean squared errors of blocks and of frames."""
        yield NET, nets[NET](batch["wave"]).mean(0).sum()

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """The mean squared error of all windows, as geometric mean of blocks and frames."""
        errors = torch.cat([nets[NET](b["wave"]).float() for b in batches])
        return {"error": float(errors.mean(0).log().mean().exp().detach())}

    def fingerprint(self) -> dict[str, Any]:
        """The configuration."""
        return self.config.to_dict()


class InitializeMonitor:
    """Takes the encoder of a start model, and the level of each band from the data."""

    def __init__(self, start: LoadedModel | None) -> None:
        self.start = start

    def __call__(self, learner: Any, examples: Any, log: Log) -> None:
        """Do so."""
        net: MonitorNet = learner.net
        if self.start is not None and net.encoder is not None:
            load_encoder(net, self.start)
        step = max(1, len(examples.sizes) // MOST_MEASURED)
        with torch.no_grad():
            waves = [
                examples.item(row, None)["wave"][None]
                for row in range(0, len(examples.sizes), step)
            ]
            every = torch.cat([net.levels(wave)[0] for wave in waves], 1)
            net.mean_db.copy_(every.mean(1))
            net.spread_db.copy_(every.std(1).clamp_min(LEAST_SPREAD_DB))
            every = torch.cat([net.finer(wave)[0] for wave in waves], 1)
            net.finer_mean_db.copy_(every.mean(1))
            away = every - net.finer_mean_db[:, None]
            net.finer_spread_db.copy_(away.std().clamp_min(LEAST_SPREAD_DB))


def encoder_of(model: LoadedModel, device: str) -> CNNEncoder:
    """The (first) encoder of a classifier or tagger: its own, not a copy."""
    from tympan.tasks.classify.ensemble import nets_of
    from tympan.tasks.registry import own_model

    found: CNNEncoder = nets_of(own_model(model, device).net)[0].encoder
    return found


def load_encoder(net: MonitorNet, start: LoadedModel) -> None:
    """Copy the weights of the (first) encoder of a loaded model of another task, or of this one."""
    assert net.encoder is not None
    if start.card.task == "monitor":
        state = {
            name.removeprefix("net.encoder."): values.float()
            for name, values in start.state.items()
            if name.startswith("net.encoder.")
        }
    else:
        state = encoder_of(start, "cpu").state_dict()
    net.encoder.load_state_dict(state)
