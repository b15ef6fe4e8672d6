"""The net that hears commands."""

from __future__ import annotations

import pytest
import torch

from tympan.errors import ArgumentError, ShapeError
from tympan.nets import count_parameters
from tympan.tasks.transcribe.command_net import CommandConfig, CommandNet


def test_it_comes_back_from_a_card() -> None:
    config = CommandConfig(size=32, threshold=0.5)
    assert CommandConfig.from_dict(config.to_dict()) == config
    with pytest.raises(ArgumentError, match="threshold"):
        CommandConfig(threshold=2)


def test_it_is_small_and_hears_nothing_above_telephone_speech() -> None:
    config = CommandConfig()
    assert count_parameters(CommandNet(config, 17)) < 300_000
    assert config.front.f_max_hz < 4000
    assert config.frames == 130


def test_it_hears_windows_whatever_their_loudness() -> None:
    torch.manual_seed(0)
    net = CommandNet(CommandConfig(size=16), 3).eval()
    mels = torch.randn(2, 40, 130) * 8 - 40
    torch.testing.assert_close(net(mels), net(mels - 15), atol=1e-4, rtol=1e-3)
    assert not torch.allclose(net(mels)[0], net(mels)[1])
    with pytest.raises(ShapeError, match="f=40"):
        net(torch.zeros(1, 64, 130))
