"""A small family of CNN encoders: spectrogram in, feature map out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.nets.blocks import ResidualBlock, check_axes


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of a `CNNEncoder`.

    Attributes:
        stem: channels after the first, strided convolution.
        stem_kernel: its side; it halves frequency and time.
        stem_pool: halve both once more after the stem. On a CPU the time of a training step goes
            into moving large feature maps through memory, not into the multiplications: reducing
            early and being wide and deep where maps are small is what makes an epoch short.
        widths: channels of each stage; frequency and time are halved between stages.
        depths: residual blocks in each stage.

    >>> EncoderConfig(stem=16, widths=(32, 64), depths=(1, 1)).reduction
    4
    """

    stem: int = 32
    stem_kernel: int = 5
    stem_pool: bool = False
    widths: tuple[int, ...] = (64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1)

    @property
    def reduction(self) -> int:
        """How many frames of the input one frame of the feature map stands for."""
        return 2 * (2 if self.stem_pool else 1) * 2 ** (len(self.widths) - 1)


ENCODERS: dict[str, EncoderConfig] = {
    "small": EncoderConfig(stem=16, widths=(32, 64, 128), depths=(1, 1, 1)),
    "base": EncoderConfig(stem=32, widths=(64, 128, 256), depths=(1, 1, 1)),
    "deep": EncoderConfig(stem=32, widths=(48, 96, 192, 384), depths=(1, 1, 1, 1)),
    "large": EncoderConfig(stem=32, widths=(64, 128, 256, 384), depths=(1, 2, 2, 1)),
}


class CNNEncoder(nn.Module):
    """Residual CNN over a spectrogram.

    Args:
        config: its shape; see `ENCODERS` for the named ones.
        in_channels: channels of the spectrogram.

    Attributes:
        features: number of channels `d` of the feature map.

    >>> import torch
    >>> encoder = build_encoder("small")
    >>> encoder(torch.zeros(2, 1, 64, 250)).shape
    torch.Size([2, 128, 8, 32])
    """

    def __init__(self, config: EncoderConfig, in_channels: int = 1) -> None:
        super().__init__()
        if len(config.widths) != len(config.depths) or not config.widths:
            raise ArgumentError(
                f"an encoder needs one depth for each width, got widths {config.widths} "
                f"and depths {config.depths}"
            )
        self.config, self.in_channels, self.features = config, in_channels, config.widths[-1]
        padding = config.stem_kernel // 2
        stem: list[nn.Module] = [
            nn.Conv2d(in_channels, config.stem, config.stem_kernel, 2, padding, bias=False),
            nn.BatchNorm2d(config.stem),
            nn.ReLU(inplace=True),
        ]
        if config.stem_pool:
            stem.append(nn.MaxPool2d(2, ceil_mode=True))
        self.stem = nn.Sequential(*stem)
        self.stages = nn.ModuleList()
        width_in = config.stem
        for i, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            # ceil_mode keeps at least one frame, however short the clip.
            blocks: list[nn.Module] = [nn.AvgPool2d(2, ceil_mode=True)] if i else []
            for _ in range(depth):
                blocks.append(ResidualBlock(width_in, width))
                width_in = width
            self.stages.append(nn.Sequential(*blocks))

    def feature_maps(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield `(name, feature map)` after the stem and after each stage, to look at them.

        Args:
            x: spectrogram `(b, c, f, n)`.

        Raises:
            ShapeError: `x` has other axes.

        >>> import torch
        >>> [name for name, _ in build_encoder("small").feature_maps(torch.zeros(1, 1, 64, 100))]
        ['stem', 'stage 1', 'stage 2', 'stage 3']
        """
        check_axes(x, "b c f n", type(self).__name__, c=self.in_channels)
        x = self.stem(x)
        yield "stem", x
        for i, stage in enumerate(self.stages, 1):
            x = stage(x)
            yield f"stage {i}", x

    def forward(self, x: Tensor) -> Tensor:
        """`(b, c, f, n)` → `(b, d, f / reduction, n / reduction)`, rounded up."""
        *_, (_, last) = self.feature_maps(x)
        return last


def build_encoder(name: str, in_channels: int = 1) -> CNNEncoder:
    """A new encoder of a named size, with random weights.

    Args:
        name: one of `ENCODERS` (`"small"`, `"base"`, `"deep"`, `"large"`).
        in_channels: channels of the spectrogram.

    Raises:
        ArgumentError: there is no encoder of that name.

    >>> from tympan.nets import count_parameters
    >>> [round(count_parameters(build_encoder(n)) / 1e6, 1) for n in ENCODERS]
    [0.3, 1.2, 2.7, 5.0]
    """
    if name not in ENCODERS:
        raise ArgumentError(f"no encoder is called {name!r}", fix=f"one of {', '.join(ENCODERS)}")
    return CNNEncoder(ENCODERS[name], in_channels)
