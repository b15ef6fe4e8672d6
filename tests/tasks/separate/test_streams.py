"""Blocks of a recording come out aligned, whatever rate, channels, level and cuts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tympan.errors import ArgumentError
from tympan.nets.conv_mask_net import ConvMaskNet
from tympan.nets.mask_net import BandMaskNet, MaskNet
from tympan.tasks.separate.config import SeparateConfig
from tympan.tasks.separate.streams import BlockStream, MaskStream, OverlapStitcher

torch.set_num_threads(1)


class Fixed(MaskNet):
    """One whose mask is the same everywhere."""

    def __init__(self, value: float = 1.0, sources: int = 1) -> None:
        super().__init__(sources, features=8, memory=4, layers=1)
        self.value = value

    def mask(self, spec, state):
        shape = (len(spec), self.sources, *spec.shape[1:])
        return torch.full(shape, self.value, dtype=torch.complex64), state


def trained(kind: type[BandMaskNet] = MaskNet, sources: int = 1) -> BandMaskNet:
    torch.manual_seed(0)
    if kind is MaskNet:
        return MaskNet(sources, features=16, memory=8, layers=2).eval()
    net = ConvMaskNet(sources, channels=(4, 6, 8), memory=8)
    net(torch.randn(2, 1, 8000))  # its means and spreads are no longer 0 and 1
    return net.eval()


KINDS = pytest.mark.parametrize("kind", [MaskNet, ConvMaskNet])


def through(stream, wave: np.ndarray, sizes) -> np.ndarray:
    parts, at = [], 0
    for size in sizes:
        parts.append(stream.push(wave[:, at : at + size]))
        at += size
    parts += [stream.push(wave[:, at:]), stream.finish()]
    return np.concatenate(parts, axis=2)


@settings(max_examples=25)
@given(
    rate_hz=st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]),
    channels=st.integers(1, 2),
    length=st.integers(0, 9000),
    sizes=st.lists(st.integers(0, 3000), max_size=4),
    seed=st.integers(0, 99),
)
def test_a_mask_of_one_gives_the_recording_back(rate_hz, channels, length, sizes, seed) -> None:
    wave = np.random.default_rng(seed).standard_normal((channels, length)).astype(np.float32)
    found = through(MaskStream(Fixed().eval(), rate_hz, channels), wave, sizes)
    assert found.shape == (1, channels, length)
    np.testing.assert_allclose(found[0], wave, atol=2e-6)


@KINDS
def test_blocks_of_any_size_give_what_the_whole_gives(kind: type[BandMaskNet]) -> None:
    wave = np.random.default_rng(0).standard_normal((1, 20_000)).astype(np.float32) * 0.1
    whole = through(MaskStream(trained(kind), 16_000, 1), wave, [])
    cut = through(MaskStream(trained(kind), 16_000, 1), wave, [1, 255, 257, 5000, 100])
    np.testing.assert_allclose(cut, whole, atol=1e-5)
    assert np.abs(whole[0] - wave).max() > 0.01  # it does something


@KINDS
def test_the_stream_is_the_net_itself(kind: type[BandMaskNet]) -> None:
    wave = np.random.default_rng(1).standard_normal((1, 16_000)).astype(np.float32) * 0.1
    net = trained(kind)
    with torch.inference_mode():
        whole = net(torch.from_numpy(wave[None]))[0, 0].numpy()
    found = through(MaskStream(net, 16_000, 1), wave, [3000])[0]
    np.testing.assert_allclose(found[:, 512:-512], whole[:, 512:-512], atol=1e-4)


def test_it_never_waits_longer_than_it_says() -> None:
    stream = MaskStream(Fixed().eval(), 16_000, 1)
    given_, taken = 0, 0
    for _ in range(400):
        given_ += stream.push(np.zeros((1, 37), np.float32)).shape[2]
        taken += 37
        assert taken - given_ <= stream.latency_s * 16_000
    assert stream.latency_s <= 0.04


@pytest.mark.parametrize("level_db", [-60, -20, 0, 20])
def test_a_level_is_kept(level_db: float) -> None:
    wave = np.random.default_rng(2).standard_normal((1, 16_000)).astype(np.float32) * 0.03
    gain = np.float32(10 ** (level_db / 20))
    usual = through(MaskStream(trained(), 16_000, 1), wave, [])
    found = through(MaskStream(trained(), 16_000, 1), wave * gain, [])
    assert np.abs(found / gain - usual).max() < 0.02 * np.abs(usual).max()


@KINDS
def test_silence_stays_silent(kind: type[BandMaskNet]) -> None:
    found = through(MaskStream(trained(kind), 44_100, 2), np.zeros((2, 9000), np.float32), [])
    assert not found.any()


def test_both_sides_get_one_mask() -> None:
    wave = np.random.default_rng(3).standard_normal((1, 16_000)).astype(np.float32) * 0.1
    found = through(MaskStream(trained(), 16_000, 2), np.concatenate((wave, -0.5 * wave)), [])[0]
    np.testing.assert_allclose(found[1], -0.5 * found[0], atol=1e-5)


def test_channels_that_cancel_are_heard() -> None:
    wave = np.random.default_rng(4).standard_normal((1, 16_000)).astype(np.float32) * 0.1
    mono = through(MaskStream(trained(), 16_000, 1), wave, [])[0]
    found = through(MaskStream(trained(), 16_000, 2), np.concatenate((wave, -wave)), [])[0]
    np.testing.assert_allclose(found[0], mono[0], atol=1e-4)


def test_what_lies_above_the_band_goes_as_its_upper_half() -> None:
    time_s = np.arange(48_000) / 48_000
    wave = np.sin(2 * np.pi * 15_000 * time_s)[None].astype(np.float32)
    found = through(MaskStream(Fixed(0.25).eval(), 48_000, 1), wave, [])[0]
    np.testing.assert_allclose(found[0, 3000:-3000], 0.25 * wave[0, 3000:-3000], atol=1e-4)


@KINDS
def test_a_mask_knows_nothing_of_the_frames_to_come(kind: type[BandMaskNet]) -> None:
    net = trained(kind, sources=2)
    spec = torch.randn(1, net.num_bins, 20, dtype=torch.complex64)
    other = spec.clone()
    other[..., 12:] *= 3
    with torch.inference_mode():
        one, two = (net.mask(x, net.begin())[0] for x in (spec, other))
    assert one.shape == (1, 2, net.num_bins, 20)
    torch.testing.assert_close(one[..., :12], two[..., :12])
    assert (one - two)[..., 12].abs().max() > 1e-3


@KINDS
def test_every_parameter_of_a_net_of_masks_learns(kind: type[BandMaskNet]) -> None:
    net = trained(kind, sources=2).train()
    net(torch.randn(2, 1, 8000)).square().mean().backward()
    still = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert still == []


class Halves(nn.Module):
    """Gives halves of the mix, in an order that changes from call to call."""

    def __init__(self, parts=(0.75, 0.25)) -> None:
        super().__init__()
        self.parts, self.calls = parts, 0

    def forward(self, mix):
        self.calls += 1
        order = self.parts if self.calls % 2 else self.parts[::-1]
        return torch.stack([mix * one for one in order], 1)


CONFIG = SeparateConfig(net="x", window_s=0.5, overlap_s=0.1)


@pytest.mark.parametrize("kind", ["sine", "noise"])
@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_seams_are_not_heard(kind: str, rate_hz: int) -> None:
    time_s = np.arange(3 * rate_hz) / rate_hz
    rng = np.random.default_rng(0)
    sine = 0.3 * np.sin(2 * np.pi * 440 * time_s)
    wave = (sine if kind == "sine" else 0.1 * rng.standard_normal(len(time_s)))[None]
    wave = wave.astype(np.float32)
    net = Halves((0.75, 0.75))
    found = through(BlockStream(net, CONFIG, rate_hz, 1, sources=2), wave, [1000, 30_000])
    assert found.shape == (2, 1, wave.shape[1])
    assert net.calls > 4
    if rate_hz == 16_000:
        np.testing.assert_allclose(found[0], 0.75 * wave, atol=1e-5)
    elif kind == "sine":  # of noise, resampling takes what lies above 8 kHz
        np.testing.assert_allclose(found[0, :, 500:-500], 0.75 * wave[:, 500:-500], atol=1e-3)


def test_sources_without_names_go_on_in_the_next_block() -> None:
    wave = np.random.default_rng(0).standard_normal((1, 32_000)).astype(np.float32) * 0.1
    fixed = replace(CONFIG, permute=True)
    found = through(BlockStream(Halves(), fixed, 16_000, 1, sources=2), wave, [])
    np.testing.assert_allclose(found[0], 0.75 * wave, atol=1e-5)
    loose = through(BlockStream(Halves(), CONFIG, 16_000, 1, sources=2), wave, [])
    assert np.abs(loose[0] - 0.75 * wave).max() > 0.01


def test_a_net_of_two_channels_takes_one() -> None:
    wave = np.random.default_rng(0).standard_normal((1, 9000)).astype(np.float32) * 0.1
    found = through(
        BlockStream(Halves((0.5, 0.5)), replace(CONFIG, channels=2), 16_000, 1, sources=2), wave, []
    )
    np.testing.assert_allclose(found[1], 0.5 * wave, atol=1e-5)


@given(st.permutations([0, 1, 2]))
def test_the_stitcher_finds_any_order(order) -> None:
    before = np.random.default_rng(0).standard_normal((3, 1, 500)).astype(np.float32)
    block = before[list(order), :, 300:]
    found = OverlapStitcher().order(before, block, 200)
    np.testing.assert_array_equal(block[list(found)], before[:, :, 300:])


@pytest.mark.parametrize("channels", [3, 4, 5])
def test_a_net_of_two_channels_takes_more_in_pairs(channels: int) -> None:
    """The sides of each pair get one mask: here the louder of them tells which."""

    class Louder(nn.Module):
        def forward(self, mix):
            mine = (mix**2).mean(2).argmax(1)[:, None, None, None].float()
            return torch.cat((mine * mix[:, None], (1 - mine) * mix[:, None]), 1)

    wave = np.random.default_rng(0).standard_normal((channels, 9000)).astype(np.float32)
    wave *= np.array([0.1, 0.2, 0.2, 0.1, 0.1], "f4")[:channels, None]
    stream = BlockStream(Louder(), replace(CONFIG, channels=2), 16_000, channels, sources=2)
    found = through(stream, wave, [4000])
    first = np.array([1, 1, 0, 0, 0], "f4")[:channels, None]
    np.testing.assert_allclose(found[0], first * wave, atol=1e-5)
    np.testing.assert_allclose(found[1], (1 - first) * wave, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "front"), [(0, {}), (6, {}), (1, {"wide": 33}), (3, {"single": 60})]
)
def test_bands_that_cannot_be_halved_so_often_are_refused(steps: int, front: dict[str, int]):
    with pytest.raises(ArgumentError, match=f"bands cannot be halved by {steps} steps"):
        ConvMaskNet(1, channels=(4,) * steps, memory=4, **front)
