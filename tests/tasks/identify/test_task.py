from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import tympan
from tympan.audio import Clip
from tympan.data import read_folder
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_model
from tympan.tasks.identify import TASK
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.identify.evaluation import LENGTHS_S
from tympan.tasks.identify.learner import IdentifyLearner, repeated, with_margin
from tympan.tasks.identify.net import SpeakerNet, VoiceNet
from tympan.tasks.training import train

Voices = Callable[..., Clip]
TINY = {
    "encoder": "small", "features": 32, "size": 32, "clip_s": 1.0, "shortest_s": 0.6,
    "batch_size": 14, "lr": 1e-2, "warmup_epochs": 1, "window_s": 1.5,
}  # fmt: skip


def talking(who: int, take: int = 0, duration_s: float = 1.6) -> Clip:
    """A pulse train of a pitch and two resonances of its own, in syllables."""
    rng = np.random.default_rng((who, take))
    t = np.arange(round(16000 * duration_s)) / 16000
    pitch_hz, peaks_hz = 90 + 22 * who, (350 + 45 * who, 2600 - 140 * who)
    phase = 2 * np.pi * pitch_hz * t + 0.5 * np.sin(2 * np.pi * 4 * t + rng.random() * 6)
    wave = np.zeros(len(t))
    for k in range(1, int(4000 / pitch_hz)):
        near = min(abs(k * pitch_hz - one) for one in peaks_hz)
        wave += np.exp(-near / 120) * np.sin(k * phase + rng.random() * 6)
    wave *= np.sin(2 * np.pi * 3 * t + rng.random() * 6) > -0.6
    wave = 0.2 * wave / wave.std() + 0.003 * rng.standard_normal(len(t))
    return Clip(np.clip(wave, -0.97, 0.97).astype(np.float32)[None], 16000, f"{who}-{take}")


@pytest.fixture(scope="module")
def voices() -> Voices:
    return talking


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, voices: Voices) -> Path:
    """Ten speakers with four recordings each."""
    root = tmp_path_factory.mktemp("speakers")
    rows = []
    for who in range(10):
        for take in range(4):
            name = f"{chr(97 + who)}{take}.wav"
            voices(who, take, 1.6).save(root / name)
            rows.append((name, f"person {who}"))
    with (root / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "speaker"), *rows])
    return root


@pytest.fixture(scope="module")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("out") / "mine"
    said: list[str] = []
    found = train(
        folder, from_="scratch", out=out, epochs=40, settings=TINY, progress=False, say=said.append
    )
    return out, found, said


def test_a_column_speaker_is_trained_on_as_it_is(trained):
    out, found, said = trained
    assert "task: identify, because there is a column speaker" in said[0]
    assert found.evaluation.scores[0].name == "eer"
    assert found.evaluation.scores[0].value < 0.2
    card = load_model(out).card
    assert card.task == "identify"
    assert card.metrics["speakers"] >= 1
    assert len(card.config["calibration"]) == 3


def test_no_speaker_is_in_two_sets(trained):
    job = trained[1].job
    assert tympan.evaluate(trained[0], job.table).count < 40  # what it was trained on is left out
    names = [set(getattr(job.split, part).column("speaker")) for part in ("train", "val", "test")]
    assert all(names)
    assert not names[0] & names[1]
    assert not names[0] & names[2]
    assert not names[1] & names[2]


def test_what_was_trained_knows_voices_again(trained, voices: Voices, tmp_path: Path):
    """Of speakers that it was trained on: a training that does not learn fails here."""
    out, book = trained[0], tmp_path / "v.tympan"
    people = sorted({int(one[7:]) for one in trained[1].job.prepared.vocabulary})
    assert len(people) >= 6
    for who in people:
        tympan.enroll(f"n{who}", voices(who, 0), voices(who, 1), book=book, model=out)
    answers = [tympan.identify(voices(who, 9), book=book, model=out) for who in people]
    right = [a.candidates[0].speaker == f"n{who}" for a, who in zip(answers, people, strict=True)]
    assert np.mean(right) > 0.8


def test_the_cohort_is_one_vector_for_each_training_speaker(trained):
    out, found, _ = trained
    cohort = load_model(out).state["cohort"]
    assert len(cohort) == len(set(found.job.split.train.column("speaker")))
    assert torch.allclose(cohort.norm(dim=1), torch.ones(len(cohort)), atol=1e-2)


