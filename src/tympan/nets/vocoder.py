"""A vocoder that needs no training: pulses and noise, filtered so that their mels match."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError, ShapeError
from tympan.nets.blocks import check_axes
from tympan.nets.pulses import HarmonicSource
from tympan.nets.vocoder_mel import VocoderConfig, VocoderMel
from tympan.nets.vocoder_stream import VocoderStream
from tympan.spectra.stft import STFT

# Where the pulses give way to noise in voiced frames, and how gradually.
_VOICE_TOP_HZ, _VOICE_SLOPE_HZ, _MOST_VOICED = 4000.0, 600.0, 0.95
# No filter raises or lowers a bin by more, in nepers (130 dB).
_MOST_GAIN = 15.0
# In voiced frames a band between two harmonics is raised above its surroundings, so far about it,
# by no more (nepers): mels that are not sharp would else fill the gaps with noise.
_GAP_HZ, _MOST_FILL = 300.0, 0.5


@dataclass  # not frozen: what wraps nets for mixed precision writes into what they return
class Correction:
    """What a net changes in each band, (b, n_mels, n) each.

    Attributes:
        voicing: added to the logit of the share of the pulses.
        phase: added to that of the pulses, in radians; it is interpolated between bands, so that
            its slope is a delay.
        gain: of the result, whose mels then differ from those given, in nepers.
    """

    voicing: Tensor
    phase: Tensor
    gain: Tensor


class SourceFilterVocoder(nn.Module):
    """Mels and F0 → a wave, by rule.

    Below 4 kHz voiced frames are pulses, above it, and where there is no voice, noise; a filter,
    smooth in frequency, is applied to the transform of both, such that the mels of the result are
    those given, with the least phase that such a filter can have. What a filter does to one frame
    its neighbours undo in part where they overlap, so it is measured and corrected again.

    As in channel vocoders since H. Dudley, "Remaking Speech", JASA 11 (1939); pulses below and
    noise above a voicing frequency: Griffin & Lim, "Multiband Excitation Vocoder", IEEE Trans.
    ASSP 36 (1988).

    Args:
        config: the mels.
        iterations: times that the filter is corrected on the transform.
        passes: times that a wave is made; each but the first corrects the wave before, and needs
            more frames ahead.
        minimum_phase: give the filter its least phase; else none, so that pulses are symmetric.
        seed: of the noise, unless another is given to the call.

    >>> mels, f0 = torch.full((1, 80, 40), -3.0), torch.zeros(1, 40)
    >>> vocoder = SourceFilterVocoder()
    >>> wave = vocoder(mels, f0)
    >>> wave.shape
    torch.Size([1, 12000])
    >>> bool((VocoderMel()(wave)[..., :40] - mels).abs().mean() < 0.2)
    True
    """

    to_bins: Tensor
    audible: Tensor
    voiced_share: Tensor
    around: Tensor

    def __init__(
        self,
        config: VocoderConfig | None = None,
        *,
        iterations: int = 2,
        passes: int = 3,
        minimum_phase: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if iterations < 1 or passes < 1:
            raise ArgumentError(
                f"iterations is {iterations} and passes is {passes}", fix="1 or more"
            )
        self.config = c = config or VocoderConfig()
        self.iterations, self.passes, self.seed = iterations, passes, seed
        self.minimum_phase = minimum_phase
        self.mel, self.stft = VocoderMel(c), STFT(c.n_fft, c.hop)
        self.source = HarmonicSource(c.rate_hz, c.hop)
        bins_hz = c.bins_hz()
        step_hz = c.rate_hz / c.n_fft
        share = _MOST_VOICED / (1 + np.exp((bins_hz - _VOICE_TOP_HZ) / _VOICE_SLOPE_HZ))
        self._constant("to_bins", c.to_bins())
        self._constant("audible", np.clip((c.f_max_hz - bins_hz) / step_hz + 1, 0, 1)[:, None])
        self._constant("voiced_share", share[:, None])
        apart_hz = np.abs(c.centres_hz()[:, None] - c.centres_hz())
        self._constant("around", np.maximum(1 - apart_hz / _GAP_HZ, 0))

    def _constant(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.float32), persistent=False)

    @property
    def context(self) -> int:
        """Frames that a frame of the wave depends on on each side: how far a stream is late."""
        return 2 * self.config.reach * self.passes

    def forward(self, mels: Tensor, f0: Tensor, seed: int | None = None) -> Tensor:
        """Mels (b, n_mels, n) and F0 (b, n) in Hz, 0 where unvoiced → samples (b, hop * n).

        Args:
            mels: as `VocoderMel` makes them.
            f0: frame by frame.
            seed: of the noise.

        Raises:
            ShapeError: other axes, or the two have not the same number of frames.
        """
        self.check(mels, f0)
        state = self.source.start(len(f0), self.seed if seed is None else seed, f0.device)
        return self.render(mels, f0, *self.source(f0, state))

    def check(self, mels: Tensor, f0: Tensor) -> None:
        """Raise `ShapeError` unless mels and F0 belong together."""
        check_axes(mels, "b m n", type(self).__name__, m=self.config.n_mels)
        if f0.shape != (mels.shape[0], mels.shape[2]):
            raise ShapeError(
                f"mels {tuple(mels.shape)} want F0 of shape ({mels.shape[0]}, {mels.shape[2]}), "
                f"got {tuple(f0.shape)}"
            )

    def stream(self, seed: int | None = None) -> VocoderStream:
        """A vocoder that takes mels block by block; its output equals that of the whole.

        >>> vocoder = SourceFilterVocoder(passes=1)
        >>> mels, f0 = torch.randn(1, 80, 30) - 4, torch.full((1, 30), 150.0)
        >>> stream = vocoder.stream()
        >>> parts = [stream.push(mels[..., :17], f0[:, :17]), stream.push(mels[..., 17:], f0[:, 17:])]
        >>> wave = torch.cat([*parts, stream.flush()], 1)
        >>> torch.allclose(wave, vocoder(mels, f0), atol=1e-4)
        True
        """  # noqa: E501
        return VocoderStream(self, self.seed if seed is None else seed)

    def render(self, mels: Tensor, f0: Tensor, pulses: Tensor, noise: Tensor) -> Tensor:
        """Filter a source (b, hop * n), made before, by mels (b, n_mels, n): (b, hop * n)."""
        return self.corrected(mels, f0, pulses, noise, None)

    def corrected(
        self, mels: Tensor, f0: Tensor, pulses: Tensor, noise: Tensor, by: Correction | None
    ) -> Tensor:
        """`render`, with a correction."""
        count, voiced = mels.shape[2], f0 > 0
        harmonic, hiss = (self.stft(one)[..., :count] for one in (pulses, noise))
        spec = self.excitation(harmonic, hiss, voiced, by)
        for turn in range(self.passes):
            spec = self.match(spec, mels, voiced, first=turn == 0)
            if by is not None and turn + 1 == self.passes:
                spec = spec * (self.to_bins @ by.gain).exp()
            wave = self.stft.inverse(spec, count * self.config.hop)
            if turn + 1 < self.passes:
                spec = self.stft(wave)[..., :count]
        return wave

    def excitation(
        self, harmonic: Tensor, noise: Tensor, voiced: Tensor, by: Correction | None = None
    ) -> Tensor:
        """Mix the transforms (b, f, n) of pulses and noise by frequency and voicing (b, n)."""
        share = self.voiced_share
        if by is not None:
            share = share.clamp(min=0.02).logit() + self.to_bins @ by.voicing
            share = torch.sigmoid(share.clamp(-9, 9))
            phase = self.to_bins @ by.phase
            harmonic = harmonic * torch.polar(torch.ones_like(phase), phase)
        # The roots of what is never 0, whose gradient would be infinite.
        pulsed = share.sqrt() * voiced[:, None]
        hissed = torch.where(voiced[:, None], (1 - share).sqrt(), 1.0)
        return (harmonic * pulsed + noise * hissed) * self.audible

    def match(self, spec: Tensor, mels: Tensor, voiced: Tensor, *, first: bool = True) -> Tensor:
        """Filter a transform (b, f, n) such that its mels are those given.

        Args:
            spec: the transform.
            mels: (b, n_mels, n).
            voiced: (b, n) where the gaps between harmonics are not to be filled.
            first: whether nothing has been filtered before.
        """
        magnitude = spec.abs()
        gain = torch.zeros_like(magnitude)
        fill = _MOST_FILL if first else 0.0
        mels = mels.clamp(min=math.log(self.config.floor))
        wide = self.around @ mels.exp()
        for _ in range(self.iterations):
            found = self.mel.of_magnitude(magnitude * gain.exp())
            most = (wide / (self.around @ found.exp())).log() + fill
            off = mels - found
            off = torch.where(voiced[:, None], torch.minimum(off, most), off)
            gain = (gain + self.to_bins @ off).clamp(-_MOST_GAIN, _MOST_GAIN)
            fill = 0.0
        if self.minimum_phase and first:
            return spec * torch.polar(gain.exp(), least_phase(gain))
        return spec * gain.exp()


def least_phase(log_gain: Tensor) -> Tensor:
    """Phase of the filter of these gains whose response decays soonest: (b, f, n) → (b, f, n).

    The phase is the Hilbert transform of the log gain, here by way of the cepstrum: A. V.
    Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", chapter 13.

    >>> least_phase(torch.zeros(1, 5, 1)).abs().max()
    tensor(0.)
    """
    size = 2 * (log_gain.shape[1] - 1)
    cepstrum = torch.fft.irfft(log_gain.transpose(1, 2), n=size)
    fold = torch.zeros(size, dtype=log_gain.dtype, device=log_gain.device)
    fold[1 : size // 2] = 2.0
    return torch.fft.rfft(cepstrum * fold).imag.transpose(1, 2)
