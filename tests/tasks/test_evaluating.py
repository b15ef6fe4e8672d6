"""A model is scored on what it was not trained on."""

from __future__ import annotations

import json
import shutil

import pytest

from tests_sounds import KINDS, sound
from tympan.data import read_folder
from tympan.errors import DataError
from tympan.models import Score
from tympan.tasks import evaluate
from tympan.tasks.contract import Evaluation


def recordings(job, *parts: str) -> int:
    return sum(len(job.split.indices[part]) for part in parts)


def test_what_was_trained_on_is_left_out(trained, folder, tmp_path):
    result, _ = trained
    again = evaluate(result.folder, folder)
    held_out = json.loads((result.folder / "card.json").read_text())["data"]["recordings"]["test"]
    assert again.count == held_out
    assert again.seen == 60 - held_out
    assert again.metrics["accuracy"] == result.metrics["accuracy"]
    assert again.remark == f"{again.seen} that the model was trained on are left out"
    # Another name does not make a recording new.
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        for i, file in enumerate(sorted((folder / kind).iterdir())):
            shutil.copy(file, tmp_path / kind / f"copy {i}{file.suffix}")
    assert evaluate(result.folder, tmp_path).seen == again.seen


def test_what_the_best_epoch_was_chosen_on_is_left_out_too(validated, many):
    result, _ = validated
    found = evaluate(result.folder, many)
    assert found.count == recordings(result.job, "test")
    assert found.seen == recordings(result.job, "train", "val")
    assert sorted(found.files) == sorted(result.evaluation.files)


def test_where_nothing_else_is_there_it_is_scored_and_said(validated, many):
    result, _ = validated
    table = read_folder(many)
    paths = {result.job.table.paths[i] for i in result.job.split.indices["val"]}
    known = table.subset(i for i, path in enumerate(table.paths) if path in paths)
    found = evaluate(result.folder, known)
    assert (found.count, found.seen, found.seen_left_out) == (len(known), len(known), False)
    assert found.remark == "the model was trained on all of them, so the scores say little"
    assert found.to_json()["seen_left_out"] is False
    assert "so the scores say little" in str(found)


def test_a_split_chooses_rows(trained, tmp_path):
    for side, seed in (("train", 70), ("test", 80)):
        for kind in KINDS:
            (tmp_path / side / kind).mkdir(parents=True)
            sound(kind, seed).save(tmp_path / side / kind / "a.wav")
    found = evaluate(trained[0].folder, tmp_path, split="test")
    assert found.count == 3
    assert all("test/" in name for name in found.files)
    assert evaluate(trained[0].folder, tmp_path).count == 6


def test_a_label_the_model_does_not_know_is_named(trained, tmp_path):
    (tmp_path / "violin").mkdir()
    (tmp_path / "noise").mkdir()
    sound("tone", 1).save(tmp_path / "violin" / "a.wav")
    sound("noise", 1).save(tmp_path / "noise" / "a.wav")
    with pytest.raises(DataError, match="'violin'"):
        evaluate(trained[0].folder, tmp_path)


def test_a_recording_that_cannot_be_read_is_left_out_and_named(trained, tmp_path):
    (tmp_path / "tone").mkdir()
    sound("tone", 77).save(tmp_path / "tone" / "good.wav")
    (tmp_path / "tone" / "bad.wav").write_bytes(b"RIFF....WAVE")
    found = evaluate(trained[0].folder, tmp_path)
    assert found.count == 1
    assert "bad.wav" in found.skipped[0]
    assert found.to_json()["skipped"] == list(found.skipped)


def test_unlabelled_recordings_are_refused(trained, tmp_path):
    sound("tone", 1).save(tmp_path / "a.wav")
    with pytest.raises(DataError, match=r"label|says nothing"):
        evaluate(trained[0].folder, tmp_path)


def test_all_right_is_not_all_certain(trained, tmp_path):
    for kind in ("tone", "noise"):
        (tmp_path / kind).mkdir()
        sound(kind, 77).save(tmp_path / kind / "a.wav")
    found = evaluate(trained[0].folder, tmp_path)
    low, high = found.scores[0].interval
    assert high - low > 0.5


# -- what is printed and saved of any evaluation -----------------------------------------------


class Songs(Evaluation):
    """A score that is no share, with a table beside it."""

    def table(self):
        return [{"song": "one", "SDR": "7.2 dB"}, {"song": "another", "SDR": "12.0 dB"}]

    def details(self):
        return {"per_song": [7.2, 12.0]}


def test_any_evaluation_prints_its_scores_and_its_table():
    scores = (Score("si_sdr", 9.6, (7.2, 12.0), "dB"), Score("wer", 0.25, higher_is_better=False))
    found = Songs(scores, 2, "songs", seen=3)
    assert str(found).splitlines() == [
        "2 songs (3 that the model was trained on are left out)",
        "SI-SDR    9.6 dB   95 % interval 7.2 – 12 dB",
        "WER       25.0 %",
        "song         SDR",
        "one       7.2 dB",
        "another  12.0 dB",
    ]
    values = json.loads(json.dumps(found.to_json()))
    assert (values["si_sdr"], values["wer"], values["per_song"]) == (9.6, 0.25, [7.2, 12.0])
    assert [Score.from_json(one) for one in values["scores"]] == list(scores)
    assert (values["seen_in_training"], values["seen_left_out"]) == (3, True)
    assert Evaluation((), 0).remark == ""
    told = Evaluation((Score("macro_f1", 1.0),), 9, untested=("rare",))
    assert told.score_lines()[-1] == "not tested, for want of recordings: rare"
    assert told.to_json()["untested"] == ["rare"]
