from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tympan.errors import ArgumentError
from tympan.tasks.segment.answer import SegmentModel
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.net import Segmenter
from tympan.tasks.speakers import SpeakersModel
from tympan.tasks.speakers.speech import SpeechFrames

FRAME = 480


def random_model(labels: tuple[str, ...] = ("speech",), **settings: Any) -> SegmentModel:
    """A small causal net with random weights, whose probabilities lie about 0.5."""
    config = SegmentConfig(
        widths=(4, 8), features=8, causal=True, lookahead=3, n_fft=512, hop=160, **settings
    )
    torch.manual_seed(0)
    return SegmentModel(Segmenter(config, len(labels)).eval(), config, labels, "tiny")


def wave(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    size = round(16000 * seconds)
    return (rng.standard_normal(size) * (np.sin(np.arange(size) / 4000) > 0)).astype(np.float32)


@pytest.mark.parametrize("block", [500, 3333, 16000, 10**6])
def test_frames_are_those_of_the_probabilities(block: int) -> None:
    model, x = random_model(), wave(5.3)
    probabilities = model.probabilities([x[None]])[0]
    onset = (np.round(255 * np.median(probabilities)) - 0.5) / 255
    frames = SpeechFrames(model, FRAME, onset)
    for start in range(0, len(x), block):
        frames.push(x[start : start + block])
        assert frames.decided <= start + block
    frames.finish()
    assert frames.decided >= len(x) - 320
    wanted = np.round(255 * probabilities) >= 255 * onset
    middles = np.arange(0, len(x), FRAME) + FRAME // 2
    expected = wanted[np.minimum(middles // 320, len(wanted) - 1)]
    found = frames.frames(len(x), onset)
    assert 0.2 < found.mean() < 0.8
    assert found.tolist() == expected.tolist()
    wider = frames.frames(len(x), onset, 0.1)
    assert wider.mean() > found.mean()
    assert wider[found].all()
    assert frames.share(3200, 6400) == pytest.approx(wanted[10:20].mean())


def test_nothing_has_no_frames() -> None:
    frames = SpeechFrames(random_model(), FRAME)
    frames.finish()
    assert len(frames.frames(0, 0.5)) == 0


def test_a_model_of_several_labels_finds_no_speech() -> None:
    with pytest.raises(ArgumentError, match="has 2 labels"):
        SpeechFrames(random_model(("a", "b")), FRAME)


def test_both_models_take_one_rate() -> None:
    from made_voices import spectrum_model

    with pytest.raises(ArgumentError, match="tiny takes 8000 Hz, spectrum 16000 Hz"):
        SpeakersModel(spectrum_model(), random_model(rate_hz=8000))
