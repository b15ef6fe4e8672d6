"""Recordings through a transcriber of notes: blocks, streams, tuning, options, files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tympan.audio import Clip, synth
from tympan.errors import ArgumentError
from tympan.notation import read_midi
from tympan.tasks.notes.answer import NotesModel
from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.notes.net import NoteNet
from tympan.tasks.notes.session import tuning_of
from tympan.tasks.results import Notes

CONFIG = NotesConfig(width=8, dilations=(1, 2), crop_s=2.0, onset=0.5, frame=0.5)


@pytest.fixture(scope="module")
def model() -> NotesModel:
    torch.manual_seed(3)
    net = NoteNet(CONFIG)
    with torch.no_grad():  # scores that cross the thresholds now and then
        net.head.weight *= 12
        net.head.bias.zero_()
    return NotesModel(net.eval(), CONFIG, "test")


def music(seconds: float, tuning: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    t = np.arange(round(seconds * 16000)) / 16000
    wave = 0.001 * rng.standard_normal(len(t))
    for i in range(int(seconds * 2)):
        hz = 440 * 2 ** ((rng.integers(-20, 20) + tuning) / 12)
        own = t[8000 * i : 8000 * (i + 1)] - i / 2
        wave[8000 * i : 8000 * (i + 1)] += 0.3 * np.exp(-4 * own) * np.sin(2 * np.pi * hz * own)
    return wave.astype(np.float32)[None]


@pytest.mark.parametrize("seconds", [0.05, 1.0, 2.0, 13.37])
def test_a_file_is_answered_as_its_blocks_to_the_last_bit(
    model: NotesModel, seconds: float
) -> None:
    """No note is cut or found twice where blocks or windows meet."""
    wave = music(seconds, 0.3)
    whole = model.session(name="a")
    whole.push(wave)
    blocks, rng, at = model.session(name="a"), np.random.default_rng(1), 0
    while at < wave.shape[1]:
        size = int(rng.integers(1, 9000))
        blocks.push(wave[:, at : at + size])
        at += size
    assert blocks.result() == whole.result()


def test_windows_leave_no_seams(model: NotesModel) -> None:
    """Frames do not depend on where a window begins: two lengths of windows give the same."""
    wave = music(7.0)
    longer = NotesModel(model.net, NotesConfig(**{**CONFIG.to_dict(), "crop_s": 3.0}), "test")
    a, b = model.scores([wave]), longer.scores([wave])
    assert a.shape == b.shape == (4, 88, 350)
    assert np.abs(a - b).max() < 1e-3


def test_a_stream_gives_the_notes_of_the_file(model: NotesModel) -> None:
    wave = music(14.0)
    file = model(Clip(wave, 16000))
    live = list(model.stream(wave[:, i : i + 4000] for i in range(0, wave.shape[1], 4000)))
    assert len(file.notes) > 3
    assert sorted(live, key=lambda n: (n.start_s, n.pitch, n.end_s)) == list(file.notes)


@pytest.mark.parametrize("cents", [-40, -15, 0, 25])
def test_the_tuning_is_found_and_allowed_for(model: NotesModel, cents: int) -> None:
    """What is tuned higher gives the levels of what is not."""
    wave = music(4.0, cents / 100)
    found = tuning_of(wave, model)
    assert 1200 * np.log2(found / 440) == pytest.approx(cents, abs=4)
    tuned, plain, size = model.tuned(cents), model, model.net.window(50)
    a = tuned.net.levels(torch.from_numpy(wave[:, :size]))
    b = plain.net.levels(torch.from_numpy(music(4.0)[:, :size]))
    c = plain.net.levels(torch.from_numpy(wave[:, :size]))
    loud = b > 0.5  # above -50 dB
    if cents:
        assert (a - b)[loud].abs().mean() < 0.6 * (c - b)[loud].abs().mean()
    assert plain.net.front is not tuned.net.front


def test_options_are_obeyed(model: NotesModel) -> None:
    clip = Clip(music(5.0), 16000)
    every = model(clip, onset=0.3)
    some = model(clip, onset=0.3, lowest="C4", highest="C5", instrument="violin")
    assert len(every.notes) > len(some.notes) > 0
    assert all(60 <= n.pitch <= 72 and n.instrument == "violin" for n in some.notes)
    assert len(model(clip, onset=0.9).notes) < len(every.notes)
    assert model(clip, tuning_hz=442).tuning_hz == 442
    assert model(clip, tempo_bpm=90).tempo_bpm == 90
    assert all(n.bends is None for n in every.notes)
    bent = model(clip, onset=0.3, bends=True)
    assert any(n.bends for n in bent.notes)
    strict = NotesModel(model.net, NotesConfig(**{**CONFIG.to_dict(), "clean_onset": 0.99}), "a")
    assert len(strict(clip, clean_notes=True).notes) < len(strict(clip).notes)


def test_an_unknown_option_or_pitch_is_a_mistake(model: NotesModel) -> None:
    clip = Clip(music(1.0), 16000)
    with pytest.raises(ArgumentError, match="no option 'speakers'"):
        model(clip, speakers=2)
    with pytest.raises(ArgumentError, match="'H2' is no note"):
        model(clip, lowest="H2")


def test_silence_has_no_notes_and_says_so(model: NotesModel) -> None:
    found = model(synth.silence(duration_s=3, rate_hz=16000))
    assert found.notes == ()
    assert found.warnings


ANSWER = Notes(
    "a.wav", (), 100.0, "G major", 4.0, "test", beats_s=(0.3, 0.9, 1.5, 2.1), downbeat=1
)  # fmt: skip


def test_the_answer_is_saved_as_what_its_name_says(model: NotesModel, tmp_path: Path) -> None:
    found = model(Clip(music(5.0), 16000), onset=0.3)
    for ending in (".mid", ".csv", ".json", ".musicxml", ".txt"):
        found.save(tmp_path / f"a{ending}")
    back = read_midi(tmp_path / "a.mid").notes()
    assert {n.pitch for n in back} == {n.pitch for n in found.notes}
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert len(rows) == len(json.loads((tmp_path / "a.json").read_text())["notes"])
    assert "score-partwise" in (tmp_path / "a.musicxml").read_text()
    with pytest.raises(ArgumentError, match=r"\.mid"):
        found.save(tmp_path / "a.mp4")


def test_midi_has_the_bars_that_were_heard(tmp_path: Path) -> None:
    """Not all notes at 120 beats per minute: an upbeat of two beats, then bars from 0.9 s on."""
    piece = read_midi(ANSWER.save(tmp_path / "a.mid"))
    assert piece.tempi[-1][1] == 600_000
    assert piece.seconds(piece.metres[1][0]) == pytest.approx(0.9, abs=1e-3)
    assert piece.keys == ((0, "G major"),)


def test_the_picture_shows_each_note(model: NotesModel) -> None:
    from tympan.tasks.notes.picture import notes_figure

    clip = Clip(music(3.0), 16000)
    found = model(clip, onset=0.3)
    above, below = notes_figure(clip, found).axes[:2]
    assert len(below.patches) == len(found.notes)
    assert len(above.patches) >= len(found.notes)


def test_the_verb_saves_all_that_an_answer_can_be_saved_as() -> None:
    from tympan.tasks.registry import verb

    assert set(verb("notes").save_as) == set(Notes.formats)
