"""The configuration of a recogniser of our own, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

STAGES = ("frames", "words")
RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (8000, 48_000),
    "n_fft": (128, 4096),
    "win": (64, 4096),
    "hop": (32, 2048),
    "n_mels": (20, 256),
    "f_min_hz": (0, 500),
    "f_max_hz": (1000, 24_000),
    "size": (16, 1024),
    "blocks": (1, 32),
    "kernel": (3, 63),
    "expansion": (1, 8),
    "dropout": (0, 0.99),
    "character_weight": (0, 10),
    "longest_s": (1, 60),
    "variation": (0, 2),
    "language_weight": (0, 5),
    "word_bonus": (-20, 20),
}


@dataclass(frozen=True)
class TranscribeConfig(CardConfig):
    """All that is needed to build and train a recogniser again.

    Attributes:
        language: of what is said, as `tympan.text.read` takes it.
        rate_hz: rate of the sound.
        n_fft: samples of a frame's transform.
        win: samples of its window.
        hop: samples from one frame to the next.
        n_mels: mel bands.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band.
        phonemes: those it tells apart, in the order of their numbers.
        characters: those of the second head, likewise.
        size: `d` of the net.
        blocks: its blocks.
        kernel: steps of each block's convolution, an odd number.
        expansion: width of the blocks' feed-forward nets, in multiples of `d`.
        dropout: probability of dropping a feature in training.
        longest_s: longer recordings are left out of the training.
        variation: how much recordings are varied in training; 1 is usual, 0 not at all.
        stage: `"frames"` also learns which phoneme is when, where that is known; `"words"` only
            their order.
        language_weight: weight of the language model in the search.
        word_bonus: added for each word in the search, in nepers.
        character_weight: weight of the characters beside the phonemes where a candidate of the
            search is chosen; 0 takes the search's own best.

    >>> TranscribeConfig.from_dict(TranscribeConfig(size=64).to_dict()).size
    64
    """

    language: str = "en"
    rate_hz: int = 16_000
    n_fft: int = 512
    win: int = 400
    hop: int = 160
    n_mels: int = 64
    f_min_hz: float = 50.0
    f_max_hz: float = 7600.0
    phonemes: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    size: int = 224
    blocks: int = 8
    kernel: int = 11
    expansion: int = 3
    dropout: float = 0.05
    longest_s: float = 20.0
    variation: float = 1.0
    stage: str = "words"
    language_weight: float = 0.6
    word_bonus: float = 0.0
    character_weight: float = 0.5

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.stage not in STAGES:
            raise ArgumentError(f"stage={self.stage!r} must be one of {', '.join(STAGES)}")
        if self.kernel % 2 == 0:
            raise ArgumentError(f"kernel={self.kernel} must be an odd number")
        if not self.win <= self.n_fft or not self.hop <= self.win:
            raise ArgumentError(
                f"hop={self.hop}, win={self.win} and n_fft={self.n_fft} must not fall"
            )

    @property
    def frame_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop / self.rate_hz
