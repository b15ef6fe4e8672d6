"""A transcriber of notes as a file gives the scores of the model; the rest is refused in a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tympan.audio import synth
from tympan.errors import ArgumentError
from tympan.exporting import checking, onnx_file
from tympan.exporting.api import export
from tympan.models import list_models
from tympan.notation import pitch_of
from tympan.spectra._fourier import PowerInTwoSteps
from tympan.tasks.answering import load
from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.notes.graph import PlainLevels
from tympan.tasks.notes.net import HEADS, NoteNet


@pytest.mark.parametrize("n_fft", [4096, 1024, 1000, 126, 14])
def test_a_transform_in_two_steps_is_the_transform(n_fft: int) -> None:
    frames = torch.randn(2, 3, n_fft, generator=torch.Generator().manual_seed(n_fft))
    expected = torch.fft.rfft(frames.double()).abs().square()
    found = PowerInTwoSteps(n_fft)(frames)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5 * n_fft)


def test_levels_are_those_of_the_net() -> None:
    config = NotesConfig(width=8, dilations=(1, 2))
    net = NoteNet(config).eval()
    waves = 0.1 * torch.randn(2, net.window(24), generator=torch.Generator().manual_seed(0))
    waves[1] *= 1e-4  # near the floor
    torch.testing.assert_close(PlainLevels(net)(waves), net.levels(waves), atol=1e-3, rtol=0)


def test_the_file_gives_the_scores_of_notes(tmp_path: Path) -> None:
    """On windows of several lengths and batches: those of the model, not of its own graph."""
    (written,) = export("notes", tmp_path / "notes.onnx")
    assert written.size_bytes < 6e6
    model = load("notes", "notes", "cpu")
    run = checking.Runner(written.path)
    facts = onnx_file.metadata(written.path)
    settings, rate_hz = facts["settings"], facts["rate_hz"]
    tone = sum(
        synth.sine(
            frequency_hz=440 * k, duration_s=4.0, rate_hz=rate_hz, amplitude=0.2 / k
        ).samples[0]
        for k in (1, 2, 3, 4)
    )
    for batch, frames in ((1, 60), (2, 14)):
        size = model.net.window(frames)
        wave = torch.from_numpy(np.stack([tone[i : i + size] for i in range(batch)]))
        with torch.no_grad():
            expected = model.net(wave).sigmoid().numpy()
        found = run(wave)
        assert found[0].shape == (batch, 88, frames)
        for i in range(len(HEADS)):
            np.testing.assert_allclose(found[i], expected[:, i], atol=1e-3)
    assert list(written.outputs) == list(HEADS)
    assert facts["labels"][found[HEADS.index("frame")][0, :, 5].argmax()] == "A4"
    assert settings["lowest"] == pitch_of(facts["labels"][0])
    assert settings["onset"] == model.config.onset
    around = round(settings["before_s"] * rate_hz) + round(settings["after_s"] * rate_hz)
    assert size == around + round(14 * settings["frame_s"] * rate_hz)


def test_every_shipped_model_is_exported_or_says_in_a_line_why_not(tmp_path: Path) -> None:
    tasks = {one.name: one.task for one in list_models()}
    names = [one for one, task in tasks.items() if task in ("compose", "separate", "speak")]
    assert {"chorale", "chorale-fill", "voice", "instruments", "en"} <= set(names)
    page = Path(__file__).parents[2].joinpath("docs/verbs/export.md").read_text("utf-8")
    for name in names:
        with pytest.raises(
            ArgumentError, match=f"^{name} cannot be exported( as a whole)?: "
        ) as told:
            export(name, tmp_path / "m.onnx")
        assert "\n" not in str(told.value)
        assert f"`{name}`" in page
    for name in sorted(set(tasks) - set(names)):
        assert load(name, tasks[name], "cpu").graph().outputs


def test_commands_takes_any_batch(tmp_path: Path) -> None:
    (written,) = export("commands", tmp_path / "m.onnx")
    assert written.agreement.largest < 1e-3
    found = checking.Runner(written.path)(0.1 * torch.randn(3, 16_000))[0]
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-3)
