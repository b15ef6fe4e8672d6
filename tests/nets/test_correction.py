"""The correction net of the vocoder, its blocks, and the distance it is trained by."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.signal import stft
from torch import nn

from tympan.errors import ShapeError
from tympan.nets import (
    ConvNeXtBlock,
    CorrectedVocoder,
    CorrectionConfig,
    CorrectionNet,
    SourceFilterVocoder,
    SpectralDistance,
    VocoderConfig,
    VocoderMel,
    build_vocoder,
    count_parameters,
    vocoder_fields,
)
from tympan.nets.pulses import SourceState
from tympan.nets.vocoder import Correction

SMALL = CorrectionConfig(features=16, depth=2, kernel=3)


def stirred(vocoder: CorrectedVocoder, seed: int = 0) -> CorrectedVocoder:
    """The vocoder with a net that corrects something."""
    generator = torch.Generator().manual_seed(seed)
    nn.init.normal_(vocoder.net.head.weight, std=0.05, generator=generator)
    return vocoder.eval()


def some(frames: int, seed: int = 0, rows: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Mels and F0 at random."""
    generator = torch.Generator().manual_seed(seed)
    mels = torch.randn(rows, 80, frames, generator=generator) - 4
    return mels, (300 * torch.rand(rows, frames, generator=generator) - 60).clamp(min=0)


# -- the block and the net -------------------------------------------------------------------------


def test_a_frame_depends_on_the_context_of_a_block_and_no_more():
    block = ConvNeXtBlock(8, kernel=5).eval()
    x = torch.randn(1, 8, 30)
    moved = x.clone()
    moved[..., 15] += 1
    changed = (block(x) - block(moved)).abs().amax((0, 1)) > 1e-7
    assert changed.nonzero()[:, 0].tolist() == [13, 14, 15, 16, 17]


def test_a_block_is_what_its_paper_says():
    block = ConvNeXtBlock(4, kernel=3, expansion=2).eval()
    x = torch.randn(1, 4, 9)
    kernel, bias = block.over_frames.weight, block.over_frames.bias
    padded = nn.functional.pad(x, (1, 1))
    h = sum(padded[..., i : i + 9] * kernel[:, 0, i, None] for i in range(3)) + bias[:, None]
    h = nn.functional.layer_norm(h.mT, (4,), block.norm.weight, block.norm.bias)
    first, _, last = block.feed_forward
    h = nn.functional.gelu(h @ first.weight.T + first.bias) @ last.weight.T + last.bias
    torch.testing.assert_close(block(x), x + (block.scale * h).mT)


def test_the_net_is_small_and_every_parameter_learns():
    net = CorrectionNet(80)
    assert count_parameters(net) <= 1_000_000
    nn.init.normal_(net.head.weight, std=0.05)
    found = vars(net(*some(40))).values()
    sum(one.square().mean() for one in found).backward()
    still = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert still == []


def test_wrong_axes_are_named():
    with pytest.raises(ShapeError, match="m=80"):
        CorrectionNet(80)(torch.zeros(1, 40, 9), torch.zeros(1, 9))
    with pytest.raises(ShapeError, match="d=8"):
        ConvNeXtBlock(8)(torch.zeros(1, 4, 9))
    with pytest.raises(ShapeError, match=r"\(b, t\)"):
        SpectralDistance(24000)(torch.zeros(1, 1, 9000), torch.zeros(1, 1, 9000))


def test_the_gradient_is_finite_where_there_is_no_voice_and_where_there_is_nothing_else():
    vocoder = stirred(CorrectedVocoder(correction=SMALL))
    vocoder.net.head.bias.data[:80] = 100
    mels, f0 = some(40)
    mels[..., :20], f0[:, 10:] = -20, 0
    vocoder(mels, f0).square().mean().backward()
    assert all(bool(p.grad.isfinite().all()) for p in vocoder.parameters())


# -- the vocoder -----------------------------------------------------------------------------------


def test_before_training_nothing_is_corrected():
    mels, f0 = some(40)
    corrected, plain = CorrectedVocoder().eval(), SourceFilterVocoder()
    # Only that the share of pulses has a floor.
    off = (corrected(mels, f0) - plain(mels, f0)).detach()
    assert float(off.std() / plain(mels, f0).std()) < 0.15


def zero(frames: int) -> torch.Tensor:
    return torch.zeros(1, 80, frames)