def test_evaluate_scores_by_length(trained, folder: Path, voices: Voices, tmp_path: Path):
    for who in (10, 11, 12):
        (tmp_path / f"p{who}").mkdir()
        for take in range(2):
            voices(who, take).save(tmp_path / f"p{who}" / f"{take}.wav")
    found = tympan.evaluate(trained[0], tmp_path)  # sub-folders are speakers for this model
    assert (found.count, found.speakers, len(found.targets)) == (6, 3, 3)
    assert len(found.others) == 12
    assert set(found.by_length) == {1.0} <= set(LENGTHS_S)
    assert found.table()[0]["length"] == "1 s"


def test_vectors_of_a_voice_model_can_be_embedded(trained, voices: Voices):
    found = tympan.embed(voices(0), model=trained[0])
    assert len(found.vector) == 32


def test_a_second_training_starts_from_the_first(trained, folder: Path, tmp_path: Path):
    settings = {"batch_size": 16}
    said: list[str] = []
    found = train(
        folder, from_=str(trained[0]), out=tmp_path / "m", epochs=1, settings=settings,
        progress=False, say=said.append,
    )  # fmt: skip
    assert any("change little" in line for line in said)
    assert found.job.prepared.config.size == 32
    with pytest.raises(ArgumentError, match="does not fit"):
        train(folder, from_=str(trained[0]), out=tmp_path / "n", settings={"n_mels": 40})


def test_sub_folders_are_speakers_where_that_is_asked_for(voices: Voices, tmp_path: Path):
    for who in range(6):
        (tmp_path / f"p{who}").mkdir()
        voices(who, 0, 0.5).save(tmp_path / f"p{who}" / "a.wav")
    table = TASK.rows_of(read_folder(tmp_path))
    assert table.column("speaker") == [f"p{i}" for i in range(6)]


def test_a_few_speakers_are_sent_to_enroll(voices: Voices, tmp_path: Path):
    for who in range(3):
        (tmp_path / f"p{who}").mkdir()
        voices(who, 0, 0.5).save(tmp_path / f"p{who}" / "a.wav")
    with pytest.raises(DataError, match=r"3 speakers.*tympan enroll"):
        train(tmp_path, task="identify", out=tmp_path / "m")


def test_weights_that_do_not_fit_are_refused(trained):
    loaded = load_model(trained[0])
    state = {**loaded.state, "cohort": torch.zeros(3, 7)}
    with pytest.raises(ModelError, match="do not fit"):
        TASK.load(type(loaded)(loaded.card, state, loaded.path))


def test_the_margin_only_makes_the_right_speaker_harder():
    cosines = torch.tensor([[0.9, 0.1], [-0.99, 0.2]])
    found = with_margin(cosines, torch.tensor([0, 0]), 0.2)
    assert torch.equal(found[:, 1], cosines[:, 1])
    assert found[0, 0] == pytest.approx(np.cos(np.arccos(0.9) + 0.2), abs=1e-5)
    assert (found[:, 0] < cosines[:, 0]).all()


def test_unknown_speakers_have_no_speaker_loss():
    config = IdentifyConfig(encoder="small", features=16, size=16)
    learner = IdentifyLearner(SpeakerNet(VoiceNet(config), 2), config)
    cosines = torch.tensor([[0.5, 0.1], [0.3, 0.4]])
    both = learner.speaker_loss(cosines, torch.tensor([0, -1]))
    assert both == learner.speaker_loss(cosines[:1], torch.tensor([0]))
    assert learner.speaker_loss(cosines, torch.tensor([-1, -1])) == 0


def test_short_recordings_are_repeated():
    assert repeated(np.arange(3, dtype=np.float32), 7).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_the_front_takes_off_level_and_line():
    config = IdentifyConfig(encoder="small")
    front = VoiceNet(config).front
    wave = torch.randn(1, 16000, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(front(wave), front(0.01 * wave), atol=1e-3)
    assert front(wave).mean(3).abs().max() < 1e-4


@pytest.mark.parametrize(
    "wrong", [{"clip_s": 0.5, "shortest_s": 1.0}, {"encoder": "huge"}, {"hop": 600}, {"top": 1}]
)
def test_configurations_that_cannot_be(wrong: dict):
    with pytest.raises(ArgumentError):
        IdentifyConfig(**wrong)
