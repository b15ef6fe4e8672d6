"""Changing the duration and keeping the pitch: a phase-locked vocoder on a batch.

Of each output frame two input frames are taken: the one to be played, and the one a hop before it.
The phase turns from the second to the first as it must turn from the previous output frame to
this one, so no frequency is estimated and no angle is ever computed: phases are unit complex
numbers, and turning is a product. Each bin's phase is led by its neighbours in proportion to their
strength, which keeps the bins of one partial together.

Sources: Flanagan and Golden, "Phase vocoder", 1966; Puckette, "Phase-locked vocoder", 1995.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from tympan.augment.waveform._windows import windows

WINDOW_S = 0.048
# A Hann window squared adds up to a constant at a third of its length.
OVERLAP = 3
# Frames are worked on in blocks of about this many numbers, which stay in the processor's cache.
BLOCK_NUMBERS = 1 << 18
# Far below the product of two spectra of any audible sound.
SILENT = 1e-18


def stretch_time(x: Tensor, rate: Tensor, rate_hz: int, length: int) -> Tensor:
    """Return `x` played `rate` times as fast at the same pitch.

    Gradients flow through the frames; the turns are taken as constants.

    Args:
        x: (b, c, t).
        rate: (b,); 2 is twice as fast.
        rate_hz: sample rate.
        length: samples to return; what is played after the end of `x` is silence.

    Returns:
        (b, c, length).
    """
    b, c, t = x.shape
    hop = _fast_hop(WINDOW_S * rate_hz / OVERLAP)
    n_fft = OVERLAP * hop
    window = torch.hann_window(n_fft, dtype=x.dtype, device=x.device)
    count = math.ceil(length / hop) + OVERLAP
    # Frame j is centred half a window before output sample j * hop: the first ones reach it.
    centres = torch.arange(count, device=x.device) * hop - n_fft // 2
    starts = torch.round(centres * rate.double()[:, None]).long().clamp(-n_fft, t + n_fft)
    lead = 2 * n_fft + hop
    starts = (starts - n_fft // 2 + lead).repeat_interleave(c, 0)
    frames = _Frames(pad(x.reshape(b * c, t), (lead, 3 * n_fft)), starts.T, window, hop)
    # Sums of overlapping frames, in pieces of a hop: (hops, rows, hop).
    total = x.new_zeros(count + OVERLAP - 1, b * c, hop)
    scale = window * (hop / window.square().sum())
    step = max(2, BLOCK_NUMBERS // (b * c * n_fft))
    for first in range(0, count, step):
        end = min(count, first + step)
        played = (torch.fft.irfft(frames.turned(first, end), n_fft) * scale).unflatten(2, (-1, hop))
        for part in range(OVERLAP):
            total[first + part : end + part] += played[:, :, part]
    y = total[OVERLAP : OVERLAP + math.ceil(length / hop)].transpose(0, 1).flatten(1)
    return y[:, :length].reshape(b, c, length)


class _Frames:
    """The spectra of frames, each turned to follow the one before it.

    Arrays of frames are (frames, rows, …) here, so that one frame of all rows is one piece.
    """

    def __init__(self, padded: Tensor, starts: Tensor, window: Tensor, hop: int) -> None:
        self.padded, self.starts, self.window, self.hop = padded, starts, window, hop
        bins = len(window) // 2 + 1
        like = torch.complex(window[:1], window[:1])
        self.turn = torch.ones_like(like).expand(len(padded), bins)
        self.last = torch.zeros_like(like).expand(len(padded), bins)
        # What one frame needs: the turn before it is led by its neighbours, with a margin of one
        # bin on each side; and after.
        self.silent = torch.full_like(like, SILENT)
        self.free = like.new_zeros(len(padded), bins + 2)
        self.led = like.new_zeros(len(padded), bins)

    def turned(self, first: int, end: int) -> Tensor:
        """Return the spectra (frames, rows, bins) of the frames from `first` to before `end`."""
        starts, n_fft = self.starts[first:end], len(self.window)
        spectra = torch.fft.rfft(windows(self.padded, starts, n_fft) * self.window)
        with torch.no_grad():
            before = windows(self.padded, starts - self.hop, n_fft).mul_(self.window)
            # From each frame's predecessor in the input to its predecessor in the output.
            way = torch.fft.rfft(before).conj_physical_()
            way[1:].mul_(spectra[:-1])
            way[0].mul_(self.last)
            self.last = spectra[-1].clone()
            for frame in way:
                self.turn = self._locked(frame)
        return spectra * way

    def _locked(self, way: Tensor) -> Tensor:
        """Write the turn of the next frame, each bin led by its neighbours, over `way`."""
        free, led = self.free, self.led
        # In silence, where there is nothing to follow, the turn is 1: an onset keeps its phases.
        torch.addcmul(self.silent, self.turn, way, out=free[:, 1:-1])
        torch.add(free[:, :-2], free[:, 2:], out=led).add_(free[:, 1:-1])
        return torch.sgn(led, out=way)


def _fast_hop(wanted: float) -> int:
    """Return the even number nearest to `wanted` with no prime factor above 5.

    >>> _fast_hop(705.6)
    720
    """
    smooth = [
        2**two * 3**three * 5**five
        for two in range(1, 17)
        for three in range(5)
        for five in range(4)
    ]
    return min(smooth, key=lambda size: abs(size - wanted))
