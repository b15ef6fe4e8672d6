from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tympan import load
from tympan.augment import CodecLoss
from tympan.augment.waveform import _codecs
from tympan.augment.waveform._codecs import RATES_HZ, mu_law, round_trip
from tympan.errors import ArgumentError, MissingDependencyError


def speech(shared_data: Path) -> torch.Tensor:
    path = sorted((shared_data / "librispeech").rglob("*.flac"))[0]
    clip = load(path, mono=True, end_s=2.0).normalize_peak(-3.0)
    return torch.from_numpy(clip.samples.copy())[None]


def snr_db(x: torch.Tensor, y: torch.Tensor) -> float:
    return 10 * torch.log10(x.square().sum() / (x - y).square().sum()).item()


@pytest.mark.parametrize("codec", ["mp3", "opus", "vorbis"])
def test_real_codecs_keep_place_and_length_and_lose_more_at_low_quality(
    codec: str, shared_data: Path
) -> None:
    x = speech(shared_data)
    good, bad = (CodecLoss((codec,), q, q, rate_hz=16000)(x, 0) for q in (1.0, 0.0))
    assert good.shape == bad.shape == x.shape
    assert snr_db(x, good) > 15
    assert snr_db(x, bad) < snr_db(x, good) - 6
    assert not torch.equal(bad, x)


def test_each_item_gets_its_codec(shared_data: Path) -> None:
    x = speech(shared_data).repeat(6, 1, 1)
    transform = CodecLoss(("mp3", "mulaw", "vorbis"), 0.3, 0.3, rate_hz=16000)
    params = transform.draw(x, 4)
    y = transform.apply(x, params)
    assert params["codec"].unique().tolist() == [0, 1, 2]
    for row, codec in enumerate(params["codec"].tolist()):
        alone = CodecLoss((transform.codecs[codec],), 0.3, 0.3, rate_hz=16000)(x[:1], 0)
        torch.testing.assert_close(y[row], alone[0])


def test_mu_law_has_its_levels_and_its_ratio_at_any_loudness() -> None:
    x = torch.linspace(-1, 1, 100_001, dtype=torch.float64)
    y = mu_law(x)
    assert len(y.unique()) == 255
    torch.testing.assert_close(y, -mu_law(-x))
    sine = torch.sin(torch.arange(20_000) * 0.123)
    ratios = [snr_db(level * sine, mu_law(level * sine)) for level in (0.05, 0.2, 0.9)]
    assert min(ratios) > 34
    assert np.ptp(ratios) < 5
    torch.testing.assert_close(mu_law(torch.tensor([1.0, -1.0, 3.0])), torch.tensor([1.0, -1, 1]))


def test_what_a_codec_does_not_take_is_refused() -> None:
    with pytest.raises(ArgumentError, match="opus at 44100 Hz"):
        CodecLoss(("opus",), rate_hz=44100)
    with pytest.raises(ArgumentError, match="mp3 at 96000 Hz"):
        CodecLoss(("mp3",), rate_hz=96000)
    with pytest.raises(ArgumentError, match="choose of mp3, opus, vorbis, mulaw"):
        CodecLoss(("aac",), rate_hz=16000)


def test_the_usual_codecs_fit_any_rate() -> None:
    assert CodecLoss(rate_hz=44100).codecs == ("mp3", "vorbis", "mulaw")
    for rate_hz in (5000, 96000):
        assert CodecLoss(rate_hz=rate_hz).codecs == ("vorbis", "mulaw")


@pytest.mark.parametrize("codec", ["mp3", "opus", "vorbis"])
def test_more_than_two_channels_are_encoded_each_for_itself(codec: str) -> None:
    wave = 0.1 * np.random.default_rng(0).standard_normal((5, 3000)).astype(np.float32)
    y = round_trip(wave, 16000, codec, 0.5)
    for channel, expected in zip(y, wave, strict=True):
        alone = round_trip(expected[None], 16000, codec, 0.5)[0]
        np.testing.assert_array_equal(channel, alone)


def test_the_encoder_is_one_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_codecs.importlib.util, "find_spec", lambda name: None)
    assert CodecLoss(rate_hz=16000).mp3_encoder == "libsndfile"
    with pytest.raises(MissingDependencyError, match=r"pip install 'tympan\[codecs\]'"):
        CodecLoss(mp3_encoder="lameenc", rate_hz=16000)
    with pytest.raises(ArgumentError, match="choose lameenc or libsndfile"):
        CodecLoss(mp3_encoder="blade", rate_hz=16000)
    monkeypatch.setattr(_codecs.importlib.util, "find_spec", lambda name: object())
    assert CodecLoss(rate_hz=16000).mp3_encoder == "lameenc"
    assert CodecLoss(("vorbis",), rate_hz=96000).mp3_encoder is None


@pytest.mark.parametrize("quality", [0.0, 0.6])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate_hz", RATES_HZ["mp3"])
def test_both_encoders_keep_place_and_length_and_give_about_the_same(
    rate_hz: int, channels: int, quality: float
) -> None:
    pytest.importorskip("lameenc")
    t = np.arange(rate_hz) / rate_hz
    swing = 1 + np.sin(2 * np.pi * 3 * t)
    pitches = 300 * np.arange(1, channels + 1)[:, None]
    wave = (0.2 * np.sin(2 * np.pi * pitches * t) * swing).astype(np.float32)
    ours, theirs = (round_trip(wave, rate_hz, "mp3", quality, one) for one in _codecs.MP3_ENCODERS)
    assert ours.shape == theirs.shape == wave.shape
    for y in (ours, theirs):
        assert 10 * np.log10(np.square(wave).sum() / np.square(y - wave).sum()) > 15
    assert 10 * np.log10(np.square(wave).sum() / np.square(ours - theirs).sum()) > 15


@pytest.mark.parametrize("samples", [1, 2, 100, 1151, 5000])
def test_short_items_go_through_lame(samples: int) -> None:
    pytest.importorskip("lameenc")
    wave = np.zeros((1, samples), np.float32)
    assert round_trip(wave, 16000, "mp3", 0.3, "lameenc").shape == wave.shape
