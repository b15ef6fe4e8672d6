"""What the training of a voice optimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, smooth_l1_loss

from tympan.nets.alignment import forward_sum_loss, monotonic_durations
from tympan.nets.sequence import mask_of
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.net import PITCH_HZ, Prosody, SpeechNet, steps_of
from tympan.training.learner import NET, Sealed, whole_nets

if TYPE_CHECKING:
    from tympan.data import Batch
    from tympan.models import LoadedModel

# Weights of the losses beside that of the mels, which is 1.
DELTA, DURATION, PITCH, VOICING, ENERGY = 1.0, 0.3, 0.5, 0.1, 0.2


class SpeakLearner:
    """Mels, their changes in time, durations, pitch, voicing and energy; or the alignment alone.

    Args:
        net: the net.
        config: its configuration; `stage` says what is trained.
    """

    monitor = "-loss"

    def __init__(self, net: SpeechNet, config: SpeakConfig) -> None:
        self.net, self.config = net, config
        self.trained = Trained(net, config.stage)
        self.start: LoadedModel | None = None  # the voice that it started from

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The net and its losses, under the name of the only one."""
        return {NET: self.trained}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        return self.config.to_dict()

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The sum of the losses of a batch."""
        yield NET, nets[NET](Sealed(batch))["loss"]

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Each loss, the mean of all validation sentences."""
        sums: dict[str, float] = {}
        count = 0
        for batch in batches:
            size = len(batch["speaker"])
            count += size
            for name, value in nets[NET](Sealed(batch)).items():
                sums[name] = sums.get(name, 0.0) + size * float(value)
        return {name: value / max(1, count) for name, value in sums.items()}


class Trained(nn.Module):
    """From a batch to its losses: what the training loop calls.

    Args:
        net: the net.
        stage: what is trained.
    """

    def __init__(self, net: SpeechNet, stage: str) -> None:
        super().__init__()
        self.net, self.stage = net, stage

    def forward(self, sealed: Sealed) -> dict[str, Tensor]:
        """The losses by name; `loss` is their sum."""
        batch = sealed.batch
        found = alignment_loss(self.net, batch)
        if self.stage == "speak":
            found |= voice_losses(self.net, batch)
            weights = {"mel": 1.0, "delta": DELTA, "duration": DURATION, "pitch": PITCH,
                       "voicing": VOICING, "energy": ENERGY, "alignment": 0.1}  # fmt: skip
            found["loss"] = torch.stack([weights[k] * v for k, v in found.items()]).sum()
        else:
            found["loss"] = found["alignment"]
        return found


def steps_in(net: SpeechNet, batch: Batch) -> Tensor:
    """Steps of each recording of a batch, `(b,)`."""
    return batch["mels_lengths"] // net.config.step


def alignment_loss(net: SpeechNet, batch: Batch) -> dict[str, Tensor]:
    """How badly the symbols are found in recordings: against durations where they are known."""
    steps = steps_in(net, batch)
    lengths = batch["symbols_lengths"]
    found = net.alignment(batch["symbols"], lengths, batch["mels"], steps)
    known = batch["durations"].sum(1) > 0
    losses = []
    if bool(known.any()):
        numbers = steps_of(batch["durations"][known])
        size = min(numbers.shape[1], found.shape[1])
        right = found[known][:, :size].gather(2, numbers[:, :size].clamp_min(0)[:, :, None])[..., 0]
        inside = (numbers[:, :size] >= 0).float()
        losses.append(-(right * inside).sum(1) / inside.sum(1))
    if not bool(known.all()):
        rest = ~known
        losses.append(
            forward_sum_loss(found[rest], lengths[rest], steps[rest])[None].expand(int(rest.sum()))
        )
    return {"alignment": torch.cat(losses).mean()}


