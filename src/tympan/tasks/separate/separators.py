"""The nets that can separate, by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, ModelError

if TYPE_CHECKING:
    from torch import nn

    from tympan.tasks.separate.config import SeparateConfig

# Name → `module:function` of what builds it from a configuration and the labels.
#
# The net takes mixes `(b, c, t)` at `config.rate_hz` and gives sources `(b, k, c, t)`, one for each
# label, for any `t`. One that is causal has `begin` and `mask` of `nets.mask_net.BandMaskNet` as
# well, and is then answered frame by frame.
NETS: dict[str, str] = {
    "mask": "tympan.tasks.separate.separators:mask_net",
    "conv-mask": "tympan.tasks.separate.separators:conv_mask_net",
    "unet": "tympan.tasks.separate.separators:unet",
}


def build_net(config: SeparateConfig, labels: Sequence[str]) -> nn.Module:
    """A new net with random weights.

    Raises:
        ModelError: there is no net of that name.
        ArgumentError: options that it does not take.
    """
    if config.net not in NETS:
        what = f"there is no net {config.net!r} that separates"
        raise ModelError(what, fix=f"one of {', '.join(NETS)}")
    module, _, name = NETS[config.net].partition(":")
    try:
        net: nn.Module = getattr(importlib.import_module(module), name)(config, tuple(labels))
    except TypeError as error:
        raise ArgumentError(f"the net {config.net!r} cannot be built: {error}") from error
    return net


def mask_net(config: SeparateConfig, labels: tuple[str, ...]) -> nn.Module:
    """Complex masks, frame by frame."""
    from tympan.nets.mask_net import MaskNet

    return MaskNet(len(labels), rate_hz=config.rate_hz, **(config.net_options or {}))


def conv_mask_net(config: SeparateConfig, labels: tuple[str, ...]) -> nn.Module:
    """The same by convolutions over bands."""
    from tympan.nets.conv_mask_net import ConvMaskNet

    return ConvMaskNet(len(labels), rate_hz=config.rate_hz, **(config.net_options or {}))


def unet(config: SeparateConfig, labels: tuple[str, ...]) -> nn.Module:
    """Complex masks of a stretch that is heard to its end; one output for each label."""
    from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig

    options = {"channels": config.channels, **(config.net_options or {})}
    return MaskUNet(MaskUNetConfig(sources=len(labels), **options))


# Name of a net → `module:class` of what joins its blocks, where its sources have no names; else
# `tympan.tasks.separate.streams.OverlapStitcher` does.
STITCHERS: dict[str, str] = {"unet": "tympan.tasks.separate.stitch:VoiceStitcher"}


def stitcher_of(config: SeparateConfig) -> Any:
    """What makes the stitcher of a recording; None: the usual one."""
    place = STITCHERS.get(config.net) if config.permute else None
    if place is None:
        return None
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
