"""Why an answer was given: the picture is bright where the model's reasons lie."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tympan.audio import Clip
from tympan.report.hear import hear
from tympan.report.why import picture, reason_for, reasons
from tympan.tasks.ask import load
from tympan.tasks.classify import classify, explain
from tympan.tasks.classify.explanation import Explanation, clearest_window, explain_window
from tympan.tasks.results import Segment


def test_one_reason_per_sound_where_it_is_clearest(scene: Clip, model: Path) -> None:
    timeline = [
        Segment(0.0, 1.0, "pure_tone", 0.9),
        Segment(1.0, 2.0, "rain", 0.6),
        Segment(2.0, 2.4, "pure_tone", 0.95),
        Segment(2.4, 3.0, "cat", 0.1),
    ]
    found = reasons(scene, timeline, scene.duration_s, model)
    assert [r.label for r in found if r.best] == ["pure_tone", "rain"]
    assert all(0.4 < r.end_s - r.start_s <= 1.0 for r in found)
    assert "this window alone: " in found[0].told
    assert "Mean over the segment, 0.0 s to 1.0 s: 90" in found[0].told
    assert "pure_tone" in found[0].alt
    # Each segment points to its own reason, or to the clearest of its kind; a mere guess to none.
    assert [reason_for(s, found) for s in timeline] == [
        (0, True),
        (1, True),
        (2, True),
        (None, False),
    ]
    assert reason_for(Segment(2.5, 2.6, "rain", 0.5), found) == (1, False)
    assert reason_for(Segment(2.5, 2.6, "dog", 0.9), found) == (None, False)


def test_the_window_shown_is_no_less_sure_than_the_segment(scene: Clip, model: Path) -> None:
    answer = classify(scene, model=model)
    ready = load(model, "classify")
    for segment in answer.timeline:
        window = clearest_window(ready, scene, segment, scene.duration_s)
        why = explain_window(ready, scene, segment.label, window)
        assert why.score >= segment.score - 1e-5
        assert (why.start_s, why.start_s + why.duration_s) == pytest.approx(window)
    whole = explain(ready, scene)
    assert whole.score >= answer.best.score - 1e-5
    assert whole.label == answer.best.label


def test_of_many_segments_only_the_clearest_are_explained(scene: Clip, model: Path) -> None:
    timeline = [Segment(i / 20, (i + 1) / 20, ("rain", "dog")[i % 2], 0.9) for i in range(60)]
    found = reasons(scene, timeline, scene.duration_s, model)
    assert len(found) == 24
    assert sorted(r.label for r in found if r.best) == ["dog", "rain"]
    assert [r.number for r in found] == list(range(24))


def test_a_file_and_its_clip_have_the_same_reasons(
    scene: Clip, model: Path, tmp_path: Path
) -> None:
    path = scene.save(tmp_path / "a.wav", subtype="FLOAT")
    timeline = [Segment(0.5, 2.5, "rain", 0.6)]
    assert reasons(path, timeline, 3.0, model) == reasons(scene, timeline, 3.0, model)


def test_bright_is_where_the_heat_is() -> None:
    heat = np.zeros((4, 8))
    heat[:, 6:] = 1.0
    heat[:, 0] = -5.0  # what spoke against the label stays dark
    flat = np.zeros((64, 100))
    data = picture(Explanation("a", "dog", 0.5, 0.0, 1.0, flat, heat, np.zeros(64)))
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))), float)
    assert pixels.shape == (64, 100, 3)
    assert pixels[:, 90:].mean() > 4 * pixels[:, :60].mean()
    assert pixels[:, :5].mean() == pytest.approx(pixels[:, 20:60].mean(), rel=0.05)


def test_hear_with_a_model_shows_everything(scene: Clip, model: Path, tmp_path: Path) -> None:
    report = hear(scene, tmp_path / "report.html", model=model, every_s=0.5)
    assert report.answer is not None
    text = report.path.read_text("utf-8")
    for heading in ("Listen and look", "Why", "Spectrum", "The recording", "The model that"):
        assert f">{heading}" in text
    assert 'class="lane"' in text
