"""The recipe of the vocoder's correction: its data, what it trains by, what it writes."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recipes import vocoder as recipe
from tympan.training.learner import NET

FRAMES = 90


def voice(seed: int, frames: int = FRAMES) -> np.ndarray:
    """Pulses at 120 Hz in a little noise, (t,)."""
    wave = 0.01 * np.random.default_rng(seed).standard_normal(frames * 300)
    wave[::200] += 0.5
    return wave.astype(np.float32)


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """A teacher of two voices, one of them held out, and real sentences."""
    teacher, shared = tmp_path / "teacher", tmp_path / "shared"
    for name in ("heart", recipe.HELD_OUT[0]):
        (teacher / name).mkdir(parents=True)
        for i in range(3):
            soundfile.write(teacher / name / f"{i:05d}.flac", voice(i), 24000)
            f0 = np.full(FRAMES, 120, np.float32)
            f0[:9] = 30  # a trace of a pitch that the teacher does not use
            np.savez(teacher / name / f"{i:05d}.npz", f0=f0)
    (shared / "kerstin" / "audio").mkdir(parents=True)
    with (shared / "kerstin" / "metadata.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "text"])
        for i in range(recipe.KERSTIN_HELD_OUT + 2):
            writer.writerow([f"audio/{i}.wav", "Ja."])
            if i < 2:
                soundfile.write(shared / "kerstin" / "audio" / f"{i}.wav", voice(i), 24000)
    recipe.prepare(teacher, shared, tmp_path / "out")
    return tmp_path / "out"


def test_what_is_held_out_is_not_prepared(speech: Path) -> None:
    for name, group, count in (("teacher", "heart", 3), ("kerstin", "kerstin", 2)):
        rows = json.loads((speech / name / "speech.json").read_text())
        assert [row["group"] for row in rows] == [group] * count
    f0 = np.load(speech / "teacher" / "f0.npy")
    assert f0[:FRAMES].tolist() == [0] * 9 + [120] * (FRAMES - 9)
    # Nobody knows the pitch of the real ones but the tracker.
    assert np.median(np.load(speech / "kerstin" / "f0.npy")) == pytest.approx(120, rel=0.01)


def test_wave_and_pitch_of_a_crop_belong_together(speech: Path) -> None:
    crops = recipe.Crops(speech, training=True)
    rng = np.random.default_rng(0)
    for _ in range(10):
        item = crops.item(0, rng)
        assert item["wave"].shape == ((recipe.CROP + 2 * recipe.EDGE) * 300,)
        assert item["f0"].shape == (recipe.CROP + 2 * recipe.EDGE,)
        # The level is drawn, the place of pulses and silence is not.
        assert float(item["wave"].abs().max()) > 0.1
    kept = recipe.Crops(speech, training=False)
    assert {(s.group, s.name) for s in kept.sentences} == {("heart", "00000"), ("kerstin", "0")}
    assert len(kept.sentences) + len(crops.sentences) == 5
    wave = kept.item(0, None)["wave"]
    wanted = voice(0)[(FRAMES - 68) // 2 * 300 :][: 68 * 300]
    np.testing.assert_allclose(wave, wanted, atol=1e-4)


def test_blur_keeps_what_is_smooth_and_smears_what_is_not() -> None:
    mels = torch.zeros(2, 80, 64)
    mels[0] -= 5.0
    mels[1, 40, 32] = 6.0
    rng = torch.Generator().manual_seed(4)
    smooth = recipe.blurred(mels, rng)
    assert smooth.shape == mels.shape
    assert float((smooth[0] + 5).abs().max()) < 4 * recipe.NOISE
    assert 0.2 < float(smooth[1, 40, 32]) < 6.0


def test_a_kernel_sums_to_one_and_has_its_width() -> None:
    for sigma in (0.0, 0.5, 1.2):
        kernel = recipe.gaussian(sigma)
        place = torch.arange(len(kernel)) - len(kernel) // 2
        assert float(kernel.sum()) == pytest.approx(1)
        assert float((kernel * place**2).sum()) ** 0.5 == pytest.approx(sigma, abs=0.05)


@pytest.mark.slow
def test_it_trains_goes_on_and_ships(speech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    monkeypatch.setattr(recipe, "ROWS_IN_EPOCH", 4)
    monkeypatch.setattr(recipe, "SHAPE", recipe.CorrectionConfig(features=16, depth=1, kernel=3))
    monkeypatch.setattr(
        recipe, "TRAINING", recipe.TrainingConfig(batch_size=2, ema_decay=0.5, lr=0.01)
    )
    recipe.train(speech, speech / "training", 2)
    recipe.train(speech, speech / "training", 2)  # finished: nothing happens
    recipe.train(speech, speech / "further", 1, speech / "training")
    start = json.loads((speech / "further" / "history.json").read_text())["start"]
    before = json.loads((speech / "training" / "history.json").read_text())
    assert start["distance"] == pytest.approx(-before["best"])
    recipe.ship(speech, speech / "training")
    fields = json.loads((speech / "vocoder.json").read_text())
    assert fields["metrics"]["epochs"] == 2
    assert set(fields["data"]["minutes"]) == {"heart", "kerstin"}
    net = recipe.VocoderLearner().nets[NET]
    net.load_state_dict(load_file(speech / "vocoder.safetensors"))
    assert fields["parameters"] == sum(p.numel() for p in net.parameters())
