"""Seven bands louder or softer."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._biquads import high_shelf, low_shelf, peaking
from tympan.augment.waveform._iir import sos_filter
from tympan.augment.waveform._limits import HIGHEST

# A little more than an octave apart, overlapping: low shelf, five bells, high shelf.
BANDS_HZ = ((42, 95), (91, 204), (196, 441), (421, 948), (909, 2045), (1957, 4404), (4216, 9486))


class ParametricEQ(Transform):
    """Change the colour by a seven-band equaliser with drawn frequencies, gains and widths.

    A low shelf (42–95 Hz), five bells, and a high shelf (4.2–9.5 kHz), all as in the cookbook.
    Bands that would lie above 49 % of the rate are moved down to it.

    Hazards: neighbouring boosts add up: with ±12 dB the peak level can grow by more than 12 dB.
    Turns phases. Starts from silence.

    Source: Robert Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".

    Args:
        min_gain_db: lowest gain of a band.
        max_gain_db: highest gain of a band.
        min_q: widest bells.
        max_q: narrowest bells.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.randn(1, 1, 100)
    >>> bool(torch.allclose(ParametricEQ(0.0, 0.0, rate_hz=16000)(x, 0), x, atol=1e-6))
    True
    """

    def __init__(
        self,
        min_gain_db: float = -12.0,
        max_gain_db: float = 12.0,
        min_q: float = 0.3,
        max_q: float = 1.0,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("gain_db", min_gain_db, max_gain_db, -60.0, 60.0)
        check_range("q", min_q, max_q, 0.05, 50.0)
        check_range("rate_hz", rate_hz, rate_hz, 200, 10_000_000)
        self.rate_hz: int = rate_hz
        self.min_gain_db, self.max_gain_db = min_gain_db, max_gain_db
        self.min_q, self.max_q = min_q, max_q

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        shape = (x.shape[0], len(BANDS_HZ))
        places = uniform(generator, shape)
        low, high = torch.tensor(BANDS_HZ, dtype=torch.float32, device=places.device).unbind(1)
        return {
            "centre_hz": (low * (high / low) ** places).clamp_max(HIGHEST * self.rate_hz),
            "gain_db": uniform(generator, shape, self.min_gain_db, self.max_gain_db),
            "q": uniform(generator, shape, self.min_q, self.max_q),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        return sos_filter(x, self.sections(params))

    def sections(self, params: Params) -> Tensor:
        """Return the equaliser as second-order sections (b, 7, 6)."""
        centre, gain, q = params["centre_hz"], params["gain_db"], params["q"]
        rate = self.rate_hz
        low = low_shelf(centre[:, :1], gain[:, :1], q[:, :1], rate)
        bells = peaking(centre[:, 1:-1], gain[:, 1:-1], q[:, 1:-1], rate)
        high = high_shelf(centre[:, -1:], gain[:, -1:], q[:, -1:], rate)
        return torch.cat([low, bells, high], 1)
