"""Filter banks as Kaldi computes them, which many models for speech were trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._frames import CHUNK_SAMPLES, Framing
from tympan.spectra._module import FrameModule, project
from tympan.spectra.windows import WindowSpec
from tympan.spectra.windows import window as window_samples

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

# Kaldi's floor of a band's energy.
_FLOOR = float(np.finfo(np.float32).eps)


def povey(length: int) -> np.ndarray:
    """Kaldi's own window, a symmetric Hann window to the power of 0.85: float64 (length,).

    >>> povey(5).round(4).tolist()
    [0.0, 0.5548, 1.0, 0.5548, 0.0]
    """
    return np.asarray(window_samples("hann", length, periodic=False)) ** 0.85


class KaldiFbank(FrameModule):
    """Log mel energies as Kaldi has them: samples (..., t) → natural log (..., n_mels, n).

    From each frame its mean is taken, then a share of the sample before from each sample; the
    window, a power of two, the power spectrum, triangles on the mel scale
    (1127 ln(1 + f / 700)), the natural logarithm of at least 1.19e-7. Nothing is added at random:
    equal to Kaldi, and to `kaldi-native-fbank`, with `dither=0`. D. Povey et al., "The Kaldi speech
    recognition toolkit", ASRU 2011.

    Args:
        rate_hz: sample rate of the signal.
        n_mels: number of bands.
        frame_s: length of a frame.
        hop_s: time from one frame to the next.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; half the rate by default.
        window: `"povey"`, or see `tympan.spectra.windows.window` (symmetric here).
        pre_emphasis: the share of the sample before that is taken from each.
        remove_mean: take the mean from each frame.
        snip_edges: only frames that lie in the signal whole; otherwise one every hop, the
            signal being mirrored at its ends.
        scale: what the samples are multiplied by: 32768 for models trained on the numbers of
            16-bit files, as Kaldi's own.

    Raises:
        ArgumentError: a frame or a hop of less than a sample, an empty band.

    >>> KaldiFbank(16000, n_mels=80)(torch.zeros(16000)).shape
    torch.Size([80, 98])
    """

    window: Tensor
    filters: Tensor

    def __init__(
        self,
        rate_hz: int = 16000,
        n_mels: int = 80,
        frame_s: float = 0.025,
        hop_s: float = 0.01,
        f_min_hz: float = 20.0,
        f_max_hz: float | None = None,
        *,
        window: WindowSpec = "povey",
        pre_emphasis: float = 0.97,
        remove_mean: bool = True,
        snip_edges: bool = True,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        # Kaldi cuts off fractions of a sample.
        size, hop = int(rate_hz * frame_s + 1e-6), int(rate_hz * hop_s + 1e-6)
        if not 0 <= pre_emphasis <= 1:
            raise ArgumentError(f"pre_emphasis is {pre_emphasis}", fix="between 0 and 1")
        self.rate_hz, self.n_mels, self.scale = rate_hz, n_mels, scale
        self.pre_emphasis, self.remove_mean = pre_emphasis, remove_mean
        self.snip_edges = snip_edges
        self.framing = Framing(size, hop, center=False)
        self.n_fft = 1 << (size - 1).bit_length()
        is_povey = isinstance(window, str) and window == "povey"
        shape = povey(size) if is_povey else window_samples(window, size, periodic=False)
        self.add_constant("window", shape)
        self.add_constant("filters", kaldi_filters(rate_hz, self.n_fft, n_mels, f_min_hz, f_max_hz))

    @property
    def framewise(self) -> bool:
        """Whether a stream gives the same frames: not where the end is mirrored."""
        return self.snip_edges

    def forward(self, x: Tensor | Clip) -> Tensor:
        """Samples (..., t), or a clip (c, t) → (..., n_mels, n)."""
        samples = self.samples(x)
        if not self.snip_edges:
            samples = self._mirrored(samples)
        return self.columns(samples, self.framing)

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        frames = framing.frames(x)
        step = max(1, CHUNK_SAMPLES // (self.n_fft * len(x)))
        pieces = [self._energies(part) for part in frames.split(step, dim=1)]
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=-1)

    def _energies(self, frames: Tensor) -> Tensor:
        """Log energies (b, m, n) of frames (b, n, size)."""
        y = frames * self.scale
        if self.remove_mean:
            y = y - y.mean(dim=-1, keepdim=True)
        if self.pre_emphasis:
            # The sample before the first is taken to be like it.
            y = y - self.pre_emphasis * torch.cat([y[..., :1], y[..., :-1]], dim=-1)
        spec = torch.fft.rfft(y * self.constant("window", y.dtype), self.n_fft)
        power = (spec.real**2 + spec.imag**2).transpose(-1, -2)
        energy = project(self.constant("filters", y.dtype), power)
        return energy.clamp(min=_FLOOR).log()

    def _mirrored(self, x: Tensor) -> Tensor:
        """The signal with what the frames of `snip_edges=False` reach over at its ends."""
        t, size, hop = x.shape[-1], self.framing.n_fft, self.framing.hop
        if t == 0:
            raise ShapeError(f"expected samples (..., t) with t > 0, got {tuple(x.shape)}")
        count = (t + hop // 2) // hop
        if count == 0:
            raise ShapeError(f"{t} samples are less than half a hop of {hop}")
        first = hop // 2 - size // 2
        place = torch.arange(first, first + (count - 1) * hop + size, device=x.device) % (2 * t)
        return x[..., torch.where(place < t, place, 2 * t - 1 - place)]

    def extra_repr(self) -> str:
        return f"rate_hz={self.rate_hz}, n_mels={self.n_mels}, snip_edges={self.snip_edges}"


def kaldi_filters(
    rate_hz: int, n_fft: int, n_mels: int, f_min_hz: float, f_max_hz: float | None
) -> np.ndarray:
    """Triangles on the mel scale itself: float64 (n_mels, f).

    >>> kaldi_filters(16000, 512, 40, 20.0, None).shape
    (40, 257)
    """
    top_hz = rate_hz / 2 if f_max_hz is None else f_max_hz
    if not 0 <= f_min_hz < top_hz <= rate_hz / 2:
        raise ArgumentError(
            f"the band from {f_min_hz} to {top_hz} Hz is empty, or ends above half the rate"
        )
    if n_mels < 1:
        raise ArgumentError(f"n_mels is {n_mels}", fix="1 or more")

    def mel(hz: np.ndarray) -> np.ndarray:
        return 1127.0 * np.log1p(hz / 700.0)

    low, high = mel(np.array([f_min_hz, top_hz]))
    edges = np.linspace(low, high, n_mels + 2)
    place = mel(np.arange(n_fft // 2 + 1) * (rate_hz / n_fft))
    width = edges[1] - edges[0]
    filters: np.ndarray = np.clip(1 - np.abs(place - edges[1:-1, None]) / width, 0, None)
    return filters
