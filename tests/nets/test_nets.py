"""Encoders and blocks: shapes, sizes, gradients, errors."""

from __future__ import annotations

import pytest
import torch

from tympan.errors import ArgumentError, ShapeError
from tympan.nets import (
    ENCODERS,
    AttentionBlock,
    AttentionPooling,
    MeanMaxPooling,
    RecurrentBlock,
    build_encoder,
    count_parameters,
)
from tympan.nets.attention import sinusoidal_positions


@pytest.mark.parametrize(
    ("name", "limits"),
    [("small", (0.2, 0.4)), ("base", (1, 2)), ("deep", (2, 3)), ("large", (2, 5.1))],
)
def test_each_size_has_the_parameters_it_promises(name, limits):
    assert limits[0] <= count_parameters(build_encoder(name)) / 1e6 <= limits[1]


@pytest.mark.parametrize("name", list(ENCODERS))
@pytest.mark.parametrize(("bands", "frames"), [(64, 251), (40, 7), (8, 1)])
def test_the_map_is_the_input_reduced_and_rounded_up(name, bands, frames):
    encoder = build_encoder(name).eval()
    features = encoder(torch.randn(2, 1, bands, frames))
    r = encoder.config.reduction
    assert features.shape == (2, encoder.features, -(-bands // r), -(-frames // r))


def test_every_parameter_of_an_encoder_learns():
    encoder = build_encoder("small")
    encoder(torch.randn(2, 1, 64, 50)).square().mean().backward()
    still = [n for n, p in encoder.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert still == []


def test_feature_maps_end_with_what_forward_gives():
    encoder, x = build_encoder("small").eval(), torch.randn(1, 1, 64, 100)
    *_, (name, last) = encoder.feature_maps(x)
    assert name == f"stage {len(encoder.stages)}"
    assert torch.equal(last, encoder(x))


def test_wrong_axes_are_named():
    with pytest.raises(ShapeError, match=r"\(b, c=1, f, n\).*\(2, 64, 100\)"):
        build_encoder("small")(torch.zeros(2, 64, 100))
    with pytest.raises(ShapeError, match="d=128"):
        RecurrentBlock(128, 64)(torch.zeros(2, 64, 10))
    with pytest.raises(ArgumentError, match="one of small, base, deep, large"):
        build_encoder("huge")
    with pytest.raises(ArgumentError, match="shared among"):
        AttentionBlock(30, heads=4)


def test_mean_max_pooling_is_the_mean_plus_the_maximum_of_frames():
    x = torch.randn(3, 5, 4, 7)
    frames = x.mean(2)
    assert torch.allclose(MeanMaxPooling()(x), frames.mean(2) + frames.max(2).values)


def test_attention_pooling_of_equal_frames_is_the_frame_and_no_spread():
    frame = torch.randn(2, 16, 1)
    mean, spread = AttentionPooling(16)(frame.expand(2, 16, 9)).chunk(2, 1)
    assert torch.allclose(mean, frame[..., 0], atol=1e-5)
    assert float(spread.detach().abs().max()) < 2e-3


def test_a_causal_recurrent_block_does_not_see_the_future():
    block = RecurrentBlock(8, 6, bidirectional=False).eval()
    x = torch.randn(1, 8, 20)
    changed = x.clone()
    changed[..., 12:] += 1
    assert torch.equal(block(x)[..., :12], block(changed)[..., :12])
    assert not torch.equal(block(x)[..., 12:], block(changed)[..., 12:])


def test_attention_without_positions_does_not_care_for_order():
    block = AttentionBlock(16, positions=False).eval()
    x, order = torch.randn(1, 16, 12), torch.randperm(12)
    assert torch.allclose(block(x)[..., order], block(x[..., order]), atol=1e-5)


def test_positions_are_told_apart():
    rows = sinusoidal_positions(32, 200).T
    distance = torch.cdist(rows, rows) + torch.eye(200) * 9
    assert float(distance.min()) > 0.1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: build_encoder("small"), (2, 1, 64, 100)),
        (lambda: AttentionBlock(16), (2, 16, 30)),
        (lambda: RecurrentBlock(16, 8), (2, 16, 30)),
        (lambda: AttentionPooling(16), (2, 16, 30)),
        (MeanMaxPooling, (2, 16, 8, 30)),
    ],
    ids=["encoder", "attention", "recurrent", "attention pooling", "mean-max pooling"],
)
def test_every_block_works_in_every_precision(make, shape, dtype):
    block, x = make().eval(), torch.randn(shape).bfloat16()
    wanted = block(x.float())
    found = block.to(dtype)(x.to(dtype))
    assert found.dtype == dtype
    near = {torch.bfloat16: 0.05, torch.float16: 0.01, torch.float64: 1e-4}[dtype]
    scale = float(wanted.detach().abs().max())
    torch.testing.assert_close(found.float(), wanted, atol=near * scale, rtol=near)
