"""The configuration of a separator, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (1000, 500_000),
    "channels": (1, 2),
    "crop_s": (0.2, 60),
    "window_s": (0.2, 60),
    "overlap_s": (0.01, 30),
    "spectral": (0, 1000),
    "waveform": (0, 1000),
    "remix": (0, 1),
    "snr_low_db": (-60, 60),
    "snr_high_db": (-60, 60),
    "gain_db": (0, 60),
    "mixes": (1, 1_000_000),
    "room": (0, 1),
    "silent": (0, 1),
}


@dataclass(frozen=True)
class SeparateConfig(CardConfig):
    """All that is needed to build, train and use a separator again.

    Attributes:
        net: its kind, one of `tympan.tasks.separate.separators.NETS`.
        net_options: what its builder takes.
        rate_hz: rate of its input; recordings are resampled to it.
        channels: how many the net takes; to one of 1, channels are given one after another.
        window_s: length of the blocks of a long recording, of a net that looks ahead.
        overlap_s: what two blocks share.
        permute: sources have no names (two speakers): the order that fits best is trained.
        told: the net takes the vector of a person's voice too, and then gives that voice first.
        learn_from: `"stems"` of recordings, or `"isolated"` sources that are mixed on the fly.
        crop_s: length of what the net gets at once in training.
        remix: share of the training crops of stems whose sources are of different recordings.
        snr_low_db: isolated sources are mixed at this ratio of the first to the others, at least.
        snr_high_db: and at most at this.
        gain_db: most that a source is raised or lowered at random, of stems.
        mixes: isolated sources are mixed so often in an epoch, or as often as the first source has
            crops, if those are more.
        room: share of isolated sources that are put in a simulated room.
        silent: share of training mixes in which a source is silent.
        waveform: weight of the signal-to-distortion ratio in the loss, in dB.
        spectral: weight of the distance of compressed spectra in the loss.
        stems: label → stem, of a model whose sources can be gathered in few; None: it cannot.

    >>> SeparateConfig.from_dict(SeparateConfig(net_options={"channels": 16}).to_dict()).net_options
    {'channels': 16}
    """

    net: str = "mask"
    net_options: dict[str, Any] | None = None
    rate_hz: int = 16000
    channels: int = 1
    window_s: float = 6.0
    overlap_s: float = 1.0
    permute: bool = False
    told: bool = False
    learn_from: str = "isolated"
    crop_s: float = 4.0
    remix: float = 0.5
    snr_low_db: float = -5.0
    snr_high_db: float = 20.0
    gain_db: float = 6.0
    mixes: int = 200
    room: float = 0.3
    silent: float = 0.05
    waveform: float = 0.3
    spectral: float = 3.0
    stems: dict[str, str] | None = None

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.learn_from not in ("stems", "isolated"):
            raise ArgumentError(f"learn_from={self.learn_from!r} must be stems or isolated")
        if self.overlap_s > self.window_s / 2:
            what = f"blocks of {self.window_s:g} s cannot overlap by {self.overlap_s:g} s"
            raise ArgumentError(what, fix="give overlap_s of half of window_s or less")
        if self.snr_low_db > self.snr_high_db:
            raise ArgumentError("snr_low_db is above snr_high_db")

    @property
    def crop(self) -> int:
        """Samples that the net gets at once in training."""
        return round(self.crop_s * self.rate_hz)
