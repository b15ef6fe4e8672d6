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
from tympan.report.tracks import Span
from tympan.report.why import cards, picture, reason_for
from tympan.tasks.answering import load
from tympan.tasks.classify import explain
from tympan.tasks.classify.explanation import Explanation, Reason
from tympan.tasks.results import Segment


def explanation(label: str, start_s: float, score: float = 0.8) -> Explanation:
    middles_hz = np.linspace(100.0, 7900.0, 64)
    flat, heat = np.zeros((64, 100)), np.ones((4, 8))
    return Explanation("a", label, score, start_s, 1.0, flat, heat, middles_hz)


TIMELINE = [
    Segment(0.0, 1.0, "pure_tone", 0.9),
    Segment(1.0, 2.0, "rain", 0.6),
    Segment(2.0, 2.4, "pure_tone", 0.95),
    Segment(2.4, 3.0, "cat", 0.1),
]
REASONS = [
    Reason(TIMELINE[0], explanation("pure_tone", 0.2), best=True),
    Reason(TIMELINE[1], explanation("rain", 1.1), best=True),
    Reason(TIMELINE[2], explanation("pure_tone", 1.8), best=False),
]


def as_span(s: Segment) -> Span:
    return Span(s.start_s, s.end_s, s.label, s.score)


def test_each_segment_points_to_its_own_reason_or_to_the_clearest_of_its_kind() -> None:
    found = cards(REASONS, 3.0, "q1")
    assert [card.label for card in found] == ["pure tone", "rain", "pure tone"]
    assert len({card.id for card in found}) == 3
    assert "this window alone: 80" in found[0].text
    assert "Mean over the segment, 0.0 s to 1.0 s: 90" in found[0].text
    assert "pure tone" in found[0].alt
    first, second, third = (card.id for card in found)
    assert [reason_for(as_span(s), found) for s in TIMELINE] == [
        (first, True),
        (second, True),
        (third, True),
        ("", False),  # a mere guess has none
    ]
    assert reason_for(Span(2.5, 2.6, "rain", 0.5), found) == (second, False)
    assert reason_for(Span(2.5, 2.6, "pure_tone", 0.5), found) == (first, False)
    assert reason_for(Span(2.5, 2.6, "dog", 0.9), found) == ("", False)


def test_the_window_shown_is_no_less_sure_than_the_segment(scene: Clip, model: Path) -> None:
    ready = load(model, "classify")
    session = ready.explaining_session(name="scene", every_s=0.4)
    session.push(scene.mono().samples)
    answer = session.result()
    found = session.reasons()
    assert found
    for reason in found:
        assert reason.segment in answer.timeline
        assert reason.explanation.score >= reason.segment.score - 1e-5
        assert reason.explanation.start_s >= 0
        assert reason.explanation.start_s + reason.explanation.duration_s <= 3.0 + 1e-9
    whole = explain(ready, scene)
    assert whole.label == ready(scene).best.label
    assert whole.score >= ready(scene).best.score - 1e-5


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
    report = hear(scene, tmp_path / "report.html", models=model, every_s=0.5)
    assert report.answer is not None
    text = report.path.read_text("utf-8")
    for heading in ("Listen and look", "Why", "Spectrum", "The recording", "The model that"):
        assert f">{heading}" in text
    assert 'class="lane"' in text
