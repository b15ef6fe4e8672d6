"""The configuration of a segmenter, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

LEARN_FROM = ("times", "clips", "scenes")
RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (1000, 500_000),
    "n_fft": (16, 65_536),
    "hop": (1, 65_536),
    "n_mels": (8, 1024),
    "f_min_hz": (0, 250_000),
    "f_max_hz": (0, 250_000),
    "reduction": (1, 16),
    "features": (4, 2048),
    "layers": (1, 8),
    "lookahead": (0, 1000),
    "chunk_s": (0.05, 60),
    "crop_s": (0.2, 600),
    "dropout": (0, 0.99),
    "mixup_p": (0, 1),
    "mask": (0, 0.99),
    "gain_db": (0, 60),
    "shortest_s": (0, 3600),
    "gap_s": (0, 3600),
    "pad_s": (0, 60),
    "longest_s": (0, 86_400),
}


@dataclass(frozen=True)
class SegmentConfig(CardConfig):
    """All that is needed to build, train and use a segmenter again.

    Attributes:
        rate_hz: rate of its input; recordings are resampled to it.
        n_fft: samples of a frame of the spectrogram.
        hop: samples from one frame to the next.
        n_mels: mel bands.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; 0: half the rate.
        widths: channels of each convolution; each halves frequency, none but the first time.
        reduction: frames of the spectrogram for each frame of the answer.
        features: of the recurrent layers.
        layers: recurrent layers.
        causal: answer a stream with the state of what came before; else the net reads windows in
            both directions.
        lookahead: frames of the answer that a causal net waits before it decides on one.
        chunk_s: seconds that a causal net takes at once; with the look-ahead its delay.
        crop_s: length of what the net gets at once in training; a net that is not causal gets as
            much in an answer.
        dropout: probability of dropping a feature.
        mixup_p: share of the training crops to which another one is added.
        mask: widest masked band in training, as a fraction of all bands or frames.
        gain_db: most that a training crop is raised or lowered.
        learn_from: `"times"` of labelled parts; `"clips"`, whole recordings of which is known what
            is in them, but not when; or `"scenes"` that are mixed of recordings of one event each.
        background: label of recordings that are nothing but the background of scenes.
        onset: score at which a segment of each label begins, in the order of the labels; empty: 0.5
            for all. These and the following are chosen on recordings that were not trained on.
        offset: score below which it ends; empty: as `onset`.
        shortest_s: shorter segments are dropped.
        gap_s: shorter pauses between two segments of a label are bridged.
        pad_s: seconds that are added before and behind each segment.
        longest_s: longer segments are cut where their score is lowest; 0: they are not.
        low_hz: lower edge of the band in which each label was marked; empty: none was.
        high_hz: its upper edge.

    >>> SegmentConfig.from_dict(SegmentConfig(onset=(0.3, 0.6)).to_dict()).onset
    (0.3, 0.6)
    """

    rate_hz: int = 16000
    n_fft: int = 1024
    hop: int = 320
    n_mels: int = 64
    f_min_hz: float = 30.0
    f_max_hz: float = 0.0
    widths: tuple[int, ...] = (16, 32, 64, 128)
    reduction: int = 2
    features: int = 128
    layers: int = 1
    causal: bool = False
    lookahead: int = 0
    chunk_s: float = 1.0
    crop_s: float = 10.0
    dropout: float = 0.2
    mixup_p: float = 0.5
    mask: float = 0.1
    gain_db: float = 6.0
    learn_from: str = "times"
    background: str = "background"
    onset: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    shortest_s: float = 0.0
    gap_s: float = 0.0
    pad_s: float = 0.0
    longest_s: float = 0.0
    low_hz: tuple[float, ...] = ()
    high_hz: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.learn_from not in LEARN_FROM:
            what = f"learn_from={self.learn_from!r} must be one of {', '.join(LEARN_FROM)}"
            raise ArgumentError(what)
        if self.hop > self.n_fft:
            raise ArgumentError(f"hop={self.hop} must be at most n_fft={self.n_fft}")
        if not 0 <= self.f_min_hz < self.top_hz <= self.rate_hz / 2:
            what = f"no band from {self.f_min_hz:g} to {self.top_hz:g} Hz at {self.rate_hz} Hz"
            raise ArgumentError(what, fix="f_min_hz < f_max_hz, and no more than half the rate")
        if not self.widths or self.n_mels < 2 ** len(self.widths):
            what = f"{self.n_mels} bands cannot be halved {len(self.widths)} times"
            raise ArgumentError(what, fix="give more n_mels or fewer widths")
        for name in ("onset", "offset"):
            if not all(0 <= one <= 1 for one in getattr(self, name)):
                raise ArgumentError(f"{name}={getattr(self, name)} must be between 0 and 1")

    @property
    def top_hz(self) -> float:
        """Upper edge of the highest band."""
        return self.f_max_hz or self.rate_hz / 2

    @property
    def frame(self) -> int:
        """Samples of a frame of the answer."""
        return self.hop * self.reduction

    @property
    def frame_s(self) -> float:
        """Seconds of a frame of the answer."""
        return self.frame / self.rate_hz
