"""What was heard in a real recording, as sound again: written, and played."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import tympan
from tympan.audio import Clip, load
from tympan.cli.main import app
from tympan.models import list_models
from tympan.spectra import Chroma

pytestmark = pytest.mark.skipif(
    not any(card.name == "notes" for card in list_models()), reason="notes does not ship"
)


class Loudspeaker:
    """Stands in for sounddevice, and keeps what is played."""

    PortAudioError = OSError

    def __init__(self) -> None:
        self.played: list[tuple[np.ndarray, int]] = []

    def query_devices(self, kind: str) -> dict[str, float]:
        return {"default_samplerate": 44_100.0}

    def play(self, samples: np.ndarray, rate_hz: int, blocking: bool) -> None:
        assert blocking
        self.played.append((samples, rate_hz))


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> Loudspeaker:
    found = Loudspeaker()
    monkeypatch.setitem(sys.modules, "sounddevice", found)
    return found


@pytest.fixture(scope="module")
def singer(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven seconds of a singer."""
    clip = load(shared_data / "real_music" / "vocadito" / "vocadito_1.opus", mono=True)
    return clip.slice(1, 8).save(tmp_path_factory.mktemp("singer") / "singer.wav")


def run(*arguments: str) -> Any:
    found = CliRunner().invoke(app, ["notes", *arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found


def test_what_a_singer_sang_sounds_again(singer: Path, loudspeaker: Loudspeaker) -> None:
    out = singer.with_name("heard.wav")
    run(str(singer), "-o", str(out))
    answer = tympan.notes(singer)
    heard = load(out)
    assert heard.duration_s > answer.notes[-1].end_s
    # Where a note was heard, the sound has its pitch.
    right = []
    for note in answer.notes:
        if note.end_s - note.start_s > 0.15:
            part = heard.slice(note.start_s + 0.02, note.end_s)
            chroma = Chroma(part.rate_hz)(torch.from_numpy(part.samples.copy()))[0].mean(-1)
            right.append(int(chroma.argmax()) == note.pitch % 12)
    assert len(right) >= 8
    assert np.mean(right) >= 0.8
    run(str(singer), "--play", "-q")
    ((samples, rate_hz),) = loudspeaker.played
    assert rate_hz == 44_100
    written = heard.resample(44_100).samples
    size = min(written.shape[1], len(samples))
    assert np.abs(samples[:size].T - written[:, :size]).max() < 2e-3


def test_of_silence_nothing_is_played(tmp_path: Path, loudspeaker: Loudspeaker) -> None:
    silence = Clip(np.zeros(16_000, np.float32), 16_000).save(tmp_path / "silence.wav")
    found = run(str(silence), "--play")
    assert "no play: no notes were heard" in found.stderr
    assert not loudspeaker.played


def test_it_takes_one_recording(singer: Path, tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        Clip(np.zeros(800, np.float32), 16_000).save(tmp_path / name)
    found = CliRunner().invoke(app, ["notes", str(tmp_path), "--play"])
    assert "--play takes one recording" in str(found.exception)
