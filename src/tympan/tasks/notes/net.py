"""The net: a spectrogram in thirds of a semitone, harmonics stacked, convolutions over pitch.

A note looks alike at every pitch where frequency is logarithmic, and its harmonics lie at the same
distances: so each pitch is given what is heard at its harmonics (Bittner et al., *Deep salience
representations for F0 estimation in polyphonic music*, 2017; Bittner et al., *A lightweight
instrument-agnostic model for polyphonic note transcription*, 2022), and one net reads all pitches.
Onset, frame, offset and velocity are told apart as by Hawthorne et al., *Onsets and frames*, 2018,
and the place of an onset within a frame as by Kong et al., *High-resolution piano transcription
with pedals by regressing onset and offset times*, 2021.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tympan.nets.blocks import check_axes
from tympan.tasks.notes.config import NotesConfig

HEADS = ("onset", "frame", "offset", "velocity")
BINS = 3  # of the spectrogram for each semitone
# Semitones from a pitch to its subharmonic and its harmonics 1 … 12, so far as they are near one.
HARMONICS = (-12, 0, 12, 19, 24, 28, 31, 34, 36, 38, 40, 43)
PAIR = 2  # frames that the convolutions take together: they see 40 ms, and answer for each 20
FLOOR = 1e-9  # power, -90 dB of a full sine
NOTHING = -1.5  # the level of that


class PitchSpectrogram(nn.Module):
    """Levels in thirds of a semitone, of a long and a short window: `(b, t)` → `(b, 2, f, n)`.

    Nothing is padded: the first frame's middle is `n_fft_long // 2` samples behind the beginning.

    Args:
        config: rate, hop, windows and pitches.
        tuning_cents: by how much the instruments are higher than A = 440 Hz.
    """

    def __init__(self, config: NotesConfig, tuning_cents: float = 0.0) -> None:
        super().__init__()
        self.config = config
        top = 12 * math.log2(config.rate_hz / 2 / 440) + 69 - 0.5
        last = min(config.highest + HARMONICS[-1], math.floor(top))
        self.semitones = last - config.lowest + 1
        for name, n_fft in (("long", config.n_fft_long), ("short", config.n_fft_short)):
            self.register_buffer(f"window_{name}", torch.hann_window(n_fft), persistent=False)
            weights = pitch_bands(config, n_fft, self.semitones, tuning_cents)
            self.register_buffer(f"bands_{name}", weights, persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` → `(b, 2, f, n)`, about 0 ± 1."""
        check_axes(waves, "b t", type(self).__name__)
        longest = self.config.n_fft_long
        found = []
        for name, n_fft in (("long", longest), ("short", self.config.n_fft_short)):
            skip = (longest - n_fft) // 2
            part = waves[:, skip : waves.shape[1] - skip]
            window = getattr(self, f"window_{name}")
            spectrum = torch.stft(
                part.float(), n_fft, self.config.hop, window=window, center=False,
                return_complex=True,
            )  # fmt: skip
            power = (spectrum.real.square() + spectrum.imag.square()) / (window.sum() / 2).square()
            found.append(getattr(self, f"bands_{name}") @ power)
        return self.in_levels(torch.stack(found, 1))

    @staticmethod
    def in_levels(power: Tensor) -> Tensor:
        """Power of any shape as levels, about 0 ± 1."""
        return (10 * torch.log10(power + FLOOR) + 60) / 20


