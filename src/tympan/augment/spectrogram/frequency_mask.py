"""Cover a band of frequencies."""

from __future__ import annotations

from tympan.augment.spectrogram.mask import BandMask


class FrequencyMask(BandMask):
    """Cover drawn bands of frequency bins, as SpecAugment does.

    Hazards: a sound that lives in one band (a whistle, a beep) may be covered whole, and its label
    is then wrong. The filling is the item's mean, which suits spectrograms in decibels; for power
    use "min" or 0.

    Source: Park et al., "SpecAugment", 2019 (arXiv:1904.08779).

    Args:
        max_width: widest band, in frequency bins; below 1 it is a fraction of all of them.
            Widths are drawn uniformly from 0 to it, then places uniformly.
        count: how many bands; they may overlap.
        fill: "mean" or "min" of the item, or a number.
        p: probability of being applied to an item.

    >>> import torch
    >>> y = FrequencyMask(max_width=0.5, fill=0.0)(torch.ones(1, 1, 4, 4), 1)
    >>> y.shape, bool((y == 0).any())
    (torch.Size([1, 1, 4, 4]), True)
    """

    axis = 2

    def __init__(
        self,
        max_width: float = 0.2,
        count: int = 2,
        fill: float | str = "mean",
        p: float = 1.0,
    ) -> None:
        super().__init__(max_width, count, fill, p)
