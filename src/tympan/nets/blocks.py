"""Convolution blocks and the shape check that all nets share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tympan.errors import ShapeError


def check_axes(x: Tensor, axes: str, module: str, **sizes: int) -> None:
    """Raise a `ShapeError` naming the axes unless `x` has them.

    Args:
        x: the tensor received.
        axes: expected axes, one letter each, for instance `"b c f n"`.
        module: name for the message.
        **sizes: required length of single axes, for instance `c=1`.

    Raises:
        ShapeError: another number of axes, or another length of a named axis.

    >>> import torch
    >>> check_axes(torch.zeros(2, 1, 64, 100), "b c f n", "CNNEncoder", c=1)
    >>> check_axes(torch.zeros(2, 64, 100), "b c f n", "CNNEncoder", c=1)
    Traceback (most recent call last):
    ...
    tympan.errors.ShapeError: CNNEncoder expects (b, c=1, f, n), got a tensor of shape (2, 64, 100)
    """
    names = axes.split()
    right = x.ndim == len(names) and all(x.shape[names.index(a)] == n for a, n in sizes.items())
    if not right:
        wanted = ", ".join(f"{a}={sizes[a]}" if a in sizes else a for a in names)
        got = tuple(x.shape)
        raise ShapeError(f"{module} expects ({wanted}), got a tensor of shape {got}")


def channels_last(x: Tensor) -> Tensor:
    """The same feature map `(b, c, f, n)`, laid out as convolutions on a processor are fastest.

    A graph that is being drawn (export, compilation) has no layout: it is left as it is.

    >>> channels_last(torch.zeros(1, 2, 3, 4)).stride()
    (24, 1, 8, 2)
    """
    traced = torch.jit.is_tracing() or torch.onnx.is_in_onnx_export()
    if traced or torch.compiler.is_compiling():
        return x
    return x.contiguous(memory_format=torch.channels_last)


def count_parameters(module: nn.Module) -> int:
    """Number of trainable parameters.

    >>> count_parameters(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch normalisation beside a shortcut.

    He et al., *Deep Residual Learning for Image Recognition*, CVPR 2016.

    Args:
        in_channels: channels received.
        out_channels: channels given; where the two differ the shortcut is a 1 x 1 convolution.

    >>> import torch
    >>> ResidualBlock(8, 16)(torch.zeros(2, 8, 32, 50)).shape
    torch.Size([2, 16, 32, 50])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.shortcut = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, c, f, n)` → `(b, out_channels, f, n)`."""
        h = nn.functional.relu(self.norm1(self.conv1(x)), inplace=True)
        h = self.norm2(self.conv2(h)) + self.shortcut(x)
        return nn.functional.relu(h, inplace=True)
