"""Muffled."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import log_uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._biquads import low_pass
from tympan.augment.waveform._iir import filtered
from tympan.augment.waveform._limits import check_cutoffs, check_order


class LowPass(Transform):
    """Take away what lies above a drawn cut-off frequency (Butterworth, −3 dB there).

    Hazards: starts from silence, so a signal that starts at full level starts with a short
    swing. Delays low frequencies a little (it is causal). A low cut-off removes a high-pitched
    label's sound altogether; the level falls.

    Args:
        min_cutoff_hz: lowest cut-off; drawn evenly over octaves.
        max_cutoff_hz: highest cut-off; 45 % of the rate, at most 7.5 kHz, if None.
        order: 1 to 16, slope in 6 dB per octave.
        zero_phase: filter forwards and backwards: no delay, −6 dB at the cut-off, and twice the
            slope. A sharp onset is preceded by its ringing.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> tone = torch.sin(torch.arange(8000) * 2 * torch.pi * 2000 / 16000)[None, None]
    >>> y = LowPass(500.0, 500.0, rate_hz=16000)(tone, 0)
    >>> bool(y[..., 4000:].abs().max() < 0.08)
    True
    """

    def __init__(
        self,
        min_cutoff_hz: float = 150.0,
        max_cutoff_hz: float | None = None,
        order: int = 2,
        zero_phase: bool = False,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        self.rate_hz: int = rate_hz
        self.order, self.zero_phase = check_order(order), bool(zero_phase)
        self.min_cutoff_hz, self.max_cutoff_hz = check_cutoffs(
            min_cutoff_hz, max_cutoff_hz, 7500.0, rate_hz
        )

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        drawn = log_uniform(generator, x.shape[:1], self.min_cutoff_hz, self.max_cutoff_hz)
        return {"cutoff_hz": drawn}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        sos = low_pass(params["cutoff_hz"], self.order, self.rate_hz)
        return filtered(x, sos, self.zero_phase)
