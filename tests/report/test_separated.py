"""The page of `hear` with the sources of a mix."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import tympan
from tests_separate import save_separator
from tympan.audio import Clip
from tympan.report.parts import Shown
from tympan.report.separated import SCRIPT, outline, parts
from tympan.tasks.results import Separation


def saved(path: Path, gain: float) -> Path:
    rng = np.random.default_rng(0)
    return Clip(gain * rng.standard_normal((1, 8000)).astype(np.float32), 8000).save(path)


def shown(answer: Separation, nothing: str = "") -> Shown[Separation]:
    return Shown(answer, "Take it apart.", answer.duration_s, nothing)


def test_a_lane_for_each_source(tmp_path: Path) -> None:
    files = {"voice": saved(tmp_path / "v.wav", 0.1), "rest": saved(tmp_path / "r.wav", 0.001)}
    (part,) = parts(shown(Separation("m.wav", files, 1.0))).sections
    lanes = part.values["lanes"]
    assert [one.label for one in lanes] == ["voice", "rest"]
    assert [one.note for one in lanes] == ["the loudest", "40 dB below"]
    assert all(one.src.startswith("data:audio/wav;base64,") for one in lanes)
    assert part.script == SCRIPT


def test_silence_shows_nothing(tmp_path: Path) -> None:
    answer = Separation("m.wav", {"voice": saved(tmp_path / "v.wav", 0.0)}, 1.0)
    assert not parts(shown(answer, "silence")).sections
    assert parts(shown(answer)).sections[0].values["lanes"][0].note in ("silent", "the loudest")


def test_the_outline_is_as_high_as_the_peaks() -> None:
    assert outline(np.array([0.5, 0.0]), 1.0).startswith("M0 51L1 100L1 100L0 149")


def test_hear_shows_it_where_it_is_asked_for(tmp_path: Path) -> None:
    clip = Clip(0.1 * np.random.default_rng(0).standard_normal((1, 8000)).astype("f4"), 8000, "a")
    folder = save_separator(tmp_path / "small")
    report = tympan.hear(clip, tmp_path / "page.html", models=[str(folder)])
    html = report.path.read_text("utf-8")
    assert html.count('data-mixer="solo"') >= 2
    assert "AudioContext" in html
    plain = tympan.hear(clip, tmp_path / "plain.html", models=[])
    assert 'data-mixer="solo"' not in plain.path.read_text("utf-8")
