"""What the training of a composer optimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tympan.tasks.compose.config import FILL, ComposeConfig
from tympan.tasks.compose.net import ComposeNet
from tympan.training.learner import NET, whole_nets

if TYPE_CHECKING:
    from tympan.data import Batch


class ComposeLearner:
    """Nats: cross entropy of what each place holds.

    Args:
        net: the net.
        config: its configuration.

    Attributes:
        known: the training pieces in bytes, once it is trained.
    """

    monitor = "-nats_per_step"

    def __init__(self, net: ComposeNet, config: ComposeConfig) -> None:
        self.net, self.config = net, config
        self.known: Tensor | None = None

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The net, under the name of the only one."""
        return {NET: self.net}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        return self.config.to_dict()

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """Nats of a place, on average."""
        nats, asked = place_nats(nets[NET], batch, self.config)
        yield NET, nats.sum() / asked.sum().clamp_min(1)

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Nats of a step: all nats of all pieces, by the number of their steps."""
        total = steps = 0.0
        for batch in batches:
            nats, asked = place_nats(nets[NET], batch, self.config)
            total += float(nats.sum())
            steps += float(asked.any(2).sum())
        return {"nats_per_step": total / max(1.0, steps)}


def place_nats(net: nn.Module, batch: Batch, config: ComposeConfig) -> tuple[Tensor, Tensor]:
    """Nats of each place `(b, n, v)`, 0 where nothing is asked; and where something is."""
    steps = batch["steps"]
    there = steps >= 0
    wanted = steps.clamp_min(0)
    given, asked = wanted, there
    if config.kind == FILL:
        asked = there & batch["hidden"]
        given = wanted.masked_fill(asked | ~there, config.mask)
    logits = net(
        given, key=batch["key"], remaining=batch["remaining"], phase=batch["phase"],
        hidden=None if bool(there.all()) else ~there.any(2),
    )  # fmt: skip
    nats = nn.functional.cross_entropy(
        logits.float().flatten(0, 2), wanted.flatten(), reduction="none"
    )
    return nats.view_as(wanted) * asked, asked
