"""What the training of a separator optimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.losses import permuted, si_sdr_loss, spectral_loss
from tympan.training.learner import NET, Sealed, whole_nets

if TYPE_CHECKING:
    from tympan.data import Batch


class SeparateLearner:
    """Signal-to-distortion ratio and distance of spectra, under the best order if there is none.

    A batch has `mix` `(b, c, t)` and `sources` `(b, k, c, t)`, and `condition` `(b, d)` for a net
    that takes one.

    Args:
        net: the separator.
        config: its configuration.
        labels: of its sources.
    """

    monitor = "si_sdr_improvement_db"

    def __init__(self, net: nn.Module, config: SeparateConfig, labels: tuple[str, ...]) -> None:
        self.net, self.config, self.labels = net, config, labels
        self.trained = _Trained(net)

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The separator, under the name of the only net."""
        return {NET: self.trained}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        return {**self.config.to_dict(), "labels": list(self.labels)}

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The loss of a batch."""
        yield NET, self.loss(nets[NET](Sealed(batch)), batch)

    def loss(self, estimate: Tensor, batch: Batch) -> Tensor:
        """Of estimates `(b, k, c, t)`."""
        mix = batch["mix"][:, None]

        def of(found: Tensor, target: Tensor) -> Tensor:
            total = self.config.waveform * si_sdr_loss(found, target, mix)
            if self.config.spectral:
                total = total + self.config.spectral * spectral_loss(found, target, mix)
            return total.mean(2)

        if self.config.permute:
            return permuted(of, estimate.float(), batch["sources"]).mean()
        return of(estimate.float(), batch["sources"]).mean()

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Loss, and by how many dB SI-SDR of sources that are not silent is better than the mix."""
        total, count, gains = 0.0, 0, []
        for batch in batches:
            found = nets[NET](Sealed(batch)).float()
            total += float(self.loss(found, batch)) * len(found)
            count += len(found)
            gains.append(self._gains(found, batch))
        gain = torch.cat(gains) if gains else torch.zeros(1)
        mean = float(gain.mean()) if len(gain) else 0.0
        return {"si_sdr_improvement_db": mean, "loss": total / max(1, count)}

    def _gains(self, found: Tensor, batch: Batch) -> Tensor:
        mix, target = batch["mix"][:, None].expand_as(batch["sources"]), batch["sources"]

        def ratio(estimate: Tensor, true: Tensor) -> Tensor:
            return -si_sdr_loss(estimate.flatten(2), true.flatten(2), mix.flatten(2))

        if self.config.permute:
            after = -permuted(lambda a, b: -ratio(a, b), found, target)
        else:
            after = ratio(found, target)
        loud = target.square().sum((2, 3)) > 1e-6 * mix.square().sum((2, 3))
        return (after - ratio(mix, target))[loud]


class _Trained(nn.Module):
    """What the training loop calls."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, sealed: Sealed) -> Tensor:
        """Sources `(b, k, c, t)`."""
        batch = sealed.batch
        more = (batch["condition"],) if "condition" in batch else ()
        found: Tensor = self.net(batch["mix"], *more)
        return found
