"""Cleaning as the first step: the training keeps it in the card, and answers go the same way."""

from __future__ import annotations

import json
from dataclasses import replace
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
from tympan.tasks.identify.book import read_book
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


def speaker(noise: float = 0.5, seed: int = 0) -> tympan.Clip:
    """A synthetic voice in noise."""
    text = "The keys of the old house are in the drawer beside the window."
    voice = tympan.speak(text).resample(RATE)
    rng = np.random.default_rng(seed)
    level = float(np.sqrt(np.mean(voice.samples**2)))
    added = noise * level * rng.standard_normal(voice.samples.shape).astype("f4")
    return tympan.Clip(voice.samples + added, voice.rate_hz, name="noisy")


def test_voices_are_compared_after_the_noise_is_gone_in_every_verb(tmp_path):
    noisy_ = speaker()
    noisy_.save(tmp_path / "noisy.wav")
    by_hand = tympan.clean(noisy_, device="cpu")
    book, bare = tmp_path / "book.tympan", tmp_path / "bare.tympan"
    tympan.enroll("Ann", noisy_, book=book)
    tympan.enroll("Ann", by_hand, book=bare, clean=False)
    (one,), (other,) = (read_book(path).voices["Ann"] for path in (book, bare))
    assert np.dot(one.vector, other.vector) > 0.999
    tympan.enroll("Ann", noisy_, book=tmp_path / "without.tympan", clean=False)
    (without,) = read_book(tmp_path / "without.tympan").voices["Ann"]
    assert np.dot(one.vector, without.vector) < 0.99

    found = tympan.identify(noisy_, book=book)
    assert found.similarity > 0.999
    with pytest.raises(ArgumentError, match=r"without the noise.*add --clean"):
        tympan.identify(noisy_, book=book, clean=False)
    with pytest.raises(ArgumentError, match=r"with the noise.*add --no-clean"):
        tympan.enroll("Ann", noisy_, book=tmp_path / "without.tympan")
    assert tympan.verify(noisy_, by_hand).similarity > 0.98
    assert tympan.verify(noisy_, by_hand, clean=False).similarity < 0.98


@pytest.mark.parametrize("clean", [True, False])
def test_speakers_get_the_names_of_a_book_that_was_cleaned_or_not(clean, tmp_path):
    book = tmp_path / "book.tympan"
    tympan.enroll("Ann", speaker(), book=book, clean=clean)
    noisy_ = speaker(0.7, seed=1)
    found = tympan.segment(noisy_, model="speakers", book=str(book), speakers=1)
    assert {one.label for one in found.segments} == {"Ann"}


def test_every_question_can_be_cleaned_before_or_not(model):
    clip = noisy()
    cleaned = tympan.classify(clip, model=model)
    plain = tympan.classify(clip, model=model, clean=False)
    assert cleaned.labels != plain.labels
    again = tympan.classify(clip, model=model, clean=True)
    assert again.labels == cleaned.labels  # not twice


def test_a_page_and_a_watch_answer_about_the_cleaned_sound(tmp_path):
    from tympan.live.listener import load_models
    from tympan.live.rules import ModelSpec

    clip = noisy()
    wanted = tympan.classify(clip, clean=True).labels
    report = tympan.hear(clip, tmp_path / "page.html", models=["sounds"], clean=True)
    assert report.answer.labels == wanted
    plain = tympan.hear(clip, tmp_path / "plain.html", models=["sounds"])
    assert plain.answer.labels == tympan.classify(clip).labels != wanted

    (one,) = load_models([ModelSpec("sounds")], "cpu", clean=True)
    assert one.model(clip).labels == wanted
    (one,) = load_models([ModelSpec("sounds", clean=False)], "cpu", clean=True)
    assert one.model(clip).labels == plain.answer.labels


def test_rules_say_whether_a_model_cleans(tmp_path):
    from tympan.live import load_rules

    path = tmp_path / "rules.toml"
    text = '[[model]]\nname = "sounds"\nclean = true\n[[rule]]\nname = "any"\nthreshold = 0.9\n'
    path.write_text(text, "utf-8")
    (spec,) = load_rules(path).models
    assert spec.clean is True
    assert not spec.options
    path.write_text(text.replace("true", '"yes"'), "utf-8")
    with pytest.raises(ArgumentError, match=r"line 3.*neither true nor false"):
        load_rules(path)


def test_an_example_is_cleaned_as_the_archive_was(tmp_path):
    from tympan.tasks.embed.index import Index

    clip = noisy()
    found = tympan.embed(clip, clean=True)
    files = np.array(["a.wav"])
    vector = np.asarray(found.vector, np.float32)[None]
    index = Index(vector, files, np.zeros(1), np.full(1, 2.0), found.model, found.fingerprint)
    (match,) = tympan.find(clip, index)
    assert match.similarity > 0.999
    plain = replace(index, fingerprint=found.fingerprint.removesuffix("+cleaned"))
    (match,) = tympan.find(clip, plain)
    assert match.similarity < 0.999


def test_a_training_goes_on_as_its_start_model_does(model, recordings, tmp_path):
    lines: list[str] = []
    settings = {"from_": model, "epochs": 0, "progress": False, "say": lines.append}
    train(recordings, out=tmp_path / "same", **settings)
    assert any("cleaned first, by voice" in line for line in lines)
    assert named_in(load_card(tmp_path / "same")) == "voice"
    train(recordings, out=tmp_path / "without", clean=False, **settings)
    assert named_in(load_card(tmp_path / "without")) == ""


def test_a_training_on_cleaned_recordings_is_not_gone_on_with_on_others(recordings, tmp_path):
    settings = {"epochs": 1, "progress": False, "say": lambda line: None}
    train(recordings, out=tmp_path / "one", clean=True, **settings)
    with pytest.raises(ModelError, match="other"):
        train(recordings, out=tmp_path / "one", clean=False, **settings)
