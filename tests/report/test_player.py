"""The sound in the page: the same sound, small enough at any length."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tympan.audio import Clip
from tympan.report import player
from tympan.report.player import Encoder, Quality, choose_quality, linked
from tympan.spectra.figures_data import overview


@pytest.mark.parametrize("rate_hz", [4000, 8000, 11025, 16000, 22050, 44100, 48000, 192000])
@pytest.mark.parametrize("duration_s", [1, 1000, 7000])
def test_the_encoded_sound_is_the_sound(rate_hz: int, duration_s: int) -> None:
    """One second, encoded as if it were part of a recording of `duration_s`."""
    t = np.arange(rate_hz) / rate_hz
    wave = (0.5 * np.sin(2 * np.pi * 880 * t)).astype(np.float32)
    quality = choose_quality(duration_s, rate_hz, 2, exact=False)
    assert quality is not None
    encoder = Encoder(rate_hz, 2, quality)
    for part in np.array_split(np.stack([wave, wave]), 7, axis=1):
        encoder.push(part)
    data = base64.b64decode(encoder.result().partition(",")[2])
    assert len(data) * 8 / 1000 < quality.kbit_s * 1.3 + 10
    samples, rate = soundfile.read(io.BytesIO(data), always_2d=True, dtype="float32")
    heard = overview(Clip(samples.T, rate))
    assert heard.duration_s == pytest.approx(1.0, abs=0.2)
    assert heard.peaks(1)[0].frequency_hz == pytest.approx(880, abs=2)
    assert heard.peaks(1)[0].amplitude == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize("duration_s", [0.01, 60, 600, 3600, 7200, 7499])
def test_the_page_is_bounded(duration_s: float) -> None:
    quality = choose_quality(duration_s, 48000, 2)
    assert quality is not None
    assert duration_s * quality.kbit_s * 125 <= 15_000_000


def test_longer_recordings_are_played_from_their_file(tmp_path: Path) -> None:
    assert choose_quality(3 * 3600, 16000, 1) is None
    (tmp_path / "pages").mkdir()
    player = linked(tmp_path / "a b#.wav", tmp_path / "pages" / "report.html")
    assert player.src == "../a%20b%23.wav"
    assert not player.embedded
    assert linked(None, tmp_path / "report.html").src == ""


@pytest.mark.parametrize("rate_hz", [8000, 44100])
def test_a_short_recording_of_16_bits_is_carried_to_the_bit(rate_hz: int) -> None:
    wave = np.random.default_rng(0).integers(-32768, 32768, (2, 5000)).astype(np.float32) / 32768
    quality = choose_quality(1, rate_hz, 2)
    assert quality == Quality(0, rate_hz, 2)
    encoder = Encoder(rate_hz, 2, quality)
    for part in np.array_split(wave, 3, axis=1):
        encoder.push(part)
    head, _, data = encoder.result().partition(",")
    assert head == "data:audio/wav;base64"
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data)), dtype="float32")
    assert rate == rate_hz
    assert np.array_equal(samples.T, wave)


def test_channels_that_cancel_are_not_silent_in_the_player() -> None:
    wave = (0.5 * np.sin(np.arange(16000))).astype(np.float32)
    encoder = Encoder(16000, 2, Quality(64, 16000, 1))
    encoder.push(np.stack([wave, -wave]))
    data = base64.b64decode(encoder.result().partition(",")[2])
    samples, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    assert np.abs(samples).max() > 0.3


def test_a_recording_far_longer_than_its_header_says_is_not_held(monkeypatch) -> None:
    monkeypatch.setattr(player, "_STOP_BYTES", 50_000)
    encoder = Encoder(16000, 1, Quality(0, 16000, 1))
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 16000)).astype(np.float32)
    for _ in range(5):
        encoder.push(noise)
    assert encoder.result() == ""
    encoder.close()


def test_an_unknown_length_gets_a_middling_quality() -> None:
    assert choose_quality(0, 44100, 2) == Quality(64, 32000, 1)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    quality = choose_quality(1, 8000, 1)
    assert quality is not None
    encoder = Encoder(8000, 1, quality)
    encoder.push(np.zeros((1, 800), np.float32))
    assert len(list(tmp_path.iterdir())) == 1
    encoder.close()
    assert list(tmp_path.iterdir()) == []
    finished = Encoder(8000, 1, quality)
    finished.push(np.zeros((1, 800), np.float32))
    assert finished.result().startswith("data:audio/wav")
    assert list(tmp_path.iterdir()) == []


def test_the_documentation_says_what_a_page_holds() -> None:
    """Of each length the docs name the same kind of sound as the module, and as is chosen."""
    page = Path(__file__).resolve().parents[2] / "docs" / "verbs" / "hear.md"
    rows = [line.strip("| ").split(" | ") for line in page.read_text("utf-8").splitlines()]
    told = {row[0]: row[1] for row in rows if row[0].startswith(("up to", "longer"))}
    assert player.__doc__ is not None
    assert all(length in player.__doc__ for length in told)
    assert len(told) == player.__doc__.count("\n| up to") + 1
    samples, minute, hour, two_hours, _ = told.values()
    kinds = {30: samples, 50: minute, 80 * 60: hour, 2 * 3600: two_hours}
    for duration_s, text in kinds.items():
        quality = choose_quality(duration_s, 16000, 1)
        assert quality is not None
        assert ("WAV" if quality.kbit_s == 0 else f"{quality.kbit_s}") in text
