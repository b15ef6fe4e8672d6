"""A net that masks: one spectrogram of a mix in, one mask for each source out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tympan._precision import full_precision
from tympan.errors import ArgumentError
from tympan.nets.blocks import check_axes
from tympan.nets.mask_blocks import PathBlock, Stage, expand, merge
from tympan.spectra import STFT

SILENCE_RMS = 1e-5  # quieter than -100 dB of full scale is not raised to the level the net expects
COMPRESSION = 0.3


@dataclass(frozen=True)
class MaskUNetConfig:
    """Sizes of a `MaskUNet`.

    Attributes:
        channels: `c` of the mix; all channels of a source get the same mask, which keeps its place.
        sources: `k`, the masks given.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        bands: (number, bins of each) from low to high: high bins that share a mask. Their bins
            together are at most `n_fft // 2 + 1`; bins above are not passed.
        stages: (features, stride over bands, stride over frames) of each convolution.
        blocks: recurrent blocks between the convolutions.
        hidden: features of each direction of their memory.
        squeeze: features of a band while all bands are mixed.
        condition: length of the vector that says which source is wanted; 0: none is taken, or, of
            shares, one number for each source: 0 where it is known not to be in the mix.
        shares: masks are shares of the mix (softmax over the sources and a rest that nobody gets),
            so that all sources together are never more than it; else complex, and free.
    """

    channels: int = 1
    sources: int = 2
    n_fft: int = 512
    hop: int = 256
    bands: tuple[tuple[int, int], ...] = ((128, 1), (32, 4))
    stages: tuple[tuple[int, int, int], ...] = ((16, 2, 1), (32, 2, 1), (64, 2, 2), (128, 2, 1))
    blocks: int = 3
    hidden: int = 128
    squeeze: int = 32
    condition: int = 0
    shares: bool = False

    def __post_init__(self) -> None:
        # A card holds lists where the code has tuples.
        for name in ("bands", "stages"):
            rows = tuple(tuple(int(v) for v in row) for row in getattr(self, name))
            object.__setattr__(self, name, rows)
        bins = sum(count * width for count, width in self.bands)
        if bins > self.n_fft // 2 + 1:
            raise ArgumentError(f"bands hold {bins} bins, n_fft={self.n_fft} gives fewer")
        if self.count % self.stride_bands:
            raise ArgumentError(f"{self.count} bands do not divide by {self.stride_bands}")
        if self.shares and self.condition:
            raise ArgumentError("shares take no condition of another length than their sources")

    @property
    def count(self) -> int:
        """Number of bands."""
        return sum(count for count, _ in self.bands)

    @property
    def stride_bands(self) -> int:
        """Bands that become one at the bottom."""
        return _product(stage[1] for stage in self.stages)

    @property
    def stride_frames(self) -> int:
        """Frames that become one at the bottom."""
        return _product(stage[2] for stage in self.stages)


class MaskUNet(nn.Module):
    """Mix → sources by complex masks, from a U-Net with memory at its bottom.

    Convolutions halve bands and frames; at the bottom each block remembers over the frames of each
    band, in both directions, and mixes all bands of each frame (the paths of Luo et al., *Dual-path
    RNN*, ICASSP 2020, and of Wang et al., *TF-GridNet*, TASLP 2023); transposed convolutions
    return. A condition scales and shifts what the blocks get (Perez et al., *FiLM*, AAAI 2018). The
    level of the mix does not matter: it is taken off before and put back after.

    Args:
        config: its sizes.

    Raises:
        ArgumentError: bands and strides do not fit.

    >>> net = MaskUNet(MaskUNetConfig(stages=((4, 2, 1), (8, 2, 2)), blocks=1, hidden=4)).eval()
    >>> net(torch.zeros(3, 1, 5000)).shape
    torch.Size([3, 2, 1, 5000])
    """

    def __init__(self, config: MaskUNetConfig) -> None:
        super().__init__()
        self.config = config
        self.stft = STFT(config.n_fft, config.hop)
        sizes = [3 * config.channels, *(stage[0] for stage in config.stages)]
        strides = [stage[1:] for stage in config.stages]
        self.down = nn.ModuleList(
            Stage(a, b, s) for a, b, s in zip(sizes, sizes[1:], strides, strict=False)
        )
        bands = config.count // config.stride_bands
        self.blocks = nn.ModuleList(
            PathBlock(sizes[-1], bands, config.hidden, config.squeeze, config.condition)
            for _ in range(config.blocks)
        )
        ups = [sizes[1], *sizes[1:-1]]
        self.up = nn.ModuleList(
            Stage(b, a, s, up=True) for a, b, s in zip(ups, sizes[1:], strides, strict=True)
        )
        numbers = config.sources + 1 if config.shares else 2 * config.sources
        self.head = nn.Conv2d(sizes[1], numbers, 3, padding=1)
        first = torch.zeros(numbers) if config.shares else _equal_masks(config.sources)
        with torch.no_grad():  # it begins with an equal share of the mix for each
            self.head.weight.mul_(0.1)
            assert self.head.bias is not None
            self.head.bias.copy_(first)

    @property
    def conditioned(self) -> bool:
        """Whether a condition is taken."""
        return self.config.condition > 0

    def forward(self, mix: Tensor, condition: Tensor | None = None) -> Tensor:
        """Mix `(b, c, t)`, condition `(b, d)` or None for none → sources `(b, k, c, t)`.

        Of shares the condition is `(b, k)`, 0 for each source that gets nothing.
        """
        check_axes(mix, "b c t", "MaskUNet", c=self.config.channels)
        level, spectrum, features = self.levelled(mix)
        masks = self.masks(self.shrunk(features), features.shape[-1], condition)
        with full_precision(mix.device.type):
            masked = masks[:, :, None] * spectrum[:, None]
            found: Tensor = self.stft.inverse(masked, length=mix.shape[-1])
            return found * level[:, None]

    def levelled(self, mix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mix `(b, c, t)` → its level `(b, 1, 1)`, and its spectrum and features without it."""
        with full_precision(mix.device.type):
            mix = mix.float()
            level = mix.square().mean((1, 2), keepdim=True).sqrt().clamp_min(SILENCE_RMS)
            spectrum = self.stft(mix / level)
            return level, spectrum, self.features(spectrum)

    def features(self, spectrum: Tensor) -> Tensor:
        """Spectrum `(b, c, f, n)` → compressed real and imaginary parts and size, by band."""
        size = spectrum.abs().clamp_min(1e-5)
        scaled = size.pow(COMPRESSION)
        unit = spectrum * (scaled / size)
        parts = torch.cat([unit.real, unit.imag, scaled], 1)
        return merge(parts, self.config.bands)

    def shrunk(self, features: Tensor) -> list[Tensor]:
        """Features `(b, 3 c, bands, n)` → what each convolution gives."""
        x = nn.functional.pad(features, (0, -features.shape[-1] % self.config.stride_frames))
        x = x.contiguous(memory_format=torch.channels_last)
        passed = []
        for stage in self.down:
            x = stage(x)
            passed.append(x)
        return passed

    def masks(self, passed: Sequence[Tensor], frames: int, condition: Tensor | None) -> Tensor:
        """What the convolutions gave → masks `(b, k, f, frames)`, complex or shares."""
        found = self.scores(passed, frames, None if self.config.shares else condition)
        if self.config.shares:
            if condition is not None:
                check_axes(condition, "b k", "MaskUNet", k=self.config.sources)
                absent = nn.functional.pad(condition == 0, (0, 1))[:, :, None, None]
                found = found.masked_fill(absent, -torch.inf)
            masks = found.softmax(1)[:, :-1]
        else:
            real, imag = found.unflatten(1, (self.config.sources, 2)).unbind(2)
            masks = torch.complex(real.contiguous(), imag.contiguous())
        return expand(masks, self.config.bands, self.config.n_fft // 2 + 1)

    def scores(self, passed: Sequence[Tensor], frames: int, condition: Tensor | None) -> Tensor:
        """What the convolutions gave → what the masks are made of, `(b, …, bands, frames)`.

        Of shares that is `k + 1` logits, the last one of the rest.
        """
        tokens = passed[-1].permute(3, 0, 2, 1).contiguous()  # (n, b, f, d)
        for block in self.blocks:
            tokens = block(tokens, condition)
        x = tokens.permute(1, 3, 2, 0).contiguous(memory_format=torch.channels_last)
        for stage, other in zip(reversed(self.up), reversed(passed), strict=True):
            x = stage(x + other)
        found: Tensor = self.head(x)[..., :frames].float()
        return found


def _equal_masks(sources: int) -> Tensor:
    """Real and imaginary parts of masks that share a mix equally."""
    return torch.tensor([1 / sources, 0.0] * sources)


def _product(values: Iterable[int]) -> int:
    """Of all of them."""
    found = 1
    for one in values:
        found *= one
    return found