def source(vocoder: SourceFilterVocoder, f0: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return vocoder.source(f0, SourceState(torch.zeros(1).double(), np.random.default_rng(0)))


def test_more_voicing_brings_fewer_differences_between_seeds():
    vocoder = SourceFilterVocoder()
    mels, f0 = torch.full((1, 80, 60), -4.0), torch.full((1, 60), 150.0)
    pulses, noise = source(vocoder, f0)
    spread = []
    for voicing in (-8.0, 0.0, 8.0):
        by = Correction(zero(60) + voicing, zero(60), zero(60))
        one, two = (vocoder.corrected(mels, f0, pulses, n, by) for n in (noise, noise.flip(1)))
        spread.append(float((one - two).std() / one.std()))
    assert spread[0] > 1.3 > spread[1] > 0.2 > spread[2]


def test_a_phase_that_falls_with_frequency_delays_the_pulses():
    vocoder = SourceFilterVocoder(minimum_phase=False)
    mels, f0 = torch.full((1, 80, 60), -4.0), torch.full((1, 60), 120.0)
    pulses, noise = source(vocoder, f0)
    hz = torch.tensor(vocoder.config.centres_hz(), dtype=torch.float32)
    late = (-2 * torch.pi * hz * 36 / 24000)[None, :, None].expand(1, 80, 60)
    plain, moved = (
        vocoder.corrected(mels, f0, pulses, noise, Correction(zero(60) + 8, phase, zero(60)))
        for phase in (zero(60), late)
    )
    middle = slice(6000, 12000)
    match = [
        float((plain[0, middle] * moved[0, middle.start + lag : middle.stop + lag]).sum())
        for lag in range(-80, 81)
    ]
    assert int(np.argmax(match)) - 80 == 36


def test_the_gain_is_that_of_the_mels_found():
    vocoder = SourceFilterVocoder()
    mels, f0 = torch.full((1, 80, 60), -4.0), torch.zeros(1, 60)
    by = Correction(zero(60), zero(60), zero(60) + 0.7)
    plain, louder = (
        vocoder.corrected(mels, f0, *source(vocoder, f0), one)
        for one in (replace(by, gain=zero(60)), by)
    )
    torch.testing.assert_close(louder, plain * np.exp(0.7), atol=1e-5, rtol=1e-4)


@example(blocks=[22], depth=0, kernel=5, passes=1)
@given(
    blocks=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    depth=st.integers(0, 3),
    kernel=st.sampled_from([1, 3, 5]),
    passes=st.integers(1, 2),
)
@settings(max_examples=20, deadline=None)
def test_blocks_of_any_size_give_the_whole(blocks, depth, kernel, passes):
    shape = CorrectionConfig(features=16, depth=depth, kernel=kernel)
    vocoder = stirred(CorrectedVocoder(correction=shape, passes=passes))
    mels, f0 = some(sum(blocks), rows=2)
    stream, parts, first = vocoder.stream(5), [], 0
    with torch.no_grad():
        for size in blocks:
            parts.append(stream.push(mels[..., first : first + size], f0[:, first : first + size]))
            first += size
        parts.append(stream.flush())
        torch.testing.assert_close(torch.cat(parts, 1), vocoder(mels, f0, 5), atol=2e-5, rtol=0)


def test_it_learns_what_is_voice_and_what_is_noise():
    """Targets whose bands above 1 kHz are noise although the frames are voiced."""
    torch.manual_seed(0)
    c = VocoderConfig()
    teacher, vocoder = SourceFilterVocoder(c), CorrectedVocoder(c, SMALL)
    distance = SpectralDistance(c.rate_hz, (256, 1024))
    f0 = torch.linspace(100, 200, 6)[:, None].expand(6, 60)
    hz = torch.tensor(c.centres_hz(), dtype=torch.float32)
    hoarse = torch.where(hz > 1000, -20.0, 6.0)[None, :, None].expand(6, 80, 60)
    nothing = torch.zeros(6, 80, 60)
    pulses, _ = teacher.source(f0, teacher.source.start(6, 0))
    with torch.no_grad():
        mels = torch.full((6, 80, 60), -4.0)
        wanted = Correction(hoarse, nothing, nothing)
        target = teacher.corrected(mels, f0, pulses, torch.randn(6, 18000), wanted)
        mels = VocoderMel(c)(target)[..., :60]
    optimizer = torch.optim.AdamW(vocoder.parameters(), 5e-3)
    for _ in range(30):
        by = vocoder.net(mels, f0)
        waves = [vocoder.corrected(mels, f0, pulses, torch.randn(6, 18000), by) for _ in range(2)]
        distance.energy_distance(target, *waves).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    found = (vocoder.net(mels, f0).voicing + vocoder.voiced_share.mean()).detach().mean((0, 2))
    clear, noisy = found[hz < 800].mean(), found[(hz > 1300) & (hz < 4500)].mean()
    assert float(noisy) < float(clear) - 1.5


def test_a_vocoder_is_built_again_from_what_is_written_down():
    vocoder = stirred(CorrectedVocoder(VocoderConfig.at(16000), SMALL, passes=2))
    fields = json.loads(json.dumps(vocoder_fields(vocoder)))
    state = {name: one.half() for name, one in vocoder.net.state_dict().items()}
    again = build_vocoder(fields, state)
    assert again.config == vocoder.config
    assert not again.training
    mels, f0 = some(20)
    off = (again(mels, f0) - vocoder(mels, f0)).detach()
    assert float(off.std() / vocoder(mels, f0).detach().std()) < 0.02
    plain = build_vocoder(vocoder_fields(SourceFilterVocoder(passes=1)))
    assert type(plain) is SourceFilterVocoder
    assert plain.passes == 1


# -- the distance ----------------------------------------------------------------------------------


def test_the_distance_is_that_of_plain_spectra():
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal(9000) * s for s in (0.1, 0.05))
    total = 0.0
    for size in (256, 1024):
        spectra = []
        for wave in (x, y):
            _, _, spec = stft(wave, nperseg=size, noverlap=size * 3 // 4, boundary="zeros",
                              padded=False, window="hann", scaling="spectrum")  # fmt: skip
            # scipy divides by the sum of the window.
            spectra.append(np.abs(spec) * size / 2)
        weight = 1 / (1 + np.fft.rfftfreq(size, 1 / 24000) / 1000)
        weight = (weight / weight.mean())[:, None]
        a, b = spectra
        total += (weight * np.abs(a - b)).sum() / (weight * a).sum()
        logs = np.log(a + 1e-5 * size) - np.log(b + 1e-5 * size)
        total += (weight * np.abs(logs)).mean()
    found = SpectralDistance(24000, (256, 1024))(*(torch.tensor(w)[None].float() for w in (x, y)))
    assert float(found) == pytest.approx(total / 2, rel=2e-3)


