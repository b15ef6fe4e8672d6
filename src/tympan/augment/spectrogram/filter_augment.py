"""The colour that rooms and microphones give."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, integers, uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError

# What a decibel is in each kind of spectrogram: added to it, or the exponent of a factor.
ADDED = {"db": 1.0, "log_power": 0.23025850929940458, "log10_power": 0.1}
FACTOR = {"power": 10.0, "magnitude": 20.0}


class FilterAugment(Transform):
    """Weight drawn frequency bands by drawn gains, as another room or microphone would.

    The axis is cut at drawn places into a drawn number of bands. With `kind="linear"` the gain
    runs in straight lines between gains drawn for the places; with `kind="step"` each band has
    its own gain.

    Hazards: `scale` must be what the spectrogram holds, or the gains are nonsense. Sounds told
    apart by their overall colour only (hisses, hums) become more alike.

    Source: Nam, Kim and Park, "FilterAugment: An Acoustic Environmental Data Augmentation
    Method", 2022 (arXiv:2110.03282).

    Args:
        min_gain_db: lowest gain of a band.
        max_gain_db: highest gain of a band.
        min_bands: fewest bands.
        max_bands: most bands.
        min_width: narrowest band, in frequency bins.
        kind: "linear" or "step".
        scale: "db", "log_power" (natural logarithm), "log10_power", "power" or "magnitude"; or how
            many decibels one unit is, for decibels that were divided by that.
        p: probability of being applied to an item.

    >>> import torch
    >>> y = FilterAugment(-3.0, 3.0, kind="step")(torch.zeros(1, 1, 64, 10), 0)
    >>> y.shape, bool(y.abs().max() <= 3), bool((y[..., 0] == y[..., 9]).all())
    (torch.Size([1, 1, 64, 10]), True, True)
    """

    domain = "spectrogram"

    def __init__(
        self,
        min_gain_db: float = -6.0,
        max_gain_db: float = 6.0,
        min_bands: int = 3,
        max_bands: int = 6,
        min_width: int = 4,
        kind: str = "linear",
        scale: str | float = "db",
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("gain_db", min_gain_db, max_gain_db, -200.0, 200.0)
        check_range("bands", min_bands, max_bands, 1, 1000)
        if kind not in ("linear", "step"):
            raise ArgumentError(f"kind {kind!r}", fix="choose linear or step")
        if isinstance(scale, int | float):
            check_range("scale", scale, scale, 1e-6, 1e6)
        elif scale not in ADDED | FACTOR:
            raise ArgumentError(f"scale {scale!r}", fix=f"choose of {', '.join(ADDED | FACTOR)}")
        self.min_gain_db, self.max_gain_db = min_gain_db, max_gain_db
        self.min_bands, self.max_bands, self.min_width = min_bands, max_bands, min_width
        self.kind, self.scale = kind, scale

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        b, f, most = x.shape[0], x.shape[2], self.max_bands
        if most * self.min_width > f:
            what = f"{most} bands of at least {self.min_width} bins do not fit in {f} bins"
            raise ArgumentError(what, fix="lower max_bands or min_width")
        count = integers(generator, (b, 1), self.min_bands, most)
        places = uniform(generator, (b, most - 1))
        gains = uniform(generator, (b, most + 1), self.min_gain_db, self.max_gain_db)
        # Sorted places in what the narrowest bands leave over, plus those bands. Unused cuts go
        # to the upper end, and unused gains repeat the last one.
        number = torch.arange(1, most, device=count.device)
        used = number < count
        places = torch.where(used, places, 2.0).sort(1).values
        cuts = (places * (f - count * self.min_width + 1)).floor().long() + number * self.min_width
        cuts = torch.where(used, cuts, f)
        edges = torch.cat([torch.zeros_like(count), cuts, torch.full_like(count, f)], 1)
        last = gains.gather(1, count)
        gains = torch.where(torch.arange(most + 1, device=count.device) <= count, gains, last)
        return {"edges": edges, "gains_db": gains}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        gain_db = self.curve_db(x.shape[2], params).to(x.dtype)[:, None, :, None]
        if isinstance(self.scale, int | float):
            return x + gain_db / self.scale
        if self.scale in ADDED:
            return x + gain_db * ADDED[self.scale]
        return x * torch.pow(10.0, gain_db / FACTOR[self.scale])

    def curve_db(self, f: int, params: Params) -> Tensor:
        """Return the gain of every frequency bin (b, f), in decibels."""
        edges, gains = params["edges"], params["gains_db"]
        bins = torch.arange(f, device=edges.device).expand(len(edges), f).contiguous()
        band = torch.searchsorted(edges, bins, right=True).sub(1).clamp(0, edges.shape[1] - 2)
        low = gains.gather(1, band)
        if self.kind == "step":
            return low
        start, end = edges.gather(1, band), edges.gather(1, band + 1)
        way = (bins - start) / (end - start).clamp_min(1)
        return torch.lerp(low, gains.gather(1, band + 1), way.to(low.dtype))