@torch.no_grad()
def durations_of(net: SpeechNet, batch: Batch) -> Tensor:
    """Steps of each symbol `(b, m)`: those that are known, else those of the best alignment."""
    durations = batch["durations"]
    open_ = (durations.sum(1) == 0).nonzero()[:, 0]
    if not len(open_):
        return durations
    steps, lengths = steps_in(net, batch)[open_], batch["symbols_lengths"][open_]
    found = net.alignment(batch["symbols"][open_], lengths, batch["mels"][open_], steps)
    best = monotonic_durations(
        found.float().cpu().numpy(), lengths.cpu().numpy(), steps.cpu().numpy()
    )
    durations = durations.clone()
    durations[open_] = torch.from_numpy(best).to(durations)
    return durations


def prosody_of(net: SpeechNet, mels: Tensor, f0: Tensor) -> Prosody:
    """How a recording is said, from its mels `(b, n_mels, step · n)` and pitch `(b, step · n)`."""
    voiced = (f0 > 0).float()
    octaves = interpolated(torch.where(f0 > 0, (f0.clamp_min(1) / PITCH_HZ).log2(), 0.0), voiced)
    return Prosody(*(in_steps(one, net.config.step) for one in (octaves, voiced, mels.mean(1))))


def in_steps(x: Tensor, step: int) -> Tensor:
    """Frames `(b, step · n)` as `(b, step, n)`.

    >>> in_steps(torch.arange(6)[None], 2).tolist()
    [[[0, 2, 4], [1, 3, 5]]]
    """
    return x.view(len(x), -1, step).transpose(1, 2)


def interpolated(values: Tensor, there: Tensor) -> Tensor:
    """Values `(b, n)` with straight lines where there are none.

    >>> interpolated(torch.tensor([[1.0, 0.0, 3.0]]), torch.tensor([[1.0, 0.0, 1.0]])).tolist()
    [[1.0, 2.0, 3.0]]
    """
    import numpy as np

    rows = []
    for row, mask in zip(values.cpu().numpy(), there.cpu().numpy(), strict=True):
        at = np.flatnonzero(mask)
        rows.append(np.interp(np.arange(len(row)), at, row[at]) if len(at) else np.zeros(len(row)))
    return torch.from_numpy(np.stack(rows)).to(values)


def voice_losses(net: SpeechNet, batch: Batch) -> dict[str, Tensor]:
    """How far the voice is from the recordings."""
    lengths = batch["symbols_lengths"]
    there = mask_of(lengths, batch["symbols"].shape[1])[:, 0]
    durations = durations_of(net, batch)
    h = net.text(batch["symbols"], batch["stress"], batch["speaker"], lengths)
    log_durations = net.log_durations(h, there[:, None].float()).float()
    target = (1 + durations.float()).log()
    expanded = net.expanded(h, durations)
    mask = mask_of(durations.sum(1), expanded.shape[2])
    frames = expanded.shape[2] * net.config.step
    mels, f0 = batch["mels"][:, :, :frames], batch["f0"][:, :frames]
    said = prosody_of(net, mels, f0)
    guess = net.prosody(expanded, mask)
    made = net.mels(expanded, said, mask)
    whole = mask.repeat_interleave(net.config.step, 2)
    count, steps = whole.sum() * net.config.n_mels, mask.sum() * net.config.step
    changes = (made[:, :, 1:] - made[:, :, :-1], mels[:, :, 1:] - mels[:, :, :-1])
    voiced = said.voicing * mask

    def mean(loss: Tensor, among: Tensor, total: Tensor) -> Tensor:
        return (loss * among).sum() / total.clamp_min(1)

    return {
        "mel": mean(l1_loss(made, mels, reduction="none"), whole, count),
        "delta": mean(l1_loss(*changes, reduction="none"), whole[:, :, 1:], count),
        "duration": mean(
            smooth_l1_loss(log_durations, target, reduction="none"), there, there.sum()
        ),
        "pitch": mean(l1_loss(guess.pitch, said.pitch, reduction="none"), voiced, voiced.sum()),
        "voicing": mean(
            binary_cross_entropy_with_logits(guess.voicing, said.voicing, reduction="none"),
            mask, steps,
        ),
        "energy": mean(l1_loss(guess.energy, said.energy, reduction="none"), mask, steps),
    }  # fmt: skip
