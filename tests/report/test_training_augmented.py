"""The part of the training report that shows what augmentation does."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests_sounds import QUICK, few_recordings
from tympan.report.training_augmented import COUNT, augmented_part
from tympan.tasks import train


def samples(side: dict) -> np.ndarray:
    """The sound of a side of a pair."""
    return soundfile.read(io.BytesIO(base64.b64decode(side["audio"].split(",", 1)[1])))[0]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = few_recordings(tmp_path_factory.mktemp("few") / "few")
    return train(
        folder, from_="scratch", out=tmp_path_factory.mktemp("augmented") / "m", epochs=1,
        progress=False, settings=QUICK | {"mixup_p": 1.0, "crop": 0.5},
    )  # fmt: skip


def test_three_pairs_are_shown_cropped_and_mixed(result):
    part = augmented_part(result.job)
    assert part is not None
    assert len(part.values["cards"]) == COUNT
    for card in part.values["cards"]:
        before, after = card["before"], card["after"]
        assert before["labels"] in ("chirp", "noise", "tone")
        assert len(samples(after)) == pytest.approx(len(samples(before)) / 2, rel=0.01)
        assert before["image"] != after["image"]
    assert any("%" in card["after"]["labels"] for card in part.values["cards"])
    assert part.values["waveform"] == ["Shift"]


def test_one_training_has_one_draw(result):
    first, again = augmented_part(result.job), augmented_part(result.job)
    assert first == again


def test_without_augmentation_both_sides_are_the_same(result):
    plain = {"mixup_p": 0.0, "crop": 1.0, "shift": 0.0, "mask": 0.0, "frequency_shift": 0}
    config = replace(result.job.prepared.config, filter_db=0.0, **plain)
    part = augmented_part(replace(result.job, prepared=replace(result.job.prepared, config=config)))
    assert part is not None
    for card in part.values["cards"]:
        assert card["before"]["labels"] == card["after"]["labels"]
        assert np.allclose(samples(card["before"]), samples(card["after"]), atol=1e-3)
