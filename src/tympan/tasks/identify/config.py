"""The configuration of a voice model, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tympan.errors import ArgumentError
from tympan.nets import ENCODERS
from tympan.tasks.card_config import CardConfig, check_ranges

RECURRENT = "lstm"
RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (4000, 48_000),
    "n_fft": (64, 8192),
    "hop": (16, 4096),
    "n_mels": (20, 256),
    "f_min_hz": (0, 1000),
    "features": (16, 2048),
    "size": (16, 1024),
    "clip_s": (0.3, 30),
    "shortest_s": (0.2, 30),
    "window_s": (0.5, 60),
    "margin": (0, 1),
    "scale": (1, 100),
    "dropout": (0, 0.99),
    "half_s": (0, 60),
}


@dataclass(frozen=True)
class IdentifyConfig(CardConfig):
    """All that is needed to build and train a voice model again.

    Attributes:
        rate_hz: rate of its input; recordings are resampled to it.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: mel bands.
        f_min_hz: lower edge of the lowest band.
        encoder: name of a CNN encoder in `tympan.nets.ENCODERS`, or `"lstm"`.
        features: `d` of a frame before the pooling.
        size: `d` of a voice's vector.
        window_s: an answer averages the vectors of windows of this length.
        clip_s: longest stretch of a recording that the net gets at once in training.
        shortest_s: the shortest; each batch has a length between the two.
        margin: by which angle, in radians, a voice must be nearer its speaker than others (Deng et
            al., *ArcFace*, CVPR 2019).
        scale: what cosines are multiplied by before the softmax over the training speakers.
        dropout: probability of dropping a feature before the vector.
        augment: how recordings are varied in training, as `tympan.augment.Augmentation.to_dict`
            gives it; None: rooms, noise, telephones and codecs of the preset `"speech"`.
        calibration: of the log odds that two voices are one: for each unit of their normalised
            similarity, for how much speech there is, and what is added, see `Scorer`.
        half_s: seconds of speech that weigh half as much as any amount.
        top: so many voices of the cohort, those that are nearest, normalise a similarity.

    >>> IdentifyConfig.from_dict(IdentifyConfig(n_mels=40).to_dict()).n_mels
    40
    """

    rate_hz: int = 16000
    n_fft: int = 512
    hop: int = 160
    n_mels: int = 64
    f_min_hz: float = 50.0
    encoder: str = "base"
    features: int = 256
    size: int = 256
    window_s: float = 4.0
    clip_s: float = 3.0
    shortest_s: float = 1.0
    margin: float = 0.2
    scale: float = 30.0
    dropout: float = 0.0
    augment: dict[str, Any] | None = None
    calibration: tuple[float, ...] = (1.0, 0.0, 0.0)
    half_s: float = 1.0
    top: int = 60

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.encoder != RECURRENT and self.encoder not in ENCODERS:
            names = ", ".join((*ENCODERS, RECURRENT))
            raise ArgumentError(f"encoder={self.encoder!r} must be one of {names}")
        if self.hop > self.n_fft:
            raise ArgumentError(f"hop={self.hop} must be at most n_fft={self.n_fft}")
        if len(self.calibration) != 3 or self.top < 2:
            raise ArgumentError(f"calibration={self.calibration}, top={self.top} cannot be used")
        if self.shortest_s > self.clip_s:
            what = f"shortest_s={self.shortest_s} must be at most clip_s={self.clip_s}"
            raise ArgumentError(what)
