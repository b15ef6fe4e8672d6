"""The card says what the model is, what it was trained on, and where it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests_sounds import QUICK, few_recordings
from tympan.models import Card, Score, load_model, save_model
from tympan.tasks import train
from tympan.tasks.answering import load
from tympan.tasks.classify import ClassifyConfig
from tympan.tasks.classify.scoring import validated_temperature
from tympan.tasks.contract import Evaluation
from tympan.tasks.familiarity import PREFIX
from tympan.tasks.saving import draft_card, scored_card


def card_of(folder: Path) -> dict:
    return json.loads((folder / "card.json").read_text())


def test_the_card_says_what_the_model_is(trained):
    result, _ = trained
    card = card_of(result.folder)
    assert card["labels"] == ["chirp", "noise", "tone"]
    scores = {one["name"]: one["value"] for one in card["metrics"]["scores"]}
    assert scores["accuracy"] == result.metrics["accuracy"]
    assert sum(card["data"]["recordings"].values()) == 60
    assert card["config"]["clip_s"] == pytest.approx(0.9, abs=0.11)
    net = result.job.task.learner(result.job.prepared).net
    assert card["parameters"] == sum(p.numel() for p in net.parameters())


def test_validation_recordings_have_shaped_the_model_too(validated):
    """They chose the best epoch and the temperature: they are no test set of it."""
    result, _ = validated
    job, listed = result.job, set(card_of(result.folder)["data"]["trained_on"])
    keys = {part: {job.keys[i][:16] for i in rows} for part, rows in job.split.indices.items()}
    assert len(keys["val"]) >= 12
    assert keys["train"] | keys["val"] == listed
    assert not keys["test"] & listed


def test_the_temperature_of_the_card_is_that_of_the_validation_set(validated):
    result, _ = validated
    card, job = card_of(result.folder), result.job
    config = job.prepared.config
    learner = job.task.learner(job.prepared)
    state = load_file(result.folder / "model.safetensors")
    net = {name: tensor for name, tensor in state.items() if not name.startswith(PREFIX)}
    learner.net.load_state_dict(net)
    expected = validated_temperature(learner, job.examples("val"))
    assert card["config"]["temperature"] == pytest.approx(expected, rel=1e-3)
    assert abs(expected - 1) > 0.02
    fitted = {name: card["config"][name] for name in ("temperature", "held_out_distances")}
    assert card["config"] == replace(config, **fitted).to_dict()
    assert fitted["held_out_distances"]["whole"]
    assert load(result.folder, "classify").net.config.temperature == card["config"]["temperature"]


def test_without_a_validation_set_the_temperature_stays_one(trained):
    result, _ = trained
    assert not result.job.split.indices["val"]
    assert card_of(result.folder)["config"]["temperature"] == 1.0


def test_a_model_made_from_the_shipped_one_credits_its_recordings(tmp_path):
    few = few_recordings(tmp_path / "few")
    train(few, out=tmp_path / "m", epochs=0, progress=False)
    card = card_of(tmp_path / "m")
    assert card["data"]["started_from"]["name"] == "sounds"
    assert "freesound" in (tmp_path / "m" / card["attribution"]).read_text()
    assert set(load_model("sounds").card.data["trained_on"]) < set(card["data"]["trained_on"])


def test_the_draft_knows_all_but_what_is_measured(trained):
    result, _ = trained
    job = result.job
    start = load_model(result.folder)
    start = replace(start, card=replace(start.card, data={"trained_on": ["f" * 16]}, licence="CC0"))
    card = draft_card(job, Path("a/my model"), start)
    assert (card.name, card.task, card.labels) == ("my model", "classify", start.card.labels)
    assert card.data["started_from"] == {
        "name": "kinds", "weights": start.card.weights["sha256"], "licence": "CC0",
    }  # fmt: skip
    rows = job.split.indices["train"]
    assert card.data["trained_on"] == sorted({job.keys[i][:16] for i in rows} | {"f" * 16})
    assert card.data["digest"] == job.table.digest
    assert card.data["split"] == job.split.reason
    assert card.description == f"Trained on {len(rows)} recordings of {job.table.root.name}."
    alone = draft_card(job, Path("a\nb"), None)
    assert "started_from" not in alone.data
    assert alone.name == "a-b"


def test_the_files_of_a_row_are_listed_one_by_one(trained):
    job = trained[0].job
    keys = [f"{key}+{number:032x}" for number, key in enumerate(job.keys)]
    listed = draft_card(replace(job, keys=keys), Path("m"), None).data["trained_on"]
    rows = job.split.indices["train"]
    assert set(listed) == {job.keys[i][:16] for i in rows} | {f"{i:032x}"[:16] for i in rows}


CARD = Card("kinds", "classify", config=ClassifyConfig().to_dict(), labels=["a", "b"])


def test_few_scored_recordings_are_a_rough_guess():
    score = Score("si_sdr", 7.25, (6.5, 8.0), unit="dB")
    for count, warned in ((49, True), (50, False)):
        evaluation = Evaluation((score,), count, "songs", limits=("Nothing but songs.",))
        card = scored_card(CARD, evaluation, "by source")
        assert card.known_failures[0] == "Nothing but songs."
        assert len(card.known_failures) == 1 + warned
    nine = Evaluation((score,), 9, "songs", limits=("x",))
    (_, guess) = scored_card(CARD, nine, "").known_failures
    assert guess == (
        "It was tested on 9 songs only: the true value of SI-SDR lies somewhere between "
        "6.5 and 8 dB."
    )
    sure = Evaluation((Score("map", 1.0, (1.0, 1.0), unit="%"),), 14, limits=())
    (guess,) = scored_card(CARD, sure, "").known_failures
    assert "14 recordings only" in guess
    assert "100" not in guess
    bare = Evaluation((Score("nats", 1.0, unit="nats"),), 9)
    assert scored_card(CARD, bare, "").known_failures == []


def test_any_score_is_kept_as_it_is():
    class More(Evaluation):
        def details(self):
            return {"per_song": {"one": 7.0}}

    score = Score("si_sdr", 7.25, (6.5, 8.0), "dB", folds=(7.0, 7.5))
    card = scored_card(CARD, More((score,), 12, "songs"), "by source")
    assert card.metrics["per_song"] == {"one": 7.0}
    assert (card.metrics["count"], card.metrics["counted"]) == (12, "songs")
    assert card.metrics["split"] == "by source"
    again = Card.from_json(card.to_json())
    assert again.scores == (score,)


def test_the_saved_state_is_the_trained_one(validated, tmp_path):
    result, _ = validated
    model = load_model(result.folder)
    save_model(tmp_path, model.state, model.card)
    assert card_of(tmp_path)["weights"]["sha256"] == card_of(result.folder)["weights"]["sha256"]
    assert set(QUICK) - {"batch_size"} <= set(model.card.config)
