"""A model says what is unlike its training recordings, from training to the answer."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import tympan
from tests_sounds import sound
from tympan import synth
from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.models import load_card, load_model, save_model
from tympan.tasks.answering import load
from tympan.tasks.classify import TASK
from tympan.tasks.classify.activation import with_maps
from tympan.tasks.classify.familiarity import features_of, with_distances
from tympan.tasks.classify.steps import Judge
from tympan.tasks.classify.timeline import Step
from tympan.tasks.familiarity import PREFIX, KnownSounds
from tympan.tasks.prototypes import Space

KNOWN = ("tone", "chirp")


def folder_of(root: Path, each: int = 16) -> Path:
    for kind in KNOWN:
        (root / kind).mkdir(parents=True)
        for i in range(each):
            sound(kind, 10 * i).save(root / kind / f"{i}.wav")
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    root = tmp_path_factory.mktemp("known")
    found = tympan.train(folder_of(root / "data"), out=root / "model", progress=False)
    return SimpleNamespace(folder=found.folder, evaluation=found.evaluation, data=root / "data")


def noise(seconds: float = 0.8, seed: int = 0) -> Clip:
    return synth.white_noise(duration_s=seconds, rate_hz=16000, amplitude=0.3, seed=seed)


def test_what_is_unlike_the_training_recordings_is_unfamiliar(trained):
    new = [tympan.classify(sound(kind, 5000 + i), model=trained.folder)
           for kind in KNOWN for i in range(8)]  # fmt: skip
    other = [tympan.classify(noise(seed=i), model=trained.folder) for i in range(5)]
    assert np.median([one.familiarity for one in new]) > 0.2
    assert all(one.unfamiliar and one.familiarity < 0.05 for one in other)
    assert "unlike anything it was trained on; nearest: " in str(other[0])
    assert "unlike" not in str(next(one for one in new if not one.unfamiliar))


def test_rejected_sounds_are_labelled_unknown_everywhere(trained, tmp_path: Path):
    found = tympan.classify(noise(), model=trained.folder, reject=True)
    assert found.best.label == "unknown"
    assert found.best.score == pytest.approx(1 - found.familiarity)
    assert sum(one.score for one in found.labels) == pytest.approx(1, abs=1e-5)
    assert {one.label for one in found.timeline} == {"unknown"}
    rows = list(csv.DictReader(found.save(tmp_path / "a.csv").open()))
    assert [row["label"] for row in rows] == ["unknown"]
    values = found.to_json()
    assert values["unfamiliar"] is True
    assert values["familiarity"] == pytest.approx(found.familiarity, abs=1e-5)
    assert values["timeline"][0]["familiarity"] == values["familiarity"]
    assert "unlike anything" in str(found)


def test_without_reject_labels_and_scores_stay(trained):
    clip = noise()
    found = tympan.classify(clip, model=trained.folder)
    all_rejected = tympan.classify(clip, model=trained.folder, min_familiarity=1.0)
    assert found.labels == all_rejected.labels
    assert "unknown" not in [one.label for one in found.labels]


def test_the_least_familiarity_is_the_threshold(trained):
    clip = sound("tone", 5001)
    share = tympan.classify(clip, model=trained.folder).familiarity
    for least, rejected in ((share, False), (min(1.0, share + 1e-6), share < 1), (0.0, False)):
        found = tympan.classify(clip, model=trained.folder, reject=True, min_familiarity=least)
        assert found.unfamiliar == rejected
        assert (found.best.label == "unknown") == rejected
    with pytest.raises(ArgumentError, match="min_familiarity"):
        tympan.classify(clip, model=trained.folder, min_familiarity=1.5)


def test_a_long_recording_says_where_it_is_unlike(trained):
    parts = [sound("tone", 40).gain(0), noise(6.0), sound("tone", 50)]
    waves = [np.resize(one.samples[0], 6 * 16000) for one in parts]
    clip = Clip(np.concatenate(waves)[None], 16000)
    found = tympan.classify(clip, model=trained.folder, reject=True)
    middle = [one for one in found.timeline if one.start_s < 9 < one.end_s]
    assert [one.label for one in middle] == ["unknown"]
    assert {one.label for one in found.timeline} & set(KNOWN)


def test_the_report_gives_the_share_of_known_sounds_that_is_rejected(trained):
    names = [one.name for one in trained.evaluation.scores]
    assert names[-2:] == ["false_rejection", "left_out_auroc"]
    card = load_card(trained.folder)
    assert card.metrics["unknown"]["left_out_auroc"].keys() == set(KNOWN)
    assert "familiarity" in card.known_failures[0]


def test_what_is_known_survives_saving_and_older_models_answer_null(trained, tmp_path: Path):
    loaded = load_model(trained.folder)
    clip = noise()
    before = tympan.classify(clip, model=trained.folder)
    save_model(tmp_path / "half", loaded.state, loaded.card, half=True)
    assert tympan.classify(clip, model=tmp_path / "half").familiarity == before.familiarity
    state = {name: one for name, one in loaded.state.items() if not name.startswith(PREFIX)}
    save_model(tmp_path / "old", state, loaded.card)
    old = tympan.classify(clip, model=tmp_path / "old")
    assert old.labels == before.labels
    assert old.to_json()["familiarity"] is None
    assert old.unfamiliar is False
    assert "familiarity" not in old.to_json()["timeline"][0]
    with pytest.raises(ArgumentError, match="cannot reject"):
        tympan.classify(clip, model=tmp_path / "old", reject=True)


def test_one_pass_gives_probabilities_and_distances():
    model = load("sounds", "classify", "cpu")
    waves = torch.randn(2, 16000)
    passes = []
    hook = model.net.encoder.register_forward_hook(lambda *_: passes.append(1))
    rows, distances, maps = with_distances(model.net, model.known, with_maps(model.net))(waves)
    hook.remove()
    assert len(passes) == 1
    assert torch.equal(rows, model.net.probabilities(waves))
    with torch.inference_mode():
        found = model.known.distances(features_of(model.net, waves))
        assert torch.allclose(distances, found, atol=1e-6)
    assert maps.shape[0] == 2


def test_unknown_competes_with_the_best_label_at_the_least_familiarity():
    known = KnownSounds(
        Space(torch.ones(1)), torch.ones(1, 1), torch.zeros(1).long(), 1, {"whole": [0.1]}
    )
    judge = Judge(known, True, 0.05, True)
    for familiarity, unknown in ((0.01, True), (0.049, True), (0.051, False), (1.0, False)):
        step = Step(0, 1, np.array([0.6, 0.4]), familiarity=familiarity)
        assert (judge.evidence(step).probabilities.argmax() == 2) == unknown


def test_a_cross_validated_model_knows_too(trained, tmp_path: Path):
    found = tympan.train(trained.data, out=tmp_path / "m", folds=2, progress=False)
    assert "false_rejection" in found.metrics
    assert tympan.classify(noise(), model=tmp_path / "m").unfamiliar


def test_sounds_rejects_what_it_was_promised_to(shared_data: Path):
    model = TASK.load(load_model("sounds"))
    assert len(model.known.held_out["whole"]) == 230
    motor = sorted((shared_data / "motor" / "audio").glob("*.opus"))[:40]
    found = list(model.answer_many(motor))
    assert np.mean([one.unfamiliar for one in found]) > 0.7
    rows = csv.DictReader((shared_data / "esc50" / "metadata.csv").open())
    new = [row["file_name"] for row in rows if row["licence"] not in ("CC0", "CC-BY")][:60]
    kept = list(model.answer_many(shared_data / "esc50" / name for name in new))
    assert sum(one.unfamiliar for one in kept) <= 9
