"""The shipped `music-tags`: it loads, is small, and answers."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

import tympan
from tympan import synth
from tympan.models import load_model
from tympan.models.catalogue import shipped_folder
from tympan.tasks.registry import get
from tympan.tasks.results import Tags

NAME = "music-tags"
INSTRUMENTS = {
    "piano", "mallets", "organ", "guitar", "bass", "strings", "choir", "brass", "reeds", "flutes",
    "drums",
}  # fmt: skip


def melody() -> tympan.Clip:
    """A scale of decaying harmonic tones, five seconds."""
    rate_hz, tones = 16000, []
    for step in (0, 2, 4, 5, 7, 9, 11, 12, 7, 0):
        tone = sum(
            synth.sine(262 * 2 ** (step / 12) * n, duration_s=0.5, rate_hz=rate_hz) * (0.3 / n)
            for n in range(1, 6)
        )
        assert isinstance(tone, tympan.Clip)
        decay = np.exp(-6 * np.arange(tone.num_samples) / rate_hz)
        tones.append(tympan.Clip((tone.samples * decay).astype(np.float32), rate_hz))
    return tones[0].concat(*tones[1:])


def answer() -> Tags:
    """What the shipped model says about the melody."""
    found: Tags = get("tag").load(load_model(NAME), "cpu")(melody())
    return found


def test_it_answers_without_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = answer()
    assert found.model == NAME
    assert not found.warnings
    card = load_model(NAME).card
    assert {one.label for one in found.tags} == set(card.labels)
    assert all(0 <= one.score <= 1 for one in found.tags)
    assert found.chosen


def test_one_instrument_is_no_ensemble() -> None:
    scores = {one.label: one.score for one in answer().tags}
    assert scores["solo"] > scores["ensemble"]
    assert scores["drums"] < 0.5


def test_its_card_says_what_it_is() -> None:
    card = load_model(NAME).card
    assert card.task == "tag"
    assert card.licence
    assert 1e5 < card.parameters < 2e6
    assert {"piano", "drums", "solo", "Bach chorale", "folk jig", "slow", "major"} <= {*card.labels}
    assert len(card.config["thresholds"]) == len(card.labels)
    assert isinstance(card.data, dict)
    # What it was trained on allows it; what was only tested on does not.
    assert not any("GPL" in str(one) for one in card.data["licences"].values())
    assert {"real_music", "philharmonia"} == set(card.metrics["real_recordings"])
    assert card.scores[0].name == "map"
    assert card.scores[0].interval is not None
    assert card.known_failures
    assert len(card.metrics["per_label"]) == len(card.labels)
    assert card.metrics["nottingham"]["count"] > 80
    for one in card.metrics["real_recordings"].values():
        low, high = one["auroc_interval"]
        assert low <= one["auroc"] <= high
    size = sum(path.stat().st_size for path in (shipped_folder() / NAME).iterdir())
    assert size < 3e6


def test_a_recorded_jazz_trio_gets_its_instruments(shared_data: Path) -> None:
    (path,) = (shared_data / "real_music" / "jtd").glob("*[0-9a-f].opus")
    scores = {one.label: one.score for one in tympan.tag(path).tags}
    instruments = [*scores.keys() & INSTRUMENTS]
    assert len(instruments) == len(INSTRUMENTS)
    highest = sorted(instruments, key=lambda one: -scores[one])[:3]
    assert {*highest} == {"drums", "piano", "bass"}
    assert scores["ensemble"] > max(scores["solo"], scores["duo"])
