"""From a folder to a model: the truth, the crops, a training that fits, layouts of others."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tympan.audio import Clip
from tympan.data import guess_task, read_folder
from tympan.errors import DataError
from tympan.notation import Note, Piece, write_midi
from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.notes.decode import NoteRules
from tympan.tasks.notes.fitting import chosen, decoded
from tympan.tasks.notes.task import TASK
from tympan.tasks.notes.truth import notes_of, rolls_of
from tympan.tasks.training import train


def played(seed: int, seconds: float = 4.0) -> tuple[Clip, list[Note]]:
    """Plucked tones of three harmonics, and the notes."""
    rng, notes, rate_hz = np.random.default_rng(seed), [], 16000
    wave = np.zeros(round(seconds * rate_hz))
    for at in np.arange(0.2, seconds - 0.5, 0.4):
        pitch = int(rng.choice([57, 60, 64, 67, 72]))
        t = np.arange(round(0.35 * rate_hz)) / rate_hz
        hz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hz * h * t) / h for h in (1, 2, 3)) * np.exp(-3 * t)
        first = round(at * rate_hz)
        wave[first : first + len(t)] += 0.2 * tone
        notes.append(Note(float(at), float(at) + 0.35, pitch, 90))
    return Clip(wave[None].astype(np.float32), rate_hz), notes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("notes")
    for i in range(10):
        clip, notes = played(i)
        clip.save(root / f"{i}.wav")
        write_midi(Piece.of_notes(notes), root / f"{i}.mid")
    return root


def test_a_folder_with_scores_asks_for_notes(folder: Path) -> None:
    table = read_folder(folder)
    assert guess_task(table).task == "notes"
    assert TASK.claims(table) == "10 of 10 recordings have a score (.mid)"
    found = notes_of(table[3])
    truth = played(3)[1]
    assert found[:, 2].tolist() == [n.pitch for n in truth]
    assert np.abs(found[:, 0] - [n.start_s for n in truth]).max() < 0.001


def test_a_training_fits_and_its_model_finds_the_notes(folder: Path, tmp_path: Path) -> None:
    """A few steps on plucked tones: notes of unseen tunes are found, and the card says how well."""
    settings = {
        "width": 16, "dilations": (1,), "crop_s": 2.0, "batch_size": 4, "lr": 1e-2,
        "optimizer": "muon", "noise_db": 0.0, "tilt_db": 0.0, "ema_decay": 0.9,
    }  # fmt: skip
    result = train(
        folder, out=tmp_path / "model", from_="scratch", epochs=14, settings=settings,
        progress=False, seed=0,
    )  # fmt: skip
    scores = result.evaluation.metrics
    assert scores["onset_f1"] > 0.8
    from tympan import notes

    clip, truth = played(99)
    answer = notes(clip, model=tmp_path / "model")
    right = {(n.pitch, round(n.start_s, 1)) for n in truth}
    found = {(n.pitch, round(n.start_s, 1)) for n in answer.notes}
    assert len(right & found) > 0.7 * len(right)


def test_rolls_are_where_the_notes_are() -> None:
    config = NotesConfig()
    notes = np.array([[0.5, 1.0, 60, 64], [0.99, 3.0, 62, 127], [5.0, 6.0, 64, 1]])
    rolls = rolls_of(notes, config, 0.4, 60)
    frame = rolls["frame"]
    assert frame[60 - 21].nonzero()[0].tolist() == list(range(5, 30))
    assert frame[62 - 21, 30:].all()
    assert not frame[64 - 21].any()
    # The onset is on the edge of two frames, which get the same.
    assert rolls["onset"][60 - 21, 4] == pytest.approx(rolls["onset"][60 - 21, 5], abs=1e-5)
    assert rolls["onset"][60 - 21].argmax() in (4, 5)
    assert rolls["velocity"][60 - 21, 5] == pytest.approx(64 / 127)


def test_the_rules_are_those_that_fit() -> None:
    """The right ones reach 0.5, ghosts 0.27: a threshold between is chosen."""
    config = NotesConfig()
    truth = [Note(0.5 + i, 1.0 + i, 60 + i, 80) for i in range(4)]
    rows = np.array([(n.start_s, n.end_s, n.pitch, 80) for n in truth])
    ghosts = np.array([(0.7 + i, 0.9 + i, 80 + i, 80) for i in range(4)])
    rolls, wrong = (rolls_of(one, config, 0.0, 300) for one in (rows, ghosts))
    scores = np.stack(
        [0.5 * rolls["onset"] + 0.27 * wrong["onset"]]
        + [rolls[n] + 0.3 * wrong[n] for n in ("frame", "offset", "velocity")]
    )
    found = chosen([(truth, scores)], config)
    rules = NoteRules(found.onset, found.frame, found.offset, found.ghost)
    assert [n.pitch for n in decoded(scores, rules, config)] == [60, 61, 62, 63]
    assert found.clean_onset >= found.onset
    assert found.clean_precision == 1
    # A ghost as strong as the notes: the search runs out, and that is known.
    same = np.stack([(rolls[n] + wrong[n]) for n in ("onset", "frame", "offset", "velocity")])
    assert chosen([(truth, same)], config).clean_precision < 0.95


def write_maestro(root: Path) -> None:
    (root / "2004").mkdir()
    rows = []
    for i in range(4):
        clip, notes = played(i)
        clip.save(root / "2004" / f"a{i}.wav")
        write_midi(Piece.of_notes(notes), root / "2004" / f"a{i}.midi")
        split = ("train", "train", "validation", "test")[i]
        rows.append(["Bach", f"Piece {i}", split, 2004, f"2004/a{i}.midi", f"2004/a{i}.wav", 4.0])
    head = ["canonical_composer", "canonical_title", "split", "year", "midi_filename",
            "audio_filename", "duration"]  # fmt: skip
    with open(root / "maestro-v3.0.0.csv", "w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def write_guitarset(root: Path) -> None:
    (root / "annotation").mkdir()
    (root / "audio_mono-mic").mkdir()
    for i in range(4):
        clip, notes = played(i)
        clip.save(root / "audio_mono-mic" / f"0{i}_BN1-129-Eb_comp_mic.wav")
        data = [
            {"time": n.start_s, "duration": n.end_s - n.start_s, "value": n.pitch + 0.12}
            for n in notes
        ]
        strings = [
            {"namespace": "note_midi", "data": data[::2]},
            {"namespace": "note_midi", "data": data[1::2]},
            {"namespace": "tempo", "data": [{"time": 0, "duration": 4, "value": 129}]},
        ]
        path = root / "annotation" / f"0{i}_BN1-129-Eb_comp.jams"
        path.write_text(json.dumps({"annotations": strings}))


def write_musicnet(root: Path) -> None:
    for part in ("train", "test"):
        (root / f"{part}_data").mkdir()
        (root / f"{part}_labels").mkdir()
    for i in range(4):
        part = "test" if i == 3 else "train"
        clip, notes = played(i)
        clip.save(root / f"{part}_data" / f"17{i}.wav")
        rows = [[round(44100 * n.start_s), round(44100 * n.end_s), 1, n.pitch, 0, 1, "Quarter"]
                for n in notes]  # fmt: skip
        head = ["start_time", "end_time", "instrument", "note", "start_beat", "end_beat",
                "note_value"]  # fmt: skip
        with open(root / f"{part}_labels" / f"17{i}.csv", "w", newline="") as file:
            csv.writer(file).writerows([head, *rows])


@pytest.mark.parametrize("write", [write_maestro, write_guitarset, write_musicnet])
def test_layouts_of_others_are_understood_as_they_come(tmp_path: Path, write: object) -> None:
    write(tmp_path)  # type: ignore[operator]
    table = read_folder(tmp_path)
    assert len(table) == 4
    assert guess_task(table).task == "notes"
    for i, example in enumerate(sorted(table, key=lambda one: one.path.name)):
        truth = played(i)[1]
        found = notes_of(example)
        assert found[:, 2].tolist() == [n.pitch for n in truth]
        assert np.abs(found[:, :2] - [(n.start_s, n.end_s) for n in truth]).max() < 0.002
    if write is not write_guitarset:
        assert set(table.column("split")) >= {"train", "test"}


@pytest.mark.parametrize("name", ["a.jams", "a.csv", "a.mid"])
def test_a_damaged_score_is_named(tmp_path: Path, name: str) -> None:
    from tympan.data import Example

    (tmp_path / name).write_text("what\n1\n")
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        notes_of(Example({"audio": tmp_path / "a.wav", "midi": tmp_path / name}))


def test_a_recording_without_a_score_is_named(folder: Path, tmp_path: Path) -> None:
    from tympan.data import Table

    table = read_folder(folder)
    played(50)[0].save(tmp_path / "bare.wav")
    from tympan.data import recording

    bare = Table(tmp_path, (*table.examples, recording(tmp_path / "bare.wav")))
    with pytest.raises(DataError, match=r"bare\.wav: has no score"):
        TASK.rows_of(bare)


def test_the_loss_of_the_truth_is_the_least() -> None:
    from tympan.tasks.notes.learner import NoteLearner
    from tympan.tasks.notes.net import NoteNet

    config = NotesConfig(width=8, dilations=(1,))
    learner = NoteLearner(NoteNet(config), config)
    rolls = rolls_of(np.array([[0.5, 1.0, 60, 64]]), config, 0.0, 100)
    batch = {n: torch.from_numpy(v)[None] for n, v in rolls.items()}
    batch["known"] = torch.ones(1, 100)
    right = torch.stack([batch[n] for n in ("onset", "frame", "offset", "velocity")], 1)
    right = torch.logit(right, eps=1e-4)
    best = float(learner.loss(right, batch))
    for i in range(4):
        other = right.clone()
        other[:, i] = -other[:, i]
        assert float(learner.loss(other, batch)) > best
    silent = {**batch, "known": torch.zeros(1, 100)}
    assert float(learner.loss(right, silent)) == 0
    assert math.isfinite(best)


def test_scores_alone_are_refused_before_anything_is_decoded(folder: Path, tmp_path: Path) -> None:
    import shutil

    for one in folder.rglob("*.mid"):
        shutil.copy(one, tmp_path / one.name)
    with pytest.raises(DataError, match=r"has scores and no recordings \(put a recording"):
        train(tmp_path, task="notes", out=tmp_path / "out")


def test_a_pair_whose_score_is_cut_is_left_out_and_named(folder: Path, tmp_path: Path) -> None:
    import shutil
    from dataclasses import replace

    from tympan.data import Example

    work = tmp_path / "work"
    shutil.copytree(folder, work)
    cut, alone = sorted(work.rglob("*.mid"))[:2]
    cut.write_bytes(cut.read_bytes()[:-20])
    table = read_folder(work)
    rest = (one for one in table if one.files["midi"] != alone)
    table = replace(table, examples=(Example({"midi": alone}), *rest))
    rows = TASK.rows_of(table)
    assert len(rows) == len(table) - 2
    found = TASK.check(rows, None)  # type: ignore[arg-type]
    assert len(found) == 2
    assert any(f"left out: {cut.name}: is no whole MIDI file (" in line for line in found)
    assert any(f"left out: {alone.name}: has no recording" in line for line in found)
    for one in work.rglob("*.mid"):
        one.write_bytes(b"MThd")
    with pytest.raises(DataError, match="has no score that can be used"):
        TASK.rows_of(read_folder(work))
