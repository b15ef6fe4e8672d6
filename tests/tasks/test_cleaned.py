"""Cleaning as the first step: the training keeps it in the card, and answers go the same way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import tympan
from tests_sounds import few_recordings
from tympan.errors import ArgumentError, ModelError
from tympan.models import load_card
from tympan.tasks import answering, train
from tympan.tasks.cleaned import cleaner_of, named_in
from tympan.tasks.inputs import ModelInput
from tympan.tasks.job import opened

RATE = 16_000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return few_recordings(tmp_path_factory.mktemp("cleaned") / "few", each=10)


@pytest.fixture(scope="module")
def model(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cleaned-model") / "m"
    lines: list[str] = []
    train(recordings, out=out, clean=True, epochs=0, progress=False, say=lines.append)
    assert any("cleaned first, by voice" in line for line in lines)
    return out


def noisy() -> tympan.Clip:
    rng = np.random.default_rng(3)
    wave = 0.1 * np.sin(2 * np.pi * 440 / RATE * np.arange(2 * RATE))
    return tympan.Clip((wave + 0.05 * rng.standard_normal(len(wave)))[None].astype("f4"), RATE)


def scores(clip: tympan.Clip, model: Path) -> dict[str, float]:
    return {one.label: one.score for one in tympan.classify(clip, model=model).labels}


def test_the_card_says_it_and_answers_are_those_about_the_voice_alone(model, tmp_path):
    assert named_in(load_card(model)) == "voice"
    clip = noisy()
    found = scores(clip, model)

    plain = tmp_path / "plain"
    plain.mkdir()
    for path in model.glob("*.*"):
        (plain / path.name).write_bytes(path.read_bytes())
    card = json.loads((plain / "card.json").read_text("utf-8"))
    del card["data"]["cleaning"]
    (plain / "card.json").write_text(json.dumps(card), "utf-8")
    by_hand, without = scores(tympan.clean(clip, device="cpu"), plain), scores(clip, plain)
    assert found == pytest.approx(by_hand, abs=1e-4)
    assert max(abs(found[k] - without[k]) for k in found) > 1e-3


def test_a_stream_is_cleaned_as_a_file_is(model):
    loaded = answering.load(model, "classify", "cpu")
    clip = noisy()
    whole = loaded(clip)
    blocks = [clip.samples[:, i : i + 1234] for i in range(0, clip.num_samples, 1234)]
    last = list(loaded.stream(blocks))[-1]
    assert last.label == whole.timeline[-1].label
    assert last.end_s == pytest.approx(whole.timeline[-1].end_s, abs=0.01)


def test_training_and_evaluation_read_cleaned_sound_under_the_same_keys(recordings):
    table = tympan.data.read_folder(recordings)
    plain, keys = opened(table, RATE)
    cleaned, same = opened(table, RATE, "voice")
    assert list(keys) == list(same)
    path = table[0].path
    assert cleaned.length(path) == plain.length(path)
    expected = tympan.clean(tympan.load(path, rate_hz=RATE), device="cpu").samples
    assert np.abs(cleaned.wave(path) - expected).max() < 1e-3
    assert np.abs(cleaned.wave(path) - plain.wave(path)).max() > 1e-2


def test_what_is_scored_after_a_training_is_scored_again_by_evaluate(model, recordings):
    before = load_card(model).metrics["scores"][0]["value"]
    assert tympan.evaluate(model, recordings).scores[0].value == pytest.approx(before)


def test_the_same_folder_does_not_go_on_without_it(model, recordings):
    with pytest.raises(ModelError, match="other recordings to train on"):
        train(recordings, out=model, epochs=0, progress=False)


def test_every_sample_goes_through(tmp_path):
    way = ModelInput(44_100, 2, RATE, True, cleaner_of("voice"))
    wave = np.random.default_rng(0).standard_normal((2, 44_100)).astype("f4") * 0.1
    parts = [way.push(wave[:, :10]), way.push(wave[:, 10:]), way.finish()]
    plain = ModelInput(44_100, 2, RATE)
    count = plain.push(wave).shape[1] + plain.finish().shape[1]
    assert sum(one.shape[1] for one in parts) == count


def test_what_cannot_be_cleaned_is_said(recordings, tmp_path):
    with pytest.raises(ArgumentError, match="not cleaned for 'separate'"):
        train(recordings, task="separate", out=tmp_path / "m", clean=True, progress=False)
    with pytest.raises(ModelError, match="cleaned by 'magic'"):
        cleaner_of("magic")
