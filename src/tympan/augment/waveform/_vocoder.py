"""Changing the duration and keeping the pitch: a phase-locked vocoder on a batch.

Of each output frame two input frames are taken: the one to be heard, and the one a hop before it.
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
BLOCK_NUMBERS = 1 << 19


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
    padded = pad(x.reshape(b * c, t), (lead, 3 * n_fft))
    frames = _Frames(padded, starts, window, hop)
    pieces, step = [], max(2, BLOCK_NUMBERS // (b * c * n_fft))
    tail = x.new_zeros(b * c, OVERLAP - 1, hop)
    scale = window * (hop / window.square().sum())
    for first in range(0, count, step):
        heard = torch.fft.irfft(frames.turned(first, min(count, first + step)), n_fft) * scale
        joined, tail = _overlap_add(heard.unflatten(2, (OVERLAP, hop)), tail)
        pieces.append(joined)
    y = torch.cat(pieces, 1).flatten(1)
    return y[:, n_fft : n_fft + length].reshape(b, c, length)


class _Frames:
    """The spectra of drawn frames, each turned to follow the one before it."""

    def __init__(self, padded: Tensor, starts: Tensor, window: Tensor, hop: int) -> None:
        self.padded = padded
        self.starts, self.window, self.hop = starts, window, hop
        bins = len(window) // 2 + 1
        spectrum = torch.complex(padded[:, :1], padded[:, :1])
        self.turn = torch.ones_like(spectrum).expand(-1, bins)
        self.last = torch.zeros_like(spectrum)[:, None].expand(-1, 1, bins)

    def turned(self, first: int, end: int) -> Tensor:
        """Return the spectra (rows, frames, bins) of the frames from `first` to before `end`."""
        starts = self.starts[:, first:end]
        n_fft = len(self.window)
        heard = torch.fft.rfft(windows(self.padded, starts, n_fft) * self.window)
        with torch.no_grad():
            before = windows(self.padded, starts - self.hop, n_fft).mul_(self.window)
            before = torch.fft.rfft(before)
            # From each frame's predecessor in the input to its predecessor in the output.
            way = torch.cat([self.last, heard[:, :-1]], 1) * before.conj_physical_()
            self.last = heard[:, -1:].clone()
            turns = torch.empty_like(way)
            for frame in range(way.shape[1]):
                self.turn = _locked_turn(self.turn * way[:, frame])
                turns[:, frame] = self.turn
        return heard * turns


def _locked_turn(z: Tensor) -> Tensor:
    """Return `z` (rows, bins) led by its neighbours, at magnitude 1; 1 where all is silent."""
    led = z.clone()
    led[:, 1:] += z[:, :-1]
    led[:, :-1] += z[:, 1:]
    parts = torch.view_as_real(led)
    square = torch.addcmul(parts[..., 0] * parts[..., 0], parts[..., 1], parts[..., 1])
    turn = led * torch.rsqrt(square)
    silent = square < 1e-30
    return torch.where(silent, torch.ones_like(turn), turn) if bool(silent.any()) else turn


def _overlap_add(heard: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
    """Add frames (rows, frames, overlap, hop) each one hop later than the one before.

    Returns:
        The finished hops (rows, frames, hop), and what is left over for the next call.
    """
    frames = heard.shape[1]
    total = heard.new_zeros(len(heard), frames + OVERLAP - 1, heard.shape[3])
    total[:, : OVERLAP - 1] = tail
    for part in range(OVERLAP):
        total[:, part : part + frames] += heard[:, :, part]
    return total[:, :frames], total[:, frames:]


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
