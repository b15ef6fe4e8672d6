"""The pages of monitors, segmenters and taggers, on a desktop and on a telephone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tympan
from tests_machine import machine
from tests_sounds import sound
from tympan.audio import Clip, concat, synth

pytestmark = pytest.mark.filterwarnings("ignore::tympan.errors.TympanWarning")
TAGS = ("chirp", "noise", "tone")
# A name as users give them: it must not push a page apart.
LONG_NAME = "steady_tone_of_the_big_ventilator"


def of_monitor(root: Path) -> tuple[Path, Clip]:
    for i in range(12):
        machine(4, i).save(root / "data" / "normal" / f"{i}.wav")
    return root / "data", machine(6, 77, whistle=0.03)


def of_tags(root: Path) -> tuple[Path, Clip]:
    rows = ["file,label"]
    for i in range(24):
        kinds = [kind for k, kind in enumerate(TAGS) if (i + k) % 3 != 0]
        clip = synth.white_noise(duration_s=0.9, rate_hz=16000, amplitude=0.001, seed=i)
        for kind in kinds:
            clip = clip.mix(sound(kind, i + 7))
        clip.save(root / "data" / f"{i:02d}.wav")
        names = [LONG_NAME if kind == "tone" else kind for kind in kinds]
        rows.append(f"{i:02d}.wav,{';'.join(names)}")
    (root / "data" / "metadata.csv").write_text("\n".join(rows))
    return root / "data", concat([sound(kind, 3) for kind in TAGS])


def of_segments(root: Path) -> tuple[Path, Clip]:
    rng = np.random.default_rng(0)
    rows, clips = ["file_name,start_s,end_s,label"], []
    for i in range(8):
        wave = 0.01 * rng.standard_normal(6 * 8000)
        for j in range(5):
            start, hz = 0.3 + 1.1 * j, (300, 2000)[(i + j) % 2]
            t = np.arange(4800) / 8000
            first = round(start * 8000)
            wave[first : first + 4800] += 0.2 * np.sin(2 * np.pi * hz * t)
            rows.append(f"{i}.wav,{start:.2f},{start + 0.6:.2f},{('low', LONG_NAME)[(i + j) % 2]}")
        clips.append(Clip(wave[None].astype(np.float32), 8000))
        clips[-1].save(root / "data" / f"{i}.wav")
    (root / "data" / "metadata.csv").write_text("\n".join(rows))
    return root / "data", clips[0]


QUICK: dict[str, dict[str, Any]] = {
    "monitor": {"epochs": 1},
    "tag": {"epochs": 1},
    "segment": {
        "epochs": 10,
        "settings": {"widths": [8, 16], "features": 32, "n_mels": 24, "crop_s": 4.0,
                     "batch_size": 8, "lr": 5e-3, "mixup_p": 0.0, "mask": 0.0},
    },
}  # fmt: skip
MADE = {"monitor": of_monitor, "tag": of_tags, "segment": of_segments}


@pytest.fixture(scope="module", params=list(MADE))
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The report of a training, and what `hear` writes with the model that came of it."""
    root = tmp_path_factory.mktemp(request.param)
    (root / "data" / "normal").mkdir(parents=True)
    if request.param != "monitor":
        (root / "data" / "normal").rmdir()
    data, clip = MADE[request.param](root)
    model = tympan.train(
        data, task=request.param, out=root / "model", progress=False, **QUICK[request.param]
    ).folder
    heard = tympan.hear(clip, root / f"{request.param}.html", models=[model]).path
    return [model / "report.html", heard]


@pytest.mark.browser
@pytest.mark.slow
def test_nothing_is_cut_off_at_the_width_of_a_desktop_or_a_telephone(
    pages: list[Path], visit: Any
) -> None:
    """No page scrolls sideways; what is wider than it, such as a table, has a scroll bar."""
    for path in pages:
        for width in (1280, 360):
            with visit(path, width=width) as v:
                for summary in v.page.locator("summary").all():
                    if summary.is_visible():
                        summary.click()
                assert v.page.evaluate("document.documentElement.scrollWidth") <= width, path
                assert v.page.evaluate(CUT_OFF) == [], (path, width)


# Elements with text that reach beyond the window and beyond whatever scrolls around them.
CUT_OFF = """
[...document.querySelectorAll("h1, h2, h3, p, li, td, th, button, figcaption, summary")]
  .filter(one => {
    const box = one.getBoundingClientRect();
    if (!box.width || !one.textContent.trim() || box.right <= innerWidth + 1) return false;
    for (let up = one.parentElement; up; up = up.parentElement)
      if (/auto|scroll/.test(getComputedStyle(up).overflowX)) return false;
    return true;
  }).map(one => one.textContent.trim().slice(0, 60))
"""
