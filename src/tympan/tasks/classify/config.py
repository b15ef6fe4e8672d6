"""The configuration of a classifier, saved in its card."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from tympan.errors import ArgumentError, ModelError


@dataclass(frozen=True)
class ClassifyConfig:
    """All that is needed to build and train a classifier again.

    Attributes:
        rate_hz: rate at which it listens; recordings are resampled to it.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: mel bands.
        f_min_hz: lower edge of the lowest band.
        encoder: name of the encoder in `tympan.nets.ENCODERS`.
        clip_s: length of what the net hears at once.
        dropout: probability of dropping a feature before the head.
        temperature: what the scores are divided by, fitted after training so that 80 % means
            right four times out of five (Guo et al., 2017).
        mixup_p: share of the training clips that are mixed with another one.
        crop: share of `clip_s` that is heard at once in training. Shorter crops are more different
            ones in the same time.
        shift: longest circular shift in training, as a fraction of the clip.
        mask: widest masked band in training, as a fraction of all bands or frames.
        frequency_shift: longest shift along frequency in training, in mel bands.
        filter_db: most that a frequency region is raised or lowered in training.
        balance: 0 draws clips as they come, 1 draws all classes equally often.

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

    def __post_init__(self) -> None:
        wrong = [
            name
            for name in ("rate_hz", "n_fft", "hop", "n_mels", "clip_s", "temperature")
            if not getattr(self, name) > 0
        ]
        if wrong:
            raise ArgumentError(f"{wrong[0]}={getattr(self, wrong[0])} must be above 0")
        if not 0.05 <= self.crop <= 1:
            raise ArgumentError(f"crop={self.crop} must be between 0.05 and 1")
        if self.rate_hz > 192_000 or self.clip_s > 600 or self.n_mels > 1024:
            raise ArgumentError(
                "rate_hz, clip_s and n_mels must be at most 192000, 600 and 1024", fix="lower them"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the card holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any], file: str | None = None) -> ClassifyConfig:
        """Read a card's configuration.

        Raises:
            ModelError: an unknown field, a missing one or one of another type.
        """
        known = {f.name: f.default for f in fields(cls)}
        unknown = sorted(set(values) - set(known))
        wrong = [
            n
            for n, v in values.items()
            if n in known and not isinstance(v, (int, float) if _is_number(known[n]) else str)
        ]
        if unknown or wrong:
            what = f"its configuration has an unusable field {(unknown + wrong)[0]!r}"
            raise ModelError(what, file=file, fix="get or train the model again")
        try:
            return cls(**values)
        except ArgumentError as error:
            raise ModelError(f"its configuration is unusable: {error.what}", file=file) from error


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))
