"""Other sounds underneath."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import integers, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._mixing import add_noise, check_levels, draw_level
from tympan.augment.waveform._waves import first_channel
from tympan.errors import ArgumentError


class BackgroundMix(Transform):
    """Add a drawn stretch of a drawn background, at a drawn signal-to-noise ratio or level.

    A background shorter than the item is repeated; one channel is used (the first), the same for
    all channels of the item.

    Hazards: a background that holds the labelled sound makes labels wrong; backgrounds from the
    test set are a leak. The ratio is to the whole item's power; a silent stretch or a silent item
    is left as it is. A level of its own (`min_level_dbfs`) drowns soft items.

    Args:
        backgrounds: a sequence of recordings, all at the rate of the audio: `Clip`, arrays or
            tensors of shape (t,) or (c, t), or anything indexable that gives such (a cache on
            disk); only the stretches used are read.
        min_snr_db: lowest ratio of signal to background power.
        max_snr_db: highest ratio.
        rate_hz: sample rate of the audio; checked against that of each `Clip`.
        min_level_dbfs: lowest level of the background itself, under silent items too, instead of a
            ratio: 0 dBFS is a root mean square of 1.
        max_level_dbfs: highest level.
        p: probability of being applied to an item.

    >>> import torch
    >>> mix = BackgroundMix([torch.randn(500)], 0.0, 0.0)
    >>> x = torch.ones(1, 1, 1000)
    >>> round((mix(x, 0) - x).square().mean().item(), 4)
    1.0
    """

    def __init__(
        self,
        backgrounds: Sequence[Any],
        min_snr_db: float = 0.0,
        max_snr_db: float = 30.0,
        *,
        rate_hz: int | None = None,
        min_level_dbfs: float | None = None,
        max_level_dbfs: float | None = None,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_levels((min_snr_db, max_snr_db), (min_level_dbfs, max_level_dbfs))
        if len(backgrounds) == 0:
            raise ArgumentError("no backgrounds", fix="give at least one recording")
        self.backgrounds = backgrounds
        self.min_snr_db, self.max_snr_db = min_snr_db, max_snr_db
        self.min_level_dbfs, self.max_level_dbfs = min_level_dbfs, max_level_dbfs
        self.rate_hz = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        ratios = (self.min_snr_db, self.max_snr_db)
        levels = (self.min_level_dbfs, self.max_level_dbfs)
        return {
            **draw_level(generator, items, ratios, levels),
            "background": integers(generator, items, 0, len(self.backgrounds) - 1),
            # The length of a background is not known before it is read: a fraction of the choices.
            "place": uniform(generator, items),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        t = x.shape[-1]
        which, places = params["background"].tolist(), params["place"].tolist()

        def noise_of(number: int) -> np.ndarray:
            return self._stretch(which[number], places[number], t)

        return add_noise(x, noise_of, params)

    def _stretch(self, index: int, place: float, t: int) -> np.ndarray:
        """Return t samples of a background, float32."""
        wave = first_channel(self.backgrounds[index], f"background {index}", self.rate_hz)
        length = wave.shape[-1]
        if length >= t:
            start = min(int(place * (length - t + 1)), length - t)
            return np.asarray(wave[start : start + t], np.float32)
        start = min(int(place * length), length - 1)
        whole = np.asarray(wave, np.float32)
        return np.tile(whole, (start + t) // length + 1)[start : start + t]
