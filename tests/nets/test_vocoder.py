"""The source-filter vocoder: its mels, its source, its streams, and what it sounds like."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import freqz, lfilter

from tympan.audio import Clip, load
from tympan.errors import ArgumentError, ShapeError
from tympan.nets import HarmonicSource, SourceFilterVocoder, VocoderConfig, VocoderMel
from tympan.nets.vocoder import least_phase
from tympan.spectra import pitch_track

RATES = (16000, 22050, 24000, 44100)


def vowel(config: VocoderConfig, frames: int = 80) -> torch.Tensor:
    """Mels (1, n_mels, n) of three formants that grow and fade, without harmonics."""
    hz = config.centres_hz()
    level = -9 + sum(
        5 * np.exp(-(((hz - f) / w) ** 2)) for f, w in ((600, 200), (1200, 300), (2600, 500))
    )
    swell = 1.5 * np.sin(np.linspace(0, np.pi, frames))
    return torch.tensor(level[:, None] + swell, dtype=torch.float32)[None]


def glide(frames: int, low_hz: float = 110.0, high_hz: float = 190.0) -> torch.Tensor:
    """F0 (1, n) that rises, with a part that is not voiced."""
    f0 = torch.linspace(low_hz, high_hz, frames)
    f0[frames // 2 : frames // 2 + frames // 8] = 0
    return f0[None]


def voice(config: VocoderConfig, f0: torch.Tensor) -> torch.Tensor:
    """A voice (1, t) by other means: impulses and breath through the poles of a vocal tract."""
    rate_hz, rng = config.rate_hz, np.random.default_rng(0)
    places = np.arange(config.hop * f0.shape[1]) / config.hop
    pitch_hz = np.interp(places, np.arange(f0.shape[1]), f0[0])
    wave = rng.standard_normal(len(places)) * np.where(pitch_hz > 100, 0.02, 0.1)
    turns = np.cumsum(np.where(pitch_hz > 100, pitch_hz, 0) / rate_hz)
    wave[1:] += np.diff(np.floor(turns))
    for hz, width_hz in ((600, 80), (1200, 110), (2600, 160), (3600, 250), (5000, 800)):
        pole = np.exp((-width_hz + 2j * hz) * np.pi / rate_hz)
        wave = lfilter([abs(1 - pole) ** 2], [1, -2 * pole.real, abs(pole) ** 2], wave)
    return torch.tensor(wave, dtype=torch.float32)[None]


# -- mels ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", RATES)
def test_mels_are_the_mean_magnitudes_that_librosa_gives(rate_hz):
    librosa = pytest.importorskip("librosa")
    c = VocoderConfig.at(rate_hz)
    wave = np.random.default_rng(0).standard_normal(rate_hz // 2).astype(np.float32)
    filters = librosa.filters.mel(
        sr=rate_hz, n_fft=c.n_fft, n_mels=c.n_mels, fmin=c.f_min_hz, fmax=c.f_max_hz
    )
    magnitude = np.abs(librosa.stft(wave, n_fft=c.n_fft, hop_length=c.hop))
    wanted = np.log(filters @ magnitude / filters.sum(1, keepdims=True) + 1e-5)
    found = VocoderMel(c)(torch.from_numpy(wave)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_the_same_frames_at_each_rate():
    for rate_hz in RATES:
        c = VocoderConfig.at(rate_hz)
        assert 0.03 <= c.n_fft / rate_hz <= 0.05
        assert c.hop / rate_hz == pytest.approx(0.0125, rel=0.003)


@pytest.mark.parametrize(
    "settings", [{"hop": 600}, {"f_max_hz": 12001.0}, {"f_min_hz": -1.0}, {"n_fft": 1023}]
)
def test_a_shape_that_cannot_be_is_refused(settings):
    with pytest.raises(ArgumentError):
        VocoderConfig(**settings)


# -- the source ------------------------------------------------------------------------------------


@given(
    rate_hz=st.sampled_from(RATES),
    pitches_hz=st.lists(st.floats(50, 900), min_size=2, max_size=8),
)
@settings(max_examples=20, deadline=None)
def test_pulses_are_the_sum_of_harmonics_below_half_the_rate(rate_hz, pitches_hz):
    hop = round(rate_hz / 80)
    source = HarmonicSource(rate_hz, hop)
    found, _ = source(torch.tensor([pitches_hz]), source.start(1, seed=0))
    track = [*pitches_hz, pitches_hz[-1]]
    # Between frames F0 is a straight line.
    places = np.arange(len(pitches_hz) * hop) / hop
    f0 = np.interp(places, np.arange(len(track)), np.float32(track).astype(np.float64))
    phase = 2 * np.pi * np.cumsum(f0 / rate_hz)
    count = rate_hz / 2 / f0 - 1
    total, power = np.zeros_like(f0), np.zeros_like(f0)
    for k in range(1, int(count.max()) + 3):
        share = np.clip(count - k + 1, 0, 1)
        total += share * np.cos(k * phase)
        power += share**2 / 2
    np.testing.assert_allclose(found[0], total / np.sqrt(power), atol=2e-4)


def test_nothing_of_the_pulses_folds_back():
    """A pitch so high that all its harmonics are known: nothing lies between them."""
    source = HarmonicSource(24000, 300)
    pulses, _ = source(torch.full((1, 80), 1500.0), source.start(1, seed=0))
    power = torch.fft.rfft(pulses[0].double() * torch.hann_window(24000).double()).abs() ** 2
    near = torch.zeros(12001, dtype=torch.bool)
    for k in range(1, 9):
        near[1500 * k - 3 : 1500 * k + 4] = True
    assert float(power[~near].sum() / power.sum()) < 1e-9


def test_pulses_fade_within_a_hop_and_are_silent_where_there_is_no_voice():
    source, hop = HarmonicSource(24000, 300), 300
    f0 = torch.tensor([[0.0, 0, 120, 120, 120, float("nan"), 0, 0]])
    pulses, noise = source(f0, source.start(1, seed=0))
    assert not pulses[0, :hop].any()
    assert not pulses[0, 5 * hop :].any()
    always, _ = source(torch.full((1, 8), 120.0), source.start(1, seed=0))
    level = torch.linspace(0, 1, hop + 1)[:-1]
    smooth = level * level * (3 - 2 * level)
    ramp = pulses[0, hop : 2 * hop].abs()
    assert bool((ramp <= always.abs().max() * smooth + 1e-5).all())
    assert float(pulses[0, 2 * hop : 4 * hop].std()) == pytest.approx(1, abs=0.1)
    assert float(noise.std()) == pytest.approx(1, abs=0.05)


def test_the_source_has_variance_one_at_any_pitch():
    source = HarmonicSource(24000, 300)
    pulses, _ = source(
        torch.tensor([[60.0], [150.0], [700.0]]).expand(-1, 80), source.start(3, seed=0)
    )
    assert pulses.std(1).tolist() == pytest.approx([1, 1, 1], abs=0.02)


# -- the filter ------------------------------------------------------------------------------------


def test_least_phase_is_the_phase_of_a_filter_whose_poles_lie_inside():
    poles = np.array([0.9 * np.exp(0.6j), 0.8 * np.exp(1.9j)])
    _, response = freqz(1, np.poly([*poles, *poles.conj()]).real, 513, include_nyquist=True)
    found = least_phase(torch.tensor(np.log(np.abs(response)))[None, :, None])[0, :, 0]
    np.testing.assert_allclose(found, np.angle(response), atol=1e-6)


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_mels_of_the_wave_are_those_given(rate_hz):
    c, f0 = VocoderConfig.at(rate_hz), glide(80)
    mels = VocoderMel(c)(voice(c, f0))[..., :80]
    wave = SourceFilterVocoder(c)(mels, f0)
    off = VocoderMel(c)(wave)[..., :80] - mels
    assert float(off.abs().mean()) < 0.2  # nepers
    assert abs(float(off.mean())) < 0.06


def test_each_pass_brings_the_mels_nearer():
    f0 = glide(80)
    mels = VocoderMel()(voice(VocoderConfig(), f0))[..., :80]
    off = [
        float((VocoderMel()(SourceFilterVocoder(passes=p)(mels, f0))[..., :80] - mels).abs().mean())
        for p in (1, 2, 4)
    ]
    assert off[0] > 1.1 * off[1] > 1.21 * off[2]


@pytest.mark.parametrize("pitch_hz", [80.0, 145.0, 320.0])
def test_the_wave_has_the_pitch_given(pitch_hz):
    mels, f0 = vowel(VocoderConfig()), torch.full((1, 80), pitch_hz)
    wave = SourceFilterVocoder()(mels, f0)
    found = pitch_track(Clip(wave.numpy(), 24000), 60, 500)
    assert found.voiced.mean() > 0.8
    assert found.median_hz == pytest.approx(pitch_hz, rel=0.01)


def test_without_voice_the_wave_is_noise():
    mels = vowel(VocoderConfig())
    wave = SourceFilterVocoder()(mels, torch.zeros(1, 80))
    assert pitch_track(Clip(wave.numpy(), 24000), 60, 500).voiced.mean() < 0.2


def test_above_the_highest_band_there_is_nothing():
    c = VocoderConfig.at(44100)
    wave = SourceFilterVocoder(c)(vowel(c), glide(80))
    power = torch.fft.rfft(wave[0].double()).abs() ** 2
    above = np.fft.rfftfreq(wave.shape[1], 1 / 44100) > c.f_max_hz + 200
    assert float(power[torch.from_numpy(above)].sum() / power.sum()) < 1e-5


def test_no_clicks_where_frames_meet():
    """What remains of a smooth vowel under a steep high-pass is no larger at frames' borders."""
    mels, f0 = vowel(VocoderConfig(), 160), glide(160)
    wave = SourceFilterVocoder()(mels, f0)[0].double()
    rough = wave.diff(n=4).pow(2)
    size = len(rough) // 300 * 300
    by_place = rough[:size].reshape(-1, 300).mean(0)
    at_border = torch.cat([by_place[:4], by_place[-4:]]).mean()
    assert float(at_border) < 3 * float(by_place.mean())


