"""A band taken away."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, log_uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._biquads import band_stop
from tympan.augment.waveform._iir import filtered
from tympan.augment.waveform._limits import band_edges, check_cutoffs, check_order


class BandStop(Transform):
    """Take away a band of drawn centre and width (Butterworth: −3 dB at its edges).

    The counterpart in the waveform of `FrequencyMask`: a net must not rely on one band. A band
    that reaches beyond the audio's own is cut off at 1 Hz and at 49 % of the rate.

    Hazards: a wide band removes the labelled sound altogether; a narrow one rings. Starts from
    silence. With `zero_phase` the slopes are twice as steep, and a sharp onset is preceded by its
    ringing.

    Source: SpecAugment's frequency masks (Park et al., 2019) as a filter.

    Args:
        min_centre_hz: lowest centre (geometric middle of the edges); drawn evenly over octaves.
        max_centre_hz: highest centre; 45 % of the rate, at most 4 kHz, if None.
        min_octaves: narrowest band; drawn evenly over ratios of widths.
        max_octaves: widest band.
        order: 1 to 16, slope of each side in 6 dB per octave.
        zero_phase: filter forwards and backwards: no delay, and −6 dB at the edges.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> tone = torch.sin(torch.arange(8000) * 2 * torch.pi * 1000 / 8000)[None, None]
    >>> y = BandStop(1000.0, 1000.0, 1.0, 1.0, rate_hz=8000)(tone, 0)
    >>> bool(y[..., 4000:].abs().max() < 0.01)
    True
    """

    def __init__(
        self,
        min_centre_hz: float = 200.0,
        max_centre_hz: float | None = None,
        min_octaves: float = 0.25,
        max_octaves: float = 1.5,
        order: int = 2,
        zero_phase: bool = False,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        self.rate_hz: int = rate_hz
        self.order, self.zero_phase = check_order(order), bool(zero_phase)
        check_range("octaves", min_octaves, max_octaves, 0.01, 20.0)
        self.min_octaves, self.max_octaves = min_octaves, max_octaves
        self.min_centre_hz, self.max_centre_hz = check_cutoffs(
            min_centre_hz, max_centre_hz, 4000.0, rate_hz
        )

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        return {
            "centre_hz": log_uniform(generator, items, self.min_centre_hz, self.max_centre_hz),
            "octaves": log_uniform(generator, items, self.min_octaves, self.max_octaves),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        low, high = band_edges(params["centre_hz"], params["octaves"], self.rate_hz)
        sos = band_stop(low, high, self.order, self.rate_hz)
        return filtered(x, sos, self.zero_phase)
