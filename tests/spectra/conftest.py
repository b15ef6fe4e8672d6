"""Recordings for the tests of the spectra: real ones where they are, synthetic ones elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from tympan import audio
from tympan.audio import Clip, synth

# A busy machine is no failure.
settings.register_profile("spectra", deadline=None, max_examples=40)
settings.load_profile("spectra")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

# One voice, one noise, one instrument; the second is the fallback of a user's machine.
SOURCES = {
    "voice": ("librispeech/audio", lambda: _voice_like()),
    "sound": ("esc50/audio", lambda: synth.pink_noise(duration_s=2, rate_hz=16000, seed=1)),
    "music": (
        "philharmonia/audio/cello",
        lambda: (
            synth.saw(440, duration_s=2, rate_hz=22050)
            + synth.sine(997, duration_s=2, rate_hz=22050)
        ),
    ),
}


def _voice_like() -> Clip:
    """Harmonics that glide, with pauses."""
    t = np.arange(48000) / 16000
    phase = 2 * np.pi * np.cumsum(140 + 40 * np.sin(2 * np.pi * 0.7 * t)) / 16000
    wave = sum(np.sin(h * phase) / h for h in range(1, 20)) * (np.sin(2 * np.pi * t) > -0.5)
    return Clip((0.1 * wave).astype(np.float32), 16000, "voice-like")


def real_clip(kind: str) -> Clip:
    """A few seconds of a real recording of this kind, or of the synthetic stand-in."""
    folder, fallback = SOURCES[kind]
    files = sorted(p for p in (DATA / folder).rglob("*") if p.suffix in (".flac", ".opus"))
    return audio.load(files[0], mono=True).slice(0, 4) if files else fallback()


@pytest.fixture(scope="session", params=list(SOURCES))
def clip(request: pytest.FixtureRequest) -> Clip:
    """Each kind of recording in turn."""
    return real_clip(request.param)


@pytest.fixture(scope="session")
def voice() -> Clip:
    """A recording of one voice."""
    return real_clip("voice")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def assert_near() -> Callable[..., None]:
    """A check that two arrays are equal within a share of the largest value."""

    def check(ours: torch.Tensor | np.ndarray, theirs: np.ndarray, relative: float = 1e-4) -> None:
        own = ours.detach().numpy() if isinstance(ours, torch.Tensor) else np.asarray(ours)
        assert own.shape == theirs.shape
        assert np.abs(own - theirs).max() <= relative * np.abs(theirs).max()

    return check
