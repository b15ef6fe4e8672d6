"""What the training loop optimises: onset, frame, offset and velocity of each pitch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.notes.net import FLOOR, HEADS, NoteNet
from tympan.training.learner import NET, whole_nets

if TYPE_CHECKING:
    from tympan.data import Batch

# How much each counts.
WEIGHTS = {"onset": 2.0, "frame": 1.0, "offset": 0.7, "velocity": 0.3}
SCALE = 20.0  # the mean over pitches and frames, most of which are silent, is small
CHOSEN_LATER = ("onset", "frame", "offset", "ghost", "shortest_s", "clean_onset", "clean_precision")
TILT_POINTS = 8


class NoteLearner:
    """Binary cross entropy of onsets, frames and offsets; squared error of velocities.

    Args:
        net: the net.
        config: its configuration.
    """

    monitor = "onset_f1"

    def __init__(self, net: NoteNet, config: NotesConfig) -> None:
        self.net, self.config = net, config

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The net, under the name of the only one."""
        return {NET: self.net}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed; what is chosen later may change."""
        return {k: v for k, v in self.config.to_dict().items() if k not in CHOSEN_LATER}

    def augmented(self, levels: Tensor, rng: torch.Generator) -> Tensor:
        """Levels `(b, 2, f, n)` raised, tilted and with a floor of noise."""
        b, config = len(levels), self.config
        gain = (2 * torch.rand(b, 1, 1, 1, generator=rng) - 1) * config.gain_db / 20
        points = (2 * torch.rand(b, 1, TILT_POINTS, generator=rng) - 1) * config.tilt_db / 20
        tilt = interpolate(points, levels.shape[2], mode="linear", align_corners=True)
        found = levels + (gain + tilt[..., None]).to(levels.device)
        if config.noise_db:
            below = 20 + torch.rand(b, 1, 1, 1, generator=rng) * (config.noise_db - 20)
            below = torch.where(torch.rand(b, 1, 1, 1, generator=rng) < 0.5, below, 200.0)
            top = found.amax((1, 2, 3), keepdim=True)
            # Power of noise in a band is spread as that of a sum of squares.
            spread = torch.empty(found.shape).exponential_(generator=rng)
            noise = 10 ** ((20 * (top - below.to(top.device) / 20) - 60) / 10)
            power = 10 ** ((20 * found - 60) / 10) + noise * spread.to(found.device)
            found = (10 * torch.log10(power + FLOOR) + 60) / 20
        return found

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The loss of the net on one batch."""
        with torch.no_grad():
            levels = self.augmented(self.net.levels(batch["wave"]), rng)
        yield NET, self.loss(nets[NET](levels), batch)

    def loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """Of scores `(b, 4, p, n)` before the sigmoid."""
        scores = scores.float()
        known = batch["known"][:, None]
        count = known.sum().clamp_min(1.0) * scores.shape[2]
        total = scores.new_zeros(())
        for i, name in enumerate(HEADS):
            truth = batch[name]
            if name == "velocity":
                each = (scores[:, i].sigmoid() - truth).square() * batch["onset"]
            else:
                each = binary_cross_entropy_with_logits(scores[:, i], truth, reduction="none")
            total = total + WEIGHTS[name] * (each * known).sum() / count
        return SCALE * total

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """F1 of onset and of active frames at 0.4 and 0.5, and the loss."""
        counts = {"onset": torch.zeros(3), "frame": torch.zeros(3)}
        total, number = 0.0, 0
        for batch in batches:
            scores = nets[NET](self.net.levels(batch["wave"])).float()
            total += float(self.loss(scores, batch)) * len(scores)
            number += len(scores)
            for name, level in (("onset", 0.4), ("frame", 0.5)):
                known = batch["known"][:, None] > 0
                found = (scores[:, HEADS.index(name)].sigmoid() > level) & known
                truth = (batch[name] > level) & known
                sums = torch.stack([(found & truth).sum(), truth.sum(), found.sum()])
                counts[name] += sums.cpu()
        f1 = {
            f"{name}_f1": float(2 * right / (true + made).clamp_min(1))
            for name, (right, true, made) in counts.items()
        }
        return {**f1, "loss": total / max(1, number)}
