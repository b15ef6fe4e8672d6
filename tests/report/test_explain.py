"""Every stage of the pipeline is drawn, for any recording."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.report.explain import explain, explaining
from tympan.report.explain_training import augmented
from tympan.tasks.answering import load

STAGES = ["samples", "digitisation", "spectrum", "spectrogram", "mel"]
STAGES += ["augmented", "features", "why", "scores"]


@pytest.mark.browser
def test_every_stage_has_its_picture_and_its_words(
    scene: Clip, model: Path, tmp_path: Path, visit: Any
) -> None:
    written = explain(scene, tmp_path / "out", model=model, label="rain")
    assert [p.stem[3:] for p in written.pictures] == STAGES
    for path in written.pictures:
        pixels = np.asarray(Image.open(path).convert("L"), float)
        assert pixels.shape[1] > 900
        assert pixels.std() > 10, f"{path.name} is empty"
    with visit(written.path, width=360) as v:
        left = "[...document.querySelectorAll('.panel')].map((e) => e.getBoundingClientRect().left)"
        assert len(set(v.page.evaluate(left))) == 1, "on a phone, panels stand below one another"
        assert v.page.evaluate("document.documentElement.scrollWidth") <= 360
        broken = "[...document.images].filter((i) => !i.naturalWidth || !i.alt).length"
        assert v.page.evaluate(broken) == 0
        assert v.page.locator("audio").count() >= 6
        player = "document.querySelectorAll('audio')[1]"
        v.page.evaluate(f"void {player}.play()")
        v.until(f"{player}.currentTime > 0.1")


@pytest.mark.browser
def test_charts_are_dark_in_the_dark(scene: Clip, model: Path, tmp_path: Path, visit: Any) -> None:
    path = explain(scene, tmp_path / "out", model=model, label="rain").path
    with visit(path) as v:
        for scheme, dark in (("light", False), ("dark", True)):
            v.page.emulate_media(color_scheme=scheme)
            for number in (0, 5, -1):
                shot = v.page.locator(".panel img").nth(number).screenshot()
                pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("L"), float) / 255
                paper = float(np.median(pixels[:4]))
                assert (paper < 0.2) is dark, (scheme, number)
                # Letters and axes stand out against it.
                ink = pixels.max() if dark else pixels.min()
                assert abs(ink - paper) > 0.6


def test_a_very_short_recording_of_a_high_rate(model: Path, tmp_path: Path) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, (2, 4410))
    written = explain(Clip(wave, 44100, "$a_b$.wav"), tmp_path, model=model)
    assert len(written.pictures) == len(STAGES)
    assert written.label in ("cat", "dog", "pure_tone", "rain")


def test_training_is_shown_as_it_is(scene: Clip, model: Path) -> None:
    net = load(model, "classify").first_net
    panels = augmented(scene.mono(), net, 3, [100.0 * i for i in range(1, 1 + net.config.n_mels)])
    titles = [panel.title for panel in panels]
    kinds = ["Original", "Shift", "Crop", "Mixed", "Frequency shift", "Filter"]
    kinds += ["Frequency mask", "Time mask"]
    assert len(titles) == len(kinds)
    assert all(title.startswith(kind) for title, kind in zip(titles, kinds, strict=True))
    assert " dB" in titles[5]
    assert " Hz" in titles[6]
    # Sounds can be heard; what is done to the picture can not.
    assert [panel.clip is not None for panel in panels] == [True] * 4 + [False] * 4


def test_silence_is_drawn_too(model: Path, tmp_path: Path) -> None:
    assert explain(Clip(np.zeros(16000), 16000), tmp_path, model=model).path.is_file()


def test_an_unknown_label_is_refused(scene: Clip, model: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="zebra"):
        explain(scene, tmp_path, model=model, label="zebra")


@pytest.mark.parametrize("seed", [2**64, -1, 1.5, "x", None, True])
def test_a_seed_that_is_none_is_refused_before_anything_is_drawn(
    scene: Clip, tmp_path: Path, seed: Any
) -> None:
    with pytest.raises(ArgumentError, match=r"^seed=\S+ (is out of range|cannot be used) \(give "):
        explain(scene, tmp_path / "out", model="no-such-model", seed=seed)
    assert not (tmp_path / "out").exists()


def test_it_says_how_much_of_the_recording_is_read(
    scene: Clip, model: Path, tmp_path: Path
) -> None:
    long = Clip(np.tile(scene.samples, (1, 1 + int(70 / scene.duration_s))), scene.rate_hz)
    steps = explaining(long, tmp_path / "out", model=model, label=None, seed=0)
    seconds = [next(steps) for _ in range(4)]
    assert seconds == sorted(seconds)
    assert seconds[0] < seconds[1] <= seconds[-1] == pytest.approx(long.duration_s, abs=1e-3)
    steps.close()