def test_level_is_that_of_real_speech(shared_data):
    clip = load(shared_data / "kerstin" / "audio" / "de_rhasspy-0010.opus", rate_hz=24000)
    count = clip.num_samples // 300
    wave = torch.tensor(clip.samples[:, : count * 300].copy())
    mels = VocoderMel()(wave)[..., :count]
    track = pitch_track(clip, 60, 500, hop_s=0.0125).frequencies_hz[:count]
    found = SourceFilterVocoder()(mels, torch.from_numpy(track)[None])
    assert float(found.std() / wave.std()) == pytest.approx(1, abs=0.1)
    assert float((VocoderMel()(found)[..., :count] - mels).abs().mean()) < 0.25


# -- randomness, rows, streams ---------------------------------------------------------------------


def test_a_seed_gives_the_same_wave_again_and_another_seed_another():
    vocoder = SourceFilterVocoder()
    mels, f0 = vowel(vocoder.config), glide(80)
    assert torch.equal(vocoder(mels, f0, seed=3), vocoder(mels, f0, seed=3))
    assert not torch.equal(vocoder(mels, f0, seed=3), vocoder(mels, f0, seed=4))
    assert torch.equal(vocoder(mels, f0), SourceFilterVocoder(seed=0)(mels, f0, seed=0))


