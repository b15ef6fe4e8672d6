"""The configuration of a voice that speaks, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

STAGES = ("align", "speak")
RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (8000, 48_000),
    "n_fft": (128, 8192),
    "hop": (32, 4096),
    "n_mels": (20, 256),
    "step": (1, 8),
    "size": (16, 1024),
    "text_blocks": (1, 32),
    "prosody_blocks": (1, 32),
    "mel_blocks": (1, 32),
    "dropout": (0, 0.99),
    "f_min_hz": (20, 500),
    "f_max_hz": (100, 2000),
    "longest_s": (1, 60),
}


@dataclass(frozen=True)
class SpeakConfig(CardConfig):
    """All that is needed to build and train a voice again.

    Attributes:
        language: of the texts, as `tympan.text.read` takes it.
        rate_hz: rate of the sound.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: mel bands.
        step: frames for each step of the net: it makes so many at once.
        symbols: phonemes, punctuation and pauses that it knows, in the order of their numbers.
        size: `d` of the net.
        text_blocks: blocks on the symbols.
        prosody_blocks: blocks that predict the pitch.
        mel_blocks: blocks that predict the mels.
        dropout: probability of dropping a feature in training.
        f_min_hz: lowest pitch that is looked for in recordings.
        f_max_hz: highest pitch.
        longest_s: longer recordings are left out of the training.
        vocoder: the shape of the vocoder with its correction net, see
            `tympan.nets.correction.vocoder_fields`; None: by rule alone.
        stage: `"align"` trains what finds the symbols in recordings, `"speak"` the voice.

    >>> SpeakConfig.from_dict(SpeakConfig(size=64).to_dict()).size
    64
    """

    language: str = "en"
    rate_hz: int = 24000
    n_fft: int = 1024
    hop: int = 300
    n_mels: int = 80
    step: int = 2
    symbols: tuple[str, ...] = ()
    size: int = 256
    text_blocks: int = 4
    prosody_blocks: int = 3
    mel_blocks: int = 6
    dropout: float = 0.1
    f_min_hz: float = 60.0
    f_max_hz: float = 500.0
    longest_s: float = 16.0
    vocoder: dict[str, Any] | None = None
    stage: str = "speak"

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.stage not in STAGES:
            raise ArgumentError(f"stage={self.stage!r} must be one of {', '.join(STAGES)}")
        if self.hop > self.n_fft:
            raise ArgumentError(f"hop={self.hop} must be at most n_fft={self.n_fft}")

    @property
    def step_samples(self) -> int:
        """Samples of one step of the net."""
        return self.step * self.hop

    @property
    def step_s(self) -> float:
        """Seconds of one step of the net."""
        return self.step_samples / self.rate_hz
