"""What a task hands to the training loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from tympan.data.batches import Batch

NET = "net"
"""The name of the net where there is only one."""


class Learner(Protocol):
    """Nets, their losses, and how well they do.

    With several processes it is sent to each, so it must pickle.

    Attributes:
        nets: the modules to train, each with an optimiser of its own: `{"net"}`, or
            `{"generator", "discriminator"}`.
        monitor: the metric of `evaluate` that is to grow; with a leading `-`, to fall (`"-loss"`).
    """

    @property
    def nets(self) -> Mapping[str, nn.Module]: ...
    @property
    def monitor(self) -> str: ...

    def groups(self) -> Mapping[str, list[dict[str, Any]]]:
        """The parameter groups of each net: `params` and, if it is not 1, `lr_scale` in each.

        `hidden` is true where the matrices of a group are those of hidden layers, see `Muon`.

        `whole_nets(self.nets)` is one group for each net.
        """
        ...

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield (name of a net, scalar loss) in order; after each, that net takes a step.

        Call `nets[name](…)` itself: it carries precision and DDP. What is computed after a `yield`
        uses the weights after that step, so a discriminator's loss may come before a generator's.

        `rng` is on the CPU and is, like torch's global generator, freshly seeded for this step.
        """
        ...

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Metrics of all validation batches; runs without gradients and in evaluation mode."""
        ...

    def fingerprint(self) -> Mapping[str, Any]:
        """What must be the same for a training to be resumed, as JSON values."""
        ...


def whole_nets(nets: Mapping[str, nn.Module]) -> dict[str, list[dict[str, Any]]]:
    """One parameter group for each net.

    >>> import torch
    >>> [len(groups) for groups in whole_nets({"net": torch.nn.Linear(1, 1)}).values()]
    [1]
    """
    return {name: [{"params": list(net.parameters())}] for name, net in nets.items()}


class Sealed:
    """A batch that reaches a net as it is.

    Mixed precision halves all tensors that a net is called with; of waves, pitch and mels that
    would lose what can be heard.

    Args:
        batch: the batch.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
