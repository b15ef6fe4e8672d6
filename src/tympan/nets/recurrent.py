"""Memory over frames."""

from __future__ import annotations

from torch import Tensor, nn

from tympan.nets.blocks import check_axes


class RecurrentBlock(nn.Module):
    """Gated recurrent units over the frames of a sequence.

    Cho et al., 2014. On a CNN encoder this is the CRNN of sound-event detection (Cakir et al.,
    *Convolutional Recurrent Neural Networks for Polyphonic Sound Event Detection*, 2017).

    Args:
        in_features: `d` of the sequence received.
        features: `d` given; both directions share it.
        layers: number of stacked layers.
        bidirectional: read backwards too. Not for streams: it needs the end.

    >>> import torch
    >>> RecurrentBlock(128, 64)(torch.zeros(2, 128, 30)).shape
    torch.Size([2, 64, 30])
    """

    def __init__(
        self, in_features: int, features: int, *, layers: int = 1, bidirectional: bool = True
    ) -> None:
        super().__init__()
        self.in_features = in_features
        hidden = features // 2 if bidirectional else features
        self.gru = nn.GRU(
            in_features, hidden, layers, batch_first=True, bidirectional=bidirectional
        )

    def forward(self, x: Tensor) -> Tensor:
        """`(b, d, n)` → `(b, features, n)`."""
        check_axes(x, "b d n", type(self).__name__, d=self.in_features)
        return self.gru(x.transpose(1, 2))[0].transpose(1, 2)