def test_a_row_does_not_depend_on_the_others():
    vocoder = SourceFilterVocoder()
    mels = torch.cat([vowel(vocoder.config), vowel(vocoder.config) - 2])
    f0 = torch.cat([glide(80), glide(80, 200, 150)])
    both = vocoder(mels, f0)
    for row in (0, 1):
        alone = vocoder(mels[row : row + 1], f0[row : row + 1])
        torch.testing.assert_close(both[row : row + 1], alone, atol=1e-5, rtol=0)


@given(
    rate_hz=st.sampled_from(RATES),
    passes=st.integers(1, 3),
    blocks=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_blocks_of_any_size_give_the_whole(rate_hz, passes, blocks, seed):
    c = VocoderConfig.at(rate_hz)
    count = sum(blocks)
    generator = torch.Generator().manual_seed(seed)
    vocoder = SourceFilterVocoder(c, passes=passes)
    stream = vocoder.stream(seed)
    mels = torch.randn(2, c.n_mels, count, generator=generator) - 4
    f0 = 300 * torch.rand(2, count, generator=generator) - 100
    parts, first = [], 0
    for size in blocks:
        parts.append(stream.push(mels[..., first : first + size], f0[:, first : first + size]))
        first += size
        # A sample is late by no more than the context.
        given = sum(part.shape[1] for part in parts) // c.hop
        assert given == max(0, first - vocoder.context)
    parts.append(stream.flush())
    found = torch.cat(parts, 1)
    assert found.shape == (2, c.hop * count)
    if count:
        torch.testing.assert_close(found, vocoder(mels, f0.clamp(min=0), seed), atol=1e-4, rtol=0)


def test_a_stream_keeps_no_more_than_its_context():
    vocoder = SourceFilterVocoder()
    stream = vocoder.stream()
    for _ in range(50):
        stream.push(torch.zeros(1, 80, 20), torch.full((1, 20), 100.0))
    assert stream._mels.shape[2] <= 20 + 2 * vocoder.context
    assert stream._pulses.shape[1] <= 300 * (20 + 2 * vocoder.context)


def test_a_stream_that_has_ended_takes_no_more():
    stream = SourceFilterVocoder().stream()
    assert stream.flush().shape == (1, 0)
    with pytest.raises(ArgumentError, match="ended"):
        stream.push(torch.zeros(1, 80, 3), torch.zeros(1, 3))


def test_mels_and_pitch_must_belong_together():
    vocoder = SourceFilterVocoder()
    with pytest.raises(ShapeError, match="m=80"):
        vocoder(torch.zeros(1, 64, 9), torch.zeros(1, 9))
    with pytest.raises(ShapeError, match=r"F0 of shape \(1, 9\)"):
        vocoder(torch.zeros(1, 80, 9), torch.zeros(1, 10))


def test_one_frame_is_enough():
    wave = SourceFilterVocoder()(torch.full((1, 80, 1), -4.0), torch.full((1, 1), 100.0))
    assert wave.shape == (1, 300)
    assert bool(wave.isfinite().all())


def test_extreme_mels_give_finite_waves():
    vocoder = SourceFilterVocoder()
    f0 = torch.tensor([[0.0, -5.0, 1e9, float("nan"), 30.0] * 8])
    for level in (-1e4, -11.5, 8.0):
        assert bool(vocoder(torch.full((1, 80, 40), level), f0).isfinite().all())
