"""The U-Net of masks: shapes, level, order of channels, condition, bands."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError, ShapeError
from tympan.nets import MaskUNet, MaskUNetConfig
from tympan.nets.mask_blocks import expand, merge

SMALL = MaskUNetConfig(
    n_fft=128, hop=64, bands=((16, 1), (8, 4)), stages=((4, 2, 1), (8, 2, 2)), blocks=1, hidden=6,
    squeeze=3,
)  # fmt: skip


def small(**changes):
    torch.manual_seed(0)
    config = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__} | changes
    return MaskUNet(MaskUNetConfig(**config)).eval()


@given(samples=st.integers(1, 3000), sources=st.integers(1, 3), channels=st.integers(1, 2))
def test_any_length_gives_as_many_samples(samples, sources, channels):
    net = small(sources=sources, channels=channels)
    x = torch.randn(2, channels, samples, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = net(x)
    assert found.shape == (2, sources, channels, samples)
    assert bool(torch.isfinite(found).all())


@given(gain_db=st.floats(-60, 40))
def test_the_level_of_the_mix_is_that_of_the_sources(gain_db):
    net, gain = small(), 10 ** (gain_db / 20)
    x = torch.randn(1, 1, 2000, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.allclose(net(x * gain), net(x) * gain, rtol=1e-3, atol=1e-4 * gain)


def test_silence_stays_silence():
    with torch.inference_mode():
        assert float(small()(torch.zeros(1, 1, 1000)).abs().max()) == 0


def test_both_channels_get_the_same_mask():
    # What is on the left only stays there: the image is kept.
    x = torch.randn(1, 2, 2000, generator=torch.Generator().manual_seed(2))
    x[:, 1] = 0.5 * x[:, 0]
    with torch.inference_mode():
        found = small(channels=2)(x)
    assert torch.allclose(found[:, :, 1], 0.5 * found[:, :, 0], atol=1e-5)


def test_the_condition_changes_the_masks_and_none_is_zeros():
    net = small(condition=5)
    x = torch.randn(1, 1, 2000, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        none, zeros = net(x), net(x, torch.zeros(1, 5))
        one = net(x, torch.eye(5)[:1])
    assert net.conditioned
    assert not small().conditioned
    assert torch.allclose(none, zeros, atol=1e-6)
    assert not torch.allclose(one, zeros, atol=1e-4)


def test_an_untrained_net_gives_about_the_mix_divided():
    x = torch.randn(1, 1, 4000, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        total = small(sources=2)(x).sum(1)
    assert float((total - x).square().mean() / x.square().mean()) < 0.3


@given(sources=st.integers(1, 4), seed=st.integers(0, 9))
def test_shares_of_the_mix_never_come_to_more_than_it(sources, seed):
    net = small(sources=sources, shares=True)
    x = torch.randn(2, 1, 3000, generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        features = net.features(net.stft(x))
        masks = net.masks(net.shrunk(features), features.shape[-1], None)
        logits = net.scores(net.shrunk(features), features.shape[-1], None)
    assert masks.shape[1] == sources
    assert logits.shape[1] == sources + 1
    assert not masks.is_complex()
    assert bool((masks > 0).all())
    assert bool((masks.sum(1) < 1).all())
    # Untrained, all sources and the rest get about as much.
    assert float(masks.mean()) == pytest.approx(1 / (sources + 1), abs=0.15)


def test_a_source_that_is_not_there_gets_nothing_and_the_others_more():
    net = small(sources=3, shares=True)
    x = torch.randn(1, 1, 3000, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        all_of_them, two = net(x), net(x, torch.tensor([[1.0, 0.0, 1.0]]))
        features = net.features(net.stft(x))
        passed, frames = net.shrunk(features), features.shape[-1]
        free = net.masks(passed, frames, None)
        masks = net.masks(passed, frames, torch.tensor([[1.0, 0.0, 1.0]]))
    assert float(two[:, 1].abs().max()) == 0
    assert torch.allclose(net(x, torch.ones(1, 3)), all_of_them, atol=1e-6)
    # What it had is shared out in proportion.
    assert torch.allclose(masks[:, 0], free[:, 0] / (1 - free[:, 1]), atol=1e-5)
    assert torch.allclose(masks[:, 2], free[:, 2] / (1 - free[:, 1]), atol=1e-5)
    with pytest.raises(ShapeError, match="k=3"):
        net(x, torch.ones(1, 2))
    with pytest.raises(ArgumentError, match="no condition"):
        MaskUNetConfig(shares=True, condition=4)


def test_a_tiny_net_of_shares_gives_the_rest_to_nobody():
    t = torch.arange(4000) / 8000
    low, high = torch.sin(2 * torch.pi * 300 * t), torch.sin(2 * torch.pi * 3000 * t)
    mix = (low + high).expand(2, 1, -1)
    net = small(sources=1, shares=True).train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(60):
        error = (net(mix)[:, 0, 0] - low).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert float(error.detach()) < 0.02 * float(low.square().mean())


@given(
    first=st.integers(1, 6), wide=st.integers(1, 4), width=st.integers(1, 5), more=st.integers(0, 2)
)
def test_bands_expand_to_what_was_merged(first, wide, width, more):
    bands, bins = ((first, 1), (wide, width)), first + wide * width + more
    values = torch.arange(1.0, first + wide + 1).view(1, 1, -1, 1)
    back = expand(values, bands, bins)
    assert back.shape[2] == bins
    assert torch.allclose(merge(back, bands), values)
    assert bool((back[:, :, bins - more :] == first + wide).all())


def test_a_tiny_net_learns_to_separate_low_from_high():
    rng = np.random.default_rng(0)
    t = np.arange(4000) / 8000
    sources = np.stack([
        np.stack([np.sin(2 * np.pi * f * t) for f in rng.uniform(*span, 4)])
        for span in ((200, 800), (2000, 3500))
    ], 1)  # fmt: skip
    wanted = torch.from_numpy(sources).float()
    net = small().train()
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(40):
        error = (net(wanted.sum(1, keepdim=True))[:, :, 0] - wanted).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert float(error.detach()) < 0.02 * float(wanted.square().mean())


def test_wrong_sizes_are_refused():
    with pytest.raises(ShapeError, match="c=1"):
        small()(torch.zeros(1, 2, 500))
    with pytest.raises(ArgumentError, match="fewer"):
        MaskUNetConfig(n_fft=128, bands=((200, 1),), stages=((4, 2, 1),))
    with pytest.raises(ArgumentError, match="divide"):
        MaskUNetConfig(n_fft=128, bands=((63, 1),), stages=((4, 2, 1),))


def test_the_lists_of_a_card_are_taken():
    config = MaskUNetConfig(bands=[[128, 1], [32, 4]], stages=[[4, 2, 1], [8, 2, 2]])
    assert config.bands == ((128, 1), (32, 4))
    assert config.stride_frames == 2
