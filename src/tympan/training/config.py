"""How to train: the settings of a training."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.errors import ArgumentError


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Args:
        epochs: passes over the training rows; 0 keeps the weights as they are.
        batch_size: rows for each step, over all processes together.
        bucket: rows of alike size share a batch: the order is sorted by size within pieces of so
            many batches, so that less is padded; 0: not.
        optimizer: `"adamw"` (Loshchilov, Hutter 2019), or `"muon"`: the same, but kernels of hidden
            convolutions take orthogonal steps, see `tympan.training.muon`.
        lr: peak learning rate, reached after the warm-up, then lowered to 0 along a cosine.
        weight_decay: on weights of two and more axes (not on biases and norms).
        warmup_epochs: epochs of linear warm-up; never more than a quarter of the training.
        cycles: how often the learning rate does all that (Loshchilov, Hutter 2017); the epochs are
            those of all cycles together.
        ema_decay: decay of the averaged weights (Polyak, Juditsky 1992), which are what is
            evaluated and kept; smaller in the first steps. None: no average.
        patience: stop after so many epochs without a better metric; None: never.
        grad_clip: largest norm of the gradient; None: no limit.
        precision: `"32"`, `"bf16"` (autocast) or `"auto"`: bf16 where the device is made for it.
        seed: of everything random.
        devices: processes, each with its device.
        accelerator: `"auto"`, `"cpu"`, `"cuda"` or `"mps"`.
        checkpoint_every_s: a killed training loses at most so much time. 0: save at each step.

    >>> TrainingConfig(epochs=2).batch_size
    64
    """

    epochs: int = 60
    batch_size: int = 64
    bucket: int = 0
    optimizer: str = "adamw"
    lr: float = 2e-3
    weight_decay: float = 0.05
    warmup_epochs: float = 3.0
    cycles: int = 1
    ema_decay: float | None = 0.999
    patience: int | None = None
    grad_clip: float | None = 5.0
    precision: str = "auto"
    seed: int = 0
    devices: int = 1
    accelerator: str = "auto"
    checkpoint_every_s: float = 60.0

    def __post_init__(self) -> None:
        limits = {
            "epochs": (0, 1_000_000), "batch_size": (1, 1_000_000), "lr": (1e-12, 100),
            "weight_decay": (0, 100), "warmup_epochs": (0, 1_000_000), "seed": (0, 2**63 - 1),
            "cycles": (1, 1_000_000), "patience": (1, 1_000_000), "grad_clip": (1e-9, 1e9),
            "checkpoint_every_s": (0, 1e9), "bucket": (0, 1_000_000), "devices": (1, 1024),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:  # also refuses NaN
                raise ArgumentError(f"{name} must be between {low:g} and {high:g}, not {value}")
        if self.optimizer not in ("adamw", "muon"):
            raise ArgumentError(f"optimizer must be adamw or muon, not {self.optimizer!r}")
        if self.precision not in ("auto", "32", "bf16"):
            raise ArgumentError(f"precision must be auto, 32 or bf16, not {self.precision!r}")
        if self.ema_decay is not None and not 0 <= self.ema_decay < 1:
            raise ArgumentError(f"ema_decay must be in [0, 1), not {self.ema_decay}")
