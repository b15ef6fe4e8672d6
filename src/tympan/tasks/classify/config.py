"""The configuration of a classifier, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

POOLS = ("last", "stages")
RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (1000, 192_000),
    "n_fft": (16, 65_536),
    "hop": (1, 65_536),
    "n_mels": (24, 1024),
    "f_min_hz": (0, 96_000),
    "clip_s": (0.1, 600),
    "dropout": (0, 0.99),
    "temperature": (0.01, 100),
    "mixup_p": (0, 1),
    "crop": (0.05, 1),
    "shift": (0, 1),
    "mask": (0, 0.99),
    "frequency_shift": (0, 64),
    "filter_db": (0, 60),
    "balance": (0, 1),
    "encoder_lr": (0, 1),
    "finish_epochs": (0, 1000),
}


@dataclass(frozen=True)
class ClassifyConfig(CardConfig):
    """All that is needed to build and train a classifier again.

    Attributes:
        rate_hz: rate of its input; recordings are resampled to it.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: mel bands.
        f_min_hz: lower edge of the lowest band.
        encoder: name of the encoder in `tympan.nets.ENCODERS`.
        clip_s: length of what the net gets at once.
        dropout: probability of dropping a feature before the head.
        temperature: what the scores are divided by, fitted after training so that 80 % means
            right four times out of five (Guo et al., 2017).
        mixup_p: share of the training clips that are mixed with another one.
        crop: share of `clip_s` that it gets at once in training. Shorter crops are more different
            ones in the same time.
        shift: longest circular shift in training, as a fraction of the clip.
        mask: widest masked band in training, as a fraction of all bands or frames.
        frequency_shift: longest shift along frequency in training, in mel bands.
        filter_db: most that a frequency region is raised or lowered in training.
        balance: 0 draws clips as they come, 1 draws all classes equally often.
        pool: what the head gets: `"last"`, the encoder's last feature map, or `"stages"`, the
            spectrogram and every stage.
        keep_norm: leave the normalisation of a trained encoder as it is.
        encoder_lr: learning rate of the encoder, as a share of that of the head.
        augment: how recordings are varied in place of `shift`, `mask`, `frequency_shift` and
            `filter_db`, as `tympan.augment.Augmentation.to_dict` gives it; None: by these four.
        finish_epochs: epochs at the end of the training with whole clips, none of them mixed, at a
            fifth of the learning rate; 0: none.
        held_out_distances: how far recordings that were not trained on lie from those that were,
            by the kind of answer, see `tympan.tasks.familiarity`; None: it is not known.

    >>> ClassifyConfig.from_dict(ClassifyConfig(n_mels=40).to_dict()).n_mels
    40
    """

    rate_hz: int = 16000
    n_fft: int = 1024
    hop: int = 320
    n_mels: int = 64
    f_min_hz: float = 20.0
    encoder: str = "base"
    clip_s: float = 5.0
    dropout: float = 0.2
    temperature: float = 1.0
    mixup_p: float = 0.6
    crop: float = 0.75
    shift: float = 0.5
    mask: float = 0.12
    frequency_shift: int = 2
    filter_db: float = 6.0
    balance: float = 0.5
    pool: str = "last"
    keep_norm: bool = False
    encoder_lr: float = 1.0
    augment: dict[str, Any] | None = None
    finish_epochs: int = 0
    held_out_distances: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.pool not in POOLS:
            raise ArgumentError(f"pool={self.pool!r} must be one of {', '.join(POOLS)}")
        if self.hop > self.n_fft:
            raise ArgumentError(f"hop={self.hop} must be at most n_fft={self.n_fft}")
        if self.f_min_hz >= self.rate_hz / 2:
            raise ArgumentError(f"f_min_hz={self.f_min_hz} must be below half of {self.rate_hz} Hz")