def test_the_energy_distance_is_made_of_distances():
    distance = SpectralDistance(24000, (512,))
    x, y, z = (torch.randn(2, 6000) for _ in range(3))
    y = 2 * y
    between = distance(y, z) * 1.0
    found = distance.energy_distance(x, y, z)
    # What lies between the two found is in proportion to the magnitudes of the one wanted.
    weight = distance.weight_512
    parts = [distance.stfts[0](one).abs() for one in (x, y, z)]
    scale = [(weight * one).mean((1, 2)) for one in parts]
    plain = (weight * (parts[1] - parts[2]).abs()).mean((1, 2))
    between = between + plain / scale[0] - plain / scale[1]
    torch.testing.assert_close(found, distance(x, y) + distance(x, z) - between)


def test_the_energy_distance_is_least_for_noise_as_it_is():
    """The plain distance prefers less noise than there is; the energy distance does not."""
    torch.manual_seed(0)
    distance = SpectralDistance(24000, (512,))
    tone = torch.sin(torch.arange(24000) * 0.3)
    x = tone + torch.randn(16, 24000)
    levels = (0.6, 0.8, 1.0, 1.2, 1.4)
    energy = []
    for level in levels:
        one, two = (tone + level * torch.randn(16, 24000) for _ in range(2))
        energy.append(float(distance.energy_distance(x, one, two).mean()))
    assert levels[int(np.argmin(energy))] == 1.0


def test_silence_has_a_distance_and_a_gradient():
    wave = torch.zeros(1, 4000, requires_grad=True)
    distance = SpectralDistance(24000)(torch.zeros(1, 4000), wave)
    distance.sum().backward()
    assert float(distance.detach()) == 0
    assert bool(wave.grad.isfinite().all())
