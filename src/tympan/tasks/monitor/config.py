"""The configuration of a monitor, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (1000, 2_000_000),
    "window_s": (0.01, 60),
    "step_s": (0.01, 60),
    "n_mels": (24, 256),
    "bottleneck": (1, 512),
    "bank": (8, 100_000),
    "neighbours": (1, 100),
    "kept_sounds": (0, 200),
}


@dataclass(frozen=True)
class MonitorConfig(CardConfig):
    """All that is needed to build and train a monitor again.

    Attributes:
        rate_hz: rate of its input; by default that of most training recordings, so that ultrasound
            and vibration keep their band.
        window_s: length of what is scored at once.
        step_s: seconds from one score to the next.
        n_mels: mel bands, up to half of the rate.
        encoder: name of the encoder in `tympan.nets.ENCODERS` whose feature maps are compared;
            empty: none, only spectra are compared and rebuilt.
        normal: the label of normal recordings; empty: `normal`, `healthy`, `ok`, `good` or
            `baseline`, whichever there is, and all recordings if there is none of them.
        bottleneck: numbers of each eighth of a second to which the autoencoder reduces a window.
        bank: most normal windows that are kept for comparison.
        neighbours: of so many nearest normal windows the density is taken.
        kept_sounds: so many normal windows are kept as sound, to be played beside an anomaly.
        detectors: names of those whose scores are fused; empty: of those that compare the same the
            one that finds most of what is done to normal recordings.
        simulated_auc: how well each detector found what was done to normal recordings.
        steps: windows that the threshold was set on.
        independent: how many independent ones they are worth, as neighbours sound alike.

    >>> MonitorConfig.from_dict(MonitorConfig(n_mels=40).to_dict()).n_mels
    40
    """

    rate_hz: int = 16000
    window_s: float = 2.0
    step_s: float = 1.0
    n_mels: int = 64
    encoder: str = "base"
    normal: str = ""
    bottleneck: int = 16
    bank: int = 1000
    neighbours: int = 4
    kept_sounds: int = 12
    detectors: tuple[str, ...] = ()
    simulated_auc: dict[str, Any] | None = None
    steps: int = 0
    independent: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.step_s > self.window_s:
            what = f"step_s={self.step_s} is longer than window_s={self.window_s}"
            raise ArgumentError(what, fix="what lies between two windows would not be scored")
        if self.n_fft < 64:
            what = f"a window of {self.window_s} s at {self.rate_hz} Hz is too short"
            raise ArgumentError(what, fix="give a longer window_s")

    @property
    def n_fft(self) -> int:
        """Samples of a frame: 64 ms, less in windows that are shorter than two seconds."""
        return max(16, 2 * round(0.032 * min(1.0, self.window_s / 2) * self.rate_hz))

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.n_fft // 2

    @property
    def f_min_hz(self) -> float:
        """Lower edge of the lowest band."""
        return self.rate_hz / 800
