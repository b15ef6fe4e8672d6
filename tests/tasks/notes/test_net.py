"""The net: pitches where they sound, no padding in time, the same at every pitch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tympan.audio import synth
from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.notes.net import (
    BINS,
    HARMONICS,
    NoteNet,
    PitchSpectrogram,
    bends_of,
    flux_of,
    stacked,
)

SMALL = NotesConfig(width=8, dilations=(1, 2))


def hz(pitch: float) -> float:
    return 440 * 2 ** ((pitch - 69) / 12)


@pytest.mark.parametrize("pitch", [45, 60, 69, 96])
@pytest.mark.parametrize("cents", [0.0, 40.0])
def test_a_sine_is_highest_at_its_pitch(pitch: int, cents: float) -> None:
    front = PitchSpectrogram(SMALL, tuning_cents=cents)
    tone = synth.sine(hz(pitch + cents / 100), duration_s=0.5, rate_hz=16000)
    levels = front(torch.from_numpy(tone.samples))
    middle = (pitch - SMALL.lowest) * BINS + 1
    assert int(levels[0, 0].mean(1).argmax()) == middle


def test_levels_are_those_of_the_sine() -> None:
    """A full sine is at about 0 dB in the long window, and half of it 6 dB lower."""
    front = PitchSpectrogram(SMALL)
    tone = torch.from_numpy(synth.sine(hz(81), duration_s=0.5, rate_hz=16000).samples)
    tone = tone / tone.abs().max()
    top = front(tone)[0, 0].max()
    assert float(top * 20 - 60) == pytest.approx(0.0, abs=2.0)
    assert float(top - front(tone / 2)[0, 0].max()) * 20 == pytest.approx(6.02, abs=0.01)


def test_each_pitch_gets_what_is_at_its_harmonics() -> None:
    levels = torch.randn(1, 2, 131 * BINS, 3)
    found = stacked(levels, 88)
    for i, h in enumerate(HARMONICS):
        for p in (0, 40, 87):
            if 0 <= p + h < 131:
                own = found[0, i * 2 * BINS : (i + 1) * 2 * BINS, p]
                expected = levels[0, :, (p + h) * BINS : (p + h + 1) * BINS].flatten(0, 1)
                assert torch.equal(own, expected)


def test_a_frame_depends_on_what_is_near_and_on_nothing_else() -> None:
    torch.manual_seed(0)
    net = NoteNet(SMALL).eval()
    wave = torch.randn(1, net.window(60)) * 0.1
    other = wave.clone()
    other[:, -SMALL.hop :] = 0.3  # at the very end of what the last frame needs
    with torch.no_grad():
        a, b = net(wave), net(other)
        part = net(wave[:, 20 * SMALL.hop : 20 * SMALL.hop + net.window(10)])
    assert torch.equal(a[..., :-4], b[..., :-4])
    assert torch.allclose(part, a[..., 20:30], atol=1e-4)


def test_the_shipped_geometry_answers_even_frames() -> None:
    config = NotesConfig()
    assert config.frames % 2 == 0
    assert NoteNet(config).around % config.step == 0
    assert sum(p.numel() for p in NoteNet(config).parameters()) < 1_000_000


@pytest.mark.parametrize("semitones", [-0.4, -0.15, 0.0, 0.3])
def test_bends_are_how_far_a_tone_is_from_its_pitch(semitones: float) -> None:
    net = NoteNet(SMALL)
    tone = synth.sine(hz(69 + semitones), duration_s=3, rate_hz=16000)
    wave = tone.samples[:, : net.window(20)]
    bends = bends_of(net.levels(torch.from_numpy(wave)), SMALL, 20)
    assert bends.shape == (1, 88, 20)
    assert float(bends[0, 69 - 21].mean()) == pytest.approx(semitones, abs=0.07)


def test_flux_is_where_a_sound_begins() -> None:
    net = NoteNet(SMALL)
    wave = np.zeros((1, net.window(40)), np.float32)
    at = net.around + 25 * SMALL.hop
    wave[0, at:] = synth.white_noise(duration_s=9, rate_hz=16000).samples[0, : wave.shape[1] - at]
    flux = flux_of(net.levels(torch.from_numpy(wave)), SMALL.context, 40)
    assert abs(int(flux[0].argmax()) - 25) <= 1
