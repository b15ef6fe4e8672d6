"""From a folder to a separator that answers, on tones that a net can tell from noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import tympan
from tests_separate import OPTIONS, save_separator
from tympan.audio import Clip, load
from tympan.errors import ArgumentError, AudioFileError, DataError, ModelError
from tympan.tasks.answering import load as load_model
from tympan.tasks.registry import get
from tympan.tasks.results import Separation
from tympan.tasks.separate.api import clean, separate, separate_files, separate_stream
from tympan.tasks.separate.metrics import si_sdr

torch.set_num_threads(1)
RATE = 16_000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_separator(tmp_path_factory.mktemp("models") / "small")


def noisy(seconds: float = 1.0, rate_hz: int = RATE, channels: int = 1) -> Clip:
    rng = np.random.default_rng(0)
    shape = (channels, round(seconds * rate_hz))
    return Clip(0.1 * rng.standard_normal(shape).astype(np.float32), rate_hz, "noisy")


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 2), (8000, 1), (96_000, 1)])
def test_clips_sum_to_the_recording(model: Path, rate_hz: int, channels: int) -> None:
    clip = noisy(0.7, rate_hz, channels)
    found = separate(clip, model=model)
    assert list(found) == ["voice", "rest"]
    assert all(one.samples.shape == clip.samples.shape for one in found.values())
    assert all(one.rate_hz == rate_hz for one in found.values())
    total = sum(one.samples.astype(np.float64) for one in found.values())
    np.testing.assert_allclose(total, clip.samples, atol=1e-6)


def test_files_are_those_clips(model: Path, tmp_path: Path) -> None:
    path = noisy(channels=2).save(tmp_path / "mix.wav", subtype="FLOAT")
    answer = separate_files(path, tmp_path / "out", model=model)
    assert answer.sources == {n: tmp_path / "out" / f"{n}.wav" for n in ("voice", "rest")}
    clips = separate(path, model=model)
    for name, clip in clips.items():
        np.testing.assert_allclose(answer.load(name).samples, clip.samples, atol=1e-6)
    total = sum(load(one).samples for one in answer.sources.values())
    np.testing.assert_allclose(total, load(path).samples, atol=1e-6)


def test_an_answer_keeps_its_files_as_long_as_it_lives(model: Path) -> None:
    answer = load_model(model, "separate")(noisy())
    assert isinstance(answer, Separation)
    assert answer.duration_s == 1.0
    assert answer.load("voice").duration_s == 1.0
    assert set(answer.to_json()["sources"]) == {"voice", "rest"}
    folder = next(iter(answer.sources.values())).parent
    del answer
    assert not folder.exists()


def test_a_stream_is_the_recording(model: Path) -> None:
    clip = noisy()
    blocks = [clip.samples[:, i : i + 999] for i in range(0, clip.num_samples, 999)]
    parts = list(separate_stream(iter(blocks), RATE, model=model))
    found = np.concatenate([one["voice"] for one in parts], axis=1)
    np.testing.assert_allclose(found, separate(clip, model=model)["voice"].samples, atol=1e-5)


def test_nothing_is_left_of_an_empty_recording(model: Path) -> None:
    found = separate(Clip(np.zeros((1, 1), np.float32), RATE), model=model)
    assert found["voice"].num_samples == 1


def test_no_file_is_left_of_a_recording_that_breaks_off(model: Path, tmp_path: Path) -> None:
    path = noisy(3).save(tmp_path / "mix.flac")
    path.write_bytes(path.read_bytes()[:40_000])
    with pytest.raises(AudioFileError):
        separate_files(path, tmp_path / "out", model=model)
    assert not list((tmp_path / "out").iterdir())


def test_the_recording_itself_is_not_replaced(model: Path, tmp_path: Path) -> None:
    path = noisy().save(tmp_path / "voice.wav")
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match="recording itself"):
        separate_files(path, tmp_path, model=model)
    assert path.read_bytes() == before


def test_half_an_amount_leaves_half_the_rest(model: Path) -> None:
    clip = noisy()
    whole, half = (separate(clip, model=model, amount=one) for one in (1.0, 0.5))
    np.testing.assert_allclose(half["rest"].samples, 0.5 * whole["rest"].samples, atol=1e-6)


def test_mistakes_are_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="drums"):
        separate(noisy(), model=model, keep="drums")
    with pytest.raises(ArgumentError, match="stems"):
        separate(noisy(), model=model, stems=True)
    with pytest.raises(ModelError):
        separate(noisy(), model="sounds")
    with pytest.raises(ArgumentError, match="xyz"):
        separate_files(noisy(), tmp_path, model=model, format="xyz")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Chords called voice, and noises."""
    root = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    time_s = np.arange(2 * RATE) / RATE
    for name in ("voice", "noise"):
        (root / name).mkdir()
    for i in range(8):
        wave = sum(np.sin(2 * np.pi * f * time_s) for f in rng.uniform(200, 2000, 3))
        Clip(0.1 * wave[None].astype(np.float32), RATE).save(root / "voice" / f"{i}.wav")
        wave = 0.1 * rng.standard_normal((1, 2 * RATE)).astype(np.float32)
        Clip(wave, RATE).save(root / "noise" / f"{i}.wav")
    return root