def pitch_bands(
    config: NotesConfig, n_fft: int, semitones: int, tuning_cents: float = 0.0
) -> Tensor:
    """Weights of FFT bins in each third of a semitone, `(f, n_fft / 2 + 1)`.

    A triangle that reaches to both neighbours; where FFT bins lie farther apart than those, it
    interpolates between two.
    """
    third = torch.arange(semitones * BINS, dtype=torch.float64) - 1
    pitch = config.lowest + third / BINS + tuning_cents / 100
    centre = 440 * 2 ** ((pitch - 69) / 12) * n_fft / config.rate_hz  # in FFT bins
    reach = (centre * (2 ** (1 / 12 / BINS) - 1)).clamp_min(1.0)
    bins = torch.arange(n_fft // 2 + 1, dtype=torch.float64)
    weights = (1 - (bins - centre[:, None]).abs() / reach[:, None]).clamp_min(0)
    return weights.float()


def stacked(levels: Tensor, pitches: int) -> Tensor:
    """What is heard at the harmonics of each pitch: `(b, 2, f, n)` → `(b, 72, p, n)`.

    Three bins about each of twelve harmonics, of both spectrograms. Nothing is heard beyond the
    spectrogram.
    """
    b, c, f, n = levels.shape
    thirds = levels.reshape(b, c, f // BINS, BINS, n).permute(0, 2, 4, 1, 3).flatten(3)
    below, above = -HARMONICS[0], max(0, pitches + HARMONICS[-1] - f // BINS)
    thirds = functional.pad(thirds, (0, 0, 0, 0, below, above), value=NOTHING)
    parts = [thirds[:, below + h : below + h + pitches] for h in HARMONICS]
    return torch.cat(parts, 3).permute(0, 3, 1, 2)  # channels last in memory


class ConvPair(nn.Module):
    """Two convolutions over pitch and time, the second across octaves, beside what goes by.

    Args:
        width: channels.
        dilation: frames between their taps. Time is not padded.
    """

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.near = nn.Conv2d(width, width, 3, dilation=(1, dilation), padding=(1, 0), bias=False)
        self.octaves = nn.Conv2d(
            width, width, 3, dilation=(12, dilation), padding=(12, 0), bias=False
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(width), nn.BatchNorm2d(width)])
        self.mix = nn.Conv2d(width, width, 1)
        self.crop = 2 * dilation

    def forward(self, x: Tensor) -> Tensor:
        """`(b, d, p, n)` → `(b, d, p, n - 4 dilation)`."""
        y = torch.relu(self.norms[0](self.near(x)))
        # What all pitches together say about a moment: a drum, a rest, how dense it is.
        y = y + self.mix(y.mean(2, keepdim=True))
        y = self.norms[1](self.octaves(y))
        return torch.relu(x[..., self.crop : x.shape[3] - self.crop] + y)


def reach_of(config: NotesConfig) -> int:
    """Samples that the net uses on each side of those it answers for."""
    return config.context * config.hop + (config.n_fft_long - config.hop) // 2


def around_of(config: NotesConfig) -> int:
    """Samples that a window needs on each side of those it answers for, whole steps."""
    return -(-reach_of(config) // config.step) * config.step


class NoteNet(nn.Module):
    """Waves to scores of onset, frame, offset and velocity for each pitch and frame.

    Args:
        config: its configuration.

    >>> config = NotesConfig(width=8, dilations=(1,))
    >>> net = NoteNet(config).eval()
    >>> net(torch.zeros(1, net.window(10))).shape
    torch.Size([1, 4, 88, 10])
    """

    def __init__(self, config: NotesConfig) -> None:
        super().__init__()
        self.config = config
        self.front = PitchSpectrogram(config)
        taps = (1, PAIR + 2)
        self.gather = nn.Conv2d(
            2 * BINS * len(HARMONICS), config.width, taps, stride=(1, PAIR), bias=False
        )
        self.place = nn.Parameter(torch.zeros(config.width, config.pitches, 1))
        self.gather_norm = nn.BatchNorm2d(config.width)
        self.blocks = nn.ModuleList([ConvPair(config.width, one) for one in config.dilations])
        self.last = nn.Conv2d(config.width, config.width, 3, padding=(1, 0), bias=False)
        self.last_norm = nn.BatchNorm2d(config.width)
        self.head = nn.Conv2d(config.width, len(HEADS) * PAIR, 1)
        assert self.head.bias is not None
        nn.init.constant_(self.head.bias, -3.0)

    @property
    def around(self) -> int:
        """Samples that a window needs on each side of those it answers for, whole frames."""
        return around_of(self.config)

    def window(self, frames: int) -> int:
        """Samples of a window that answers for so many frames, an even number."""
        return 2 * self.around + frames * self.config.hop

    def levels(self, waves: Tensor) -> Tensor:
        """Windows `(b, t)` → the levels that the net gets, `(b, 2, f, n)`."""
        skip = self.around - reach_of(self.config)
        found: Tensor = self.front(waves[:, skip : waves.shape[1] - skip])
        return found

    def scores(self, levels: Tensor) -> Tensor:
        """Levels `(b, 2, f, n)` → scores `(b, 4, p, n - 2 context)` before the sigmoid."""
        x = self.gather(stacked(levels, self.config.pitches)) + self.place
        x = torch.relu(self.gather_norm(x))
        for block in self.blocks:
            x = block(x)
        x = torch.relu(self.last_norm(self.last(x)))
        pairs: Tensor = self.head(x)
        b, _, p, n = pairs.shape
        pairs = pairs.reshape(b, len(HEADS), PAIR, p, n).permute(0, 1, 3, 4, 2)
        return pairs.reshape(b, len(HEADS), p, n * PAIR)

    def forward(self, x: Tensor) -> Tensor:
        """Windows `(b, t)` or their levels `(b, 2, f, n)` → scores `(b, 4, p, n)`."""
        return self.scores(self.levels(x) if x.ndim == 2 else x)


def flux_of(levels: Tensor, context: int, frames: int) -> Tensor:
    """How much louder all frequencies become, of levels `(b, 2, f, n)`: `(b, frames)`."""
    short = levels[:, 1]
    rise = (short[..., 1:] - short[..., :-1]).clamp_min(0).mean(1)
    return rise[:, context - 1 : context - 1 + frames]


def bends_of(levels: Tensor, config: NotesConfig, frames: int) -> Tensor:
    """How far what sounds is from the middle of each pitch, in semitones: `(b, p, frames)`.

    The centre of the power about the first four harmonics, each weighed by how strong it is.
    """
    part = levels[:, 0, :, config.context : config.context + frames]
    power = 10 ** (2 * part.double())  # of levels, 20 dB each: the power, sharpened below
    away = torch.arange(-2, 3, dtype=torch.float64)[:, None] / BINS
    total = weight = torch.zeros((), dtype=torch.float64)
    for h in (0, 12, 19, 24):
        middle = (torch.arange(config.pitches) + h) * BINS + 1
        bins = middle[:, None] + torch.arange(-2, 3)
        known = (bins >= 0) & (bins < part.shape[1])
        near = power[:, bins.clamp(0, part.shape[1] - 1)] * known[..., None]
        near = near.square()
        total = total + (near * away).sum(2)
        weight = weight + near.sum(2)
    return (total / weight.clamp_min(1e-30)).float()
