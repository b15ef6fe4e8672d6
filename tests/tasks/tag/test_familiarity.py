"""A tagger says what is unlike its training recordings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_sounds import sound
from tympan import synth
from tympan.models import load_card


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tags")
    rows = []
    for i in range(36):
        kind = ("tone", "chirp")[i % 2]
        clip = sound(kind, 10 * i)
        clip.save(root / f"{i}.wav")
        rows.append((f"{i}.wav", f"{kind};{'long' if clip.duration_s > 0.65 else 'short'}"))
    with (root / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "label"), *rows])
    found = tympan.train(root, out=root / "model", task="tag", progress=False)
    assert "false_rejection" in found.metrics
    return found.folder


def noise():
    return synth.white_noise(duration_s=0.8, rate_hz=16000, amplitude=0.3, seed=0)


def test_unlike_sounds_are_unfamiliar_and_get_no_tags_where_rejected(model: Path):
    found = tympan.tag(noise(), model=model, threshold=0.0)
    assert found.unfamiliar
    assert found.chosen
    assert "unlike anything it was trained on" in str(found)
    rejected = tympan.tag(noise(), model=model, threshold=0.0, reject=True)
    assert rejected.chosen == ()
    assert rejected.timeline == ()
    assert rejected.to_json()["unfamiliar"] is True
    assert [one.score for one in rejected.tags] == [one.score for one in found.tags]


def test_known_sounds_keep_their_tags(model: Path):
    found = [tympan.tag(sound("tone", 7000 + i), model=model, reject=True) for i in range(8)]
    assert np.median([one.familiarity for one in found]) > 0.1
    assert all(one.chosen for one in found if not one.unfamiliar)
    assert "familiarity" in found[0].to_json()
    assert "familiarity" in load_card(model).known_failures[0]
