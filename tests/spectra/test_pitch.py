from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from tympan import audio
from tympan.audio import Clip, synth
from tympan.errors import ArgumentError
from tympan.spectra import Yin, pitch_track


def cents(found_hz: np.ndarray, wanted_hz: np.ndarray | float) -> np.ndarray:
    return 1200 * np.log2(found_hz / wanted_hz)


def glide(rate_hz: int = 16000) -> tuple[Clip, np.ndarray]:
    """A tone of eight harmonics that swings between 110 and 440 Hz, and its pitch per sample."""
    t = np.arange(2 * rate_hz) / rate_hz
    pitch = 220 * 2 ** np.sin(2 * np.pi * 0.5 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    wave = sum(np.sin(h * phase) / h for h in range(1, 9))
    return Clip((0.2 * wave).astype(np.float32), rate_hz), pitch


@pytest.mark.parametrize("rate_hz", [16000, 44100])
@pytest.mark.parametrize("hz", [70.0, 110.0, 233.3, 440.0, 880.0])
@pytest.mark.parametrize("shape", ["sine", "saw", "square"])
def test_steady_tones(rate_hz: int, hz: float, shape: str) -> None:
    clip = getattr(synth, shape)(hz, duration_s=0.5, rate_hz=rate_hz)
    track = pitch_track(clip)
    inner = slice(5, -5)
    assert track.voiced[inner].all()
    assert np.abs(cents(track.frequencies_hz[inner], hz)).max() < 8
    assert track.confidence[inner].min() > 0.9


def test_glide_is_followed() -> None:
    clip, pitch = glide()
    track = pitch_track(clip)
    wanted = np.interp(track.times_s, np.arange(len(pitch)) / clip.rate_hz, pitch)
    assert np.abs(cents(track.frequencies_hz, wanted))[8:-8].max() < 15


def test_missing_fundamental_is_heard() -> None:
    t = np.arange(16000) / 16000
    wave = sum(np.sin(2 * np.pi * h * 150 * t) for h in (3, 4, 5, 6))
    track = pitch_track(Clip((0.1 * wave).astype(np.float32), 16000))
    assert np.abs(cents(track.frequencies_hz[8:-8], 150)).max() < 5


def test_noise_and_silence_have_no_pitch() -> None:
    noise = pitch_track(synth.white_noise(duration_s=2, rate_hz=16000, seed=2))
    assert noise.voiced.mean() < 0.02
    silence = pitch_track(synth.silence(duration_s=1, rate_hz=16000))
    assert not silence.voiced.any()
    assert silence.median_hz is None
    assert "no pitch" in repr(silence)


def test_pauses_are_unvoiced() -> None:
    tone = synth.saw(200, duration_s=0.5, rate_hz=16000)
    clip = tone.concat(synth.silence(duration_s=0.5, rate_hz=16000), tone)
    track = pitch_track(clip)
    inside = (track.times_s > 0.55) & (track.times_s < 0.95)
    assert not track.voiced[inside].any()
    tone = (track.times_s < 0.48) | (track.times_s > 1.02)
    assert track.voiced[tone][5:-5].all()


def test_level_does_not_matter() -> None:
    clip, _ = glide()
    quiet = pitch_track(Clip(clip.samples * 1e-3, clip.rate_hz))
    np.testing.assert_allclose(quiet.frequencies_hz, pitch_track(clip).frequencies_hz, rtol=1e-3)


def test_real_voice_agrees_with_librosas_pyin(shared_data: Path) -> None:
    clip = audio.load(next(iter(sorted((shared_data / "librispeech/audio").rglob("*.flac")))))
    clip = clip.slice(0, 4)
    track = pitch_track(clip, 60, 500)
    theirs, voiced, _ = librosa.pyin(
        clip.samples[0], fmin=60, fmax=500, sr=clip.rate_hz, frame_length=1024, hop_length=160
    )
    both = track.voiced & voiced[: len(track.voiced)]
    off = np.abs(cents(track.frequencies_hz[both], theirs[: len(both)][both]))
    assert both.sum() > 0.6 * voiced.sum()
    assert (off < 50).mean() > 0.9
    assert np.median(off) < 15


def test_sung_notes_match_their_annotation(shared_data: Path) -> None:
    folder = shared_data / "real_music/vocadito"
    clip = audio.load(folder / "vocadito_1.opus", rate_hz=16000, mono=True).slice(0, 15)
    truth = np.loadtxt(folder / "vocadito_1_f0.csv", delimiter=",")
    track = pitch_track(clip)
    wanted = np.interp(track.times_s, truth[:, 0], truth[:, 1])
    nearest = np.abs(track.times_s[:, None] - truth[:, 0]).argmin(1)
    sung = (truth[nearest, 1] > 0) & (truth[np.maximum(nearest - 1, 0), 1] > 0)
    right = np.abs(cents(track.frequencies_hz[sung], np.maximum(wanted[sung], 1))) < 50
    assert right.mean() > 0.93
    assert track.voiced[~sung].mean() < 0.25


def test_difference_equals_the_definition() -> None:
    yin, x = Yin(8000, 100, 200, 1000), torch.randn(700, dtype=torch.float64)
    ours = yin(x)
    padded = torch.nn.functional.pad(x, (yin.frame // 2, yin.frame))
    frame = padded[300 : 300 + yin.frame]
    frame = frame - frame.mean()
    size = yin.frame
    difference = torch.stack([
        size / (size - lag) * (frame[: size - lag] - frame[lag:]).square().sum()
        for lag in range(1, yin.max_lag + 1)
    ])  # fmt: skip
    mean = difference.cumsum(0) / torch.arange(1, yin.max_lag + 1)
    torch.testing.assert_close(ours[:, 3], (difference / mean)[yin.min_lag - 1 :])


def test_difference_is_differentiable_and_batched() -> None:
    yin = Yin(4000, 100, 200, 1000)
    x = torch.randn(2, 3, 500, requires_grad=True)
    out = yin(x)
    assert out.shape[:2] == (2, 3)
    out.sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    torch.testing.assert_close(yin(x[1, 2]), out[1, 2])
    y = torch.randn(120, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Yin(4000, 60, 300, 1000), y)


def test_midi_numbers() -> None:
    track = pitch_track(synth.sine(440, duration_s=0.4, rate_hz=16000))
    assert np.nanmedian(track.midi) == pytest.approx(69, abs=0.05)
    assert "median 440" in repr(track)


def test_wrong_arguments_are_refused() -> None:
    clip = synth.sine(440, duration_s=0.4, rate_hz=16000)
    for low, high in ((0, 500), (500, 400), (60, 9000)):
        with pytest.raises(ArgumentError, match="f_min_hz"):
            pitch_track(clip, low, high)
    with pytest.raises(ArgumentError, match="hop"):
        Yin(16000, 0)
