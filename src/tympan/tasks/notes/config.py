"""The configuration of a transcriber of notes, saved in its card."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.errors import ArgumentError
from tympan.tasks.card_config import CardConfig, check_ranges

RANGES: dict[str, tuple[float, float]] = {
    "rate_hz": (4000, 192_000),
    "hop": (32, 65_536),
    "n_fft_long": (64, 65_536),
    "n_fft_short": (64, 65_536),
    "lowest": (0, 120),
    "highest": (1, 127),
    "width": (1, 1024),
    "crop_s": (0.5, 60),
    "gain_db": (0, 60),
    "noise_db": (0, 120),
    "tilt_db": (0, 60),
    "onset": (0, 1),
    "frame": (0, 1),
    "offset": (0, 1),
    "ghost": (0, 2),
    "shortest_s": (0, 60),
    "clean_onset": (0, 1),
    "clean_precision": (0, 1),
}


@dataclass(frozen=True)
class NotesConfig(CardConfig):
    """All that is needed to build, train and use a transcriber of notes again.

    Attributes:
        rate_hz: rate of its input; recordings are resampled to it.
        hop: samples of a frame of the answer.
        n_fft_long: samples of the spectrogram that tells pitches apart.
        n_fft_short: samples of the one that tells moments apart.
        lowest: lowest pitch, a MIDI number.
        highest: highest pitch.
        width: channels of the convolutions.
        dilations: pairs of frames between the taps of each two convolutions.
        crop_s: length of what the net answers for at once, in training and after it.
        gain_db: most that a training crop is raised or lowered.
        noise_db: most that noise lies below the loudest of a training crop; 0: no noise.
        tilt_db: most that frequencies are raised or lowered in training, smoothly.
        onset: score from which a note begins. This and the following are chosen on recordings that
            were not trained on.
        frame: score below which it has ended.
        offset: score from which its end is heard.
        ghost: mean score of frames from which a note counts whose beginning was not heard; above
            1: none does.
        shortest_s: shorter notes are dropped.
        clean_onset: score from which a note begins where only sure ones are wanted.
        clean_precision: share of the notes found with it that were right on those recordings: below
            0.95 where the search for it ran out. 0: not known.

    >>> NotesConfig.from_dict(NotesConfig(onset=0.4).to_dict()).onset
    0.4
    """

    rate_hz: int = 16000
    hop: int = 320
    n_fft_long: int = 4096
    n_fft_short: int = 1024
    lowest: int = 21
    highest: int = 108
    width: int = 48
    dilations: tuple[int, ...] = (1, 2, 4)
    crop_s: float = 6.0
    gain_db: float = 9.0
    noise_db: float = 60.0
    tilt_db: float = 9.0
    onset: float = 0.35
    frame: float = 0.35
    offset: float = 0.5
    ghost: float = 2.0
    shortest_s: float = 0.04
    clean_onset: float = 0.6
    clean_precision: float = 0.0

    def __post_init__(self) -> None:
        check_ranges(self, RANGES)
        if self.lowest >= self.highest:
            raise ArgumentError(f"lowest={self.lowest} must be below highest={self.highest}")
        if self.hop > self.n_fft_short or self.n_fft_short > self.n_fft_long:
            raise ArgumentError("hop ≤ n_fft_short ≤ n_fft_long does not hold")
        if not self.dilations or not all(1 <= one <= 64 for one in self.dilations):
            raise ArgumentError(f"dilations={self.dilations} must be from 1 to 64")
        top_hz = 440 * 2 ** ((self.highest - 69) / 12)
        if top_hz >= self.rate_hz / 2:
            what = f"pitch {self.highest} ({top_hz:.0f} Hz) is above half of {self.rate_hz} Hz"
            raise ArgumentError(what, fix="give a higher rate_hz or a lower highest")

    @property
    def pitches(self) -> int:
        """How many pitches it tells apart."""
        return self.highest - self.lowest + 1

    @property
    def frame_s(self) -> float:
        """Seconds of a frame of the answer."""
        return self.hop / self.rate_hz

    @property
    def context(self) -> int:
        """Frames that the net needs on each side of one."""
        return 1 + 2 * (2 * sum(self.dilations) + 1)

    @property
    def frames(self) -> int:
        """Frames of a crop, an even number."""
        return 2 * max(1, round(self.crop_s / self.frame_s / 2))

    @property
    def step(self) -> int:
        """Samples of two frames, which the net answers for together."""
        return 2 * self.hop