def test_a_small_net_learns(folder: Path, tmp_path: Path) -> None:
    settings = {
        "net_options": OPTIONS, "crop_s": 0.5, "epochs": 12, "batch_size": 8, "mixes": 96,
        "lr": 5e-3, "waveform": 1.0, "spectral": 0.0,
        "room": 0.0, "snr_low_db": 0.0, "snr_high_db": 0.0, "ema_decay": 0.9,
    }  # fmt: skip
    trained = tympan.train(
        folder, task="separate", from_="scratch", out=tmp_path / "out", settings=settings,
        progress=False,
    )  # fmt: skip
    scores = trained.evaluation.metrics
    assert scores["si_sdr_improvement"] > 1.5
    time_s = np.arange(RATE) / RATE
    target = 0.1 * np.sin(2 * np.pi * 700 * time_s)[None].astype(np.float32)
    mix = target + noisy().samples * (np.std(target) / 0.1)
    found = separate(Clip(mix, RATE), model=tmp_path / "out")
    assert set(found) == {"noise", "voice", "rest"}
    assert si_sdr(found["voice"].samples, target) > 1


def test_one_kind_of_source_is_no_mix(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a mix needs two"):
        tympan.train(folder / "voice", task="separate", from_="scratch", out=tmp_path / "out")


def test_columns_of_sources_ask_for_it(folder: Path, tmp_path: Path) -> None:
    voice, noise = (load(folder / one / "0.wav") for one in ("voice", "noise"))
    for name, wave in (("v", voice.samples), ("m", voice.samples + noise.samples)):
        Clip(wave, RATE).save(tmp_path / f"{name}.wav")
    (tmp_path / "metadata.csv").write_text("mixture,voice\nm.wav,v.wav\n")
    table = tympan.data.read_folder(tmp_path)
    assert "mixtures" in get("separate").claims(table)
    assert get("separate").start_for(table) == "voice"


def test_the_shipped_voice_makes_speech_clearer(shared_data: Path) -> None:
    rows = tympan.data.read_folder(shared_data / "librispeech").where("split", "test-other")
    rng = np.random.default_rng(0)
    gains = []
    for path in rows.paths[:30:10]:
        speech = load(path).samples[:, : 5 * RATE]
        noise = rng.standard_normal(speech.shape)
        noise *= speech.std() / noise.std()
        mix = (speech + noise).astype(np.float32)
        found = clean(Clip(mix, RATE)).samples
        gains.append(si_sdr(found, speech) - si_sdr(mix, speech))
        quiet = clean(Clip(mix * np.float32(0.001), RATE)).samples
        assert np.abs(1000 * quiet - found).max() < 0.05 * np.abs(found).max()
    assert np.mean(gains) > 5
