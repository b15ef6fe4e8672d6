"""White, pink, brown noise and what lies between."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import integers
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._mixing import add_noise, check_levels, draw_level
from tympan.errors import ArgumentError

BANK_SAMPLES = 1 << 20


class ColoredNoise(Transform):
    """Add noise whose power falls as 1 / f^exponent, at a drawn signal-to-noise ratio or level.

    The exponent is drawn from a grid: 0 is white, 1 pink (−3 dB per octave), 2 brown (−6 dB per
    octave), −1 blue. Making noise is slow, adding it is fast. So a bank of 2^20 samples per
    exponent is made once, always the same, and every item reads it at two drawn places and adds
    the two: 2^40 different noises of exactly the right spectrum. The places are in the parameters.
    Channels read at different places, so their noises are independent.

    Hazards: the ratio is to the whole item's power, so an item that is mostly silence gets little
    noise for its events; a silent item gets none. A level of its own (`min_level_dbfs`) is the same
    for soft and loud items: it drowns the soft ones. Below 20 Hz the spectrum is flat (else brown
    noise would be all drift): with `rate_hz` below 40 nothing is coloured.

    Source: the spectrum method of Timmer and König, "On generating power law noise", 1995.

    Args:
        min_snr_db: lowest ratio of signal to noise power.
        max_snr_db: highest ratio.
        exponents: to choose from, each equally likely.
        rate_hz: sample rate of the audio.
        min_level_dbfs: lowest level of the noise itself, for silent items too, instead of a ratio:
            0 dBFS is a root mean square of 1.
        max_level_dbfs: highest level.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.ones(1, 1, 1000)
    >>> noise = ColoredNoise(10.0, 10.0, rate_hz=16000)(x, 0) - x
    >>> round(10 * torch.log10(1 / noise.square().mean()).item(), 3)
    10.0
    """

    def __init__(
        self,
        min_snr_db: float = 5.0,
        max_snr_db: float = 40.0,
        exponents: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5, 2.0),
        *,
        rate_hz: int = 16000,
        min_level_dbfs: float | None = None,
        max_level_dbfs: float | None = None,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_levels((min_snr_db, max_snr_db), (min_level_dbfs, max_level_dbfs))
        if not exponents or max(abs(e) for e in exponents) > 4:
            raise ArgumentError(f"exponents {exponents}", fix="give some between -4 and 4")
        self.min_snr_db, self.max_snr_db = min_snr_db, max_snr_db
        self.min_level_dbfs, self.max_level_dbfs = min_level_dbfs, max_level_dbfs
        self.exponents = tuple(float(e) for e in exponents)
        self.rate_hz = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        ratios = (self.min_snr_db, self.max_snr_db)
        levels = (self.min_level_dbfs, self.max_level_dbfs)
        return {
            **draw_level(generator, items, ratios, levels),
            "exponent": integers(generator, items, 0, len(self.exponents) - 1),
            "offsets": integers(generator, (*items, x.shape[1], 2), 0, 2**31 - 1),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        c, t = x.shape[1:]
        places, choices = params["offsets"].tolist(), params["exponent"].tolist()
        banks = [noise_bank(each, self.rate_hz or 0) for each in self.exponents]
        if t > BANK_SAMPLES // 2:
            banks = [np.tile(bank, math.ceil(t / BANK_SAMPLES) + 1) for bank in banks]

        def noise_of(number: int) -> np.ndarray:
            bank, noise = banks[choices[number]], np.empty((c, t), np.float32)
            for channel, pair in zip(noise, places[number], strict=True):
                first, second = (place % (len(bank) - t) for place in pair)
                np.add(bank[first : first + t], bank[second : second + t], out=channel)
            return noise

        return add_noise(x, noise_of, params)


@lru_cache(maxsize=32)
def noise_bank(exponent: float, rate_hz: int) -> np.ndarray:
    """Return one period (2^20 samples) of noise of unit power, the same in every process.

    Args:
        exponent: of 1 / f^exponent, the fall of power with frequency.
        rate_hz: sample rate; below 20 Hz the spectrum is flat.
    """
    generator = torch.Generator().manual_seed(round(exponent * 1000) % (1 << 32))
    white = torch.randn(BANK_SAMPLES, generator=generator, dtype=torch.float64)
    spectrum = torch.fft.rfft(white)
    lowest = max(1, math.ceil(20.0 * BANK_SAMPLES / rate_hz))
    bins = torch.arange(len(spectrum), dtype=torch.float64).clamp_min(lowest)
    spectrum = spectrum * bins.pow(-exponent / 2.0)
    spectrum[0] = 0.0
    noise = torch.fft.irfft(spectrum, BANK_SAMPLES)
    return (noise / noise.square().mean().sqrt()).float().numpy()
