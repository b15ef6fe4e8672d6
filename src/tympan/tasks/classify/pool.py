"""What a classifier's head gets: the last feature map, or every stage on the way there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

SMALLEST_SPREAD = 1e-3


class StagePooling(nn.Module):
    """Mean and maximum over time of the spectrogram's bands and of every stage's channels.

    A trained encoder's last stage keeps what distinguished *its* labels. Earlier stages still know
    what it threw away (pitch, timbre), so for few recordings of something else a head on all of
    them learns more (Yosinski et al., *How transferable are features in deep neural networks?*,
    NIPS 2014; measured in docs/experiments.md).

    Args:
        sizes: bands of the spectrogram, then channels of each feature map.

    Attributes:
        features: `d`, two for each band and channel.
        center, spread: `(d,)`, of the features over the training recordings, see `fit`. All
            features together then have a norm of about 1, whatever the encoder.

    >>> maps = [torch.zeros(2, 1, 64, 50), torch.zeros(2, 32, 32, 25), torch.zeros(2, 128, 8, 7)]
    >>> StagePooling((64, 32, 128))(maps).shape
    torch.Size([2, 448])
    """

    center: Tensor
    spread: Tensor

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.features = 2 * sum(self.sizes)
        self.register_buffer("center", torch.zeros(self.features))
        self.register_buffer("spread", self._evened(torch.ones(self.features)))

    def weights(self, weight: Tensor) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """What a row of the head, `(d,)`, gives each map: weights and centers of mean and maximum.

        For each map `(weight of means, weight of maxima, centers of means, centers of maxima)`.
        """
        sizes = [size for size in self.sizes for _ in range(2)]
        parts = torch.split(weight / self.spread, sizes), torch.split(self.center, sizes)
        weights, centers = parts
        return [
            (weights[i], weights[i + 1], centers[i], centers[i + 1])
            for i in range(0, len(sizes), 2)
        ]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Spectrogram `(b, 1, f, n)` and feature maps `(b, c, f', n')` → `(b, d)`."""
        rows = [self.rows(maps[0], spectrogram=True), *(self.rows(m) for m in maps[1:])]
        parts = [part for r in rows for part in (r.mean(2), r.amax(2))]
        return (torch.cat(parts, 1) - self.center) / self.spread

    @staticmethod
    def rows(x: Tensor, *, spectrogram: bool = False) -> Tensor:
        """`(b, c, f, n)` → `(b, c, n)`: mean over frequency; of a spectrogram its bands."""
        return x[:, 0].float() if spectrogram else x.float().mean(2)

    @torch.no_grad()
    def fit(self, features: Tensor) -> Tensor:
        """Learn `center` and `spread` from features `(m, d)` of this module; the same, anew."""
        raw = features * self.spread + self.center
        self.center.copy_(raw.mean(0))
        spread = raw.std(0, correction=0)
        # What hardly varies in the training recordings must not explode elsewhere.
        floor = SMALLEST_SPREAD + 0.1 * spread.median()
        self.spread.copy_(self._evened(spread.clamp_min(float(floor))))
        return (raw - self.center) / self.spread

    def _evened(self, spread: Tensor) -> Tensor:
        """Give each map the same share, however many channels it has."""
        share = [
            (2 * size * len(self.sizes)) ** 0.5 for size in self.sizes for _ in range(2 * size)
        ]
        return spread * torch.tensor(share)
