"""`tympan.compose` and the command, on the model that ships."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tympan
from tympan.cli.main import app
from tympan.errors import ArgumentError, DataError, ModelError, TympanError
from tympan.models import list_models
from tympan.notation import Piece, PiecePart, TickNote, read_midi, write_midi

shipped = pytest.mark.skipif(
    not any(card.name == "chorale" for card in list_models()), reason="chorale does not ship"
)


def run(*arguments: str) -> str:
    found = CliRunner().invoke(app, ["compose", *arguments], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


@shipped
def test_a_chorale_in_four_voices(tmp_path: Path) -> None:
    tune = tympan.compose(bars=4, seed=3, key="G major")
    assert [part.name for part in tune.piece.parts] == ["soprano", "alto", "tenor", "bass"]
    means = [np.mean([n.pitch for n in part.notes]) for part in tune.piece.parts]
    assert means == sorted(means, reverse=True)
    scale = {7, 9, 11, 0, 2, 4, 6}
    inside = np.mean([n.pitch % 12 in scale for n in tune.notes])
    assert inside > 0.85
    assert 0 < tune.copied_steps < 32


@shipped
def test_the_command_writes_what_is_asked_for(tmp_path: Path) -> None:
    midi, roll = tmp_path / "a.mid", tmp_path / "a.svg"
    shown = run("--bars", "2", "--seed", "5", "-o", str(midi), "--score", str(roll), "--json")
    told = json.loads(shown)
    assert told["bars"] == 2
    assert told["files"] == [str(midi), str(roll)]
    assert roll.read_text().startswith("<?xml")
    same = tympan.compose(bars=2, seed=5)
    assert read_midi(midi).parts[1].notes == same.piece.parts[1].notes


@shipped
def test_a_melody_gets_its_voices(tmp_path: Path) -> None:
    tune = tmp_path / "tune.abc"
    tune.write_text("X:1\nM:4/4\nL:1/4\nK:C\nEEFG|GFED|CCDE|E3/D/D2|\n")
    out = tmp_path / "four.mid"
    run("--harmonize", str(tune), "-o", str(out))
    parts = {part.name: part for part in read_midi(out).parts}
    assert set(parts) == {"soprano", "alto", "tenor", "bass"}
    assert [n.pitch for n in parts["soprano"].notes][:3] == [64, 65, 67]


@shipped
def test_its_midi_opens_without_warnings(tmp_path: Path) -> None:
    import mido

    path = tympan.compose(bars=2).save(tmp_path / "a.mid")
    tracks = mido.MidiFile(path, clip=False).tracks
    assert sum(message.type == "note_on" for track in tracks for message in track) > 20


def test_what_cannot_be_is_refused_before_anything_is_composed(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="bars"):
        tympan.compose(bars=0)
    with pytest.raises(TympanError, match="no recording"):
        tympan.answer("compose", tmp_path / "a.wav")
    found = CliRunner().invoke(app, ["compose", "-o", str(tmp_path / "a.txt")])
    assert isinstance(found.exception, ArgumentError)
    found = CliRunner().invoke(app, ["compose", "--score", str(tmp_path / "a.png")])
    assert isinstance(found.exception, ArgumentError)


def test_a_soundfont_that_is_not_there_is_refused_before_anything_is_composed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tympan.tasks.compose.model import Composer

    def never(*_: object) -> None:
        raise AssertionError("it was composed")

    monkeypatch.setattr(Composer, "compose", never)
    font = tmp_path / "nosuch.sf2"
    for ending in ("mid", "wav"):
        given = ["--soundfont", str(font), "-o", str(tmp_path / f"a.{ending}")]
        found = CliRunner().invoke(app, ["compose", *given])
        assert str(found.exception).startswith(f"{font}: does not exist")
    with pytest.raises(DataError, match=r"nosuch\.sf2: does not exist"):
        tympan.compose(soundfont=font)


@shipped
def test_a_piece_of_drums_alone_is_named(tmp_path: Path) -> None:
    drums = PiecePart(tuple(TickNote(480 * i, 240, 36) for i in range(8)), drums=True)
    path = write_midi(Piece((drums,)), tmp_path / "beat.mid")
    for how in ("--harmonize", "--continue"):
        found = CliRunner().invoke(app, ["compose", how, str(path), "-o", str(tmp_path / "a.mid")])
        assert str(found.exception).startswith(f"{path}: holds drums alone")
    empty = write_midi(Piece(()), tmp_path / "empty.mid")
    with pytest.raises(ArgumentError, match=r"empty\.mid: holds no notes"):
        tympan.compose(continue_=empty)


@pytest.mark.parametrize("name", ["folk", "pop"])
def test_a_model_that_may_not_be_given_away_says_how_it_is_made(name: str) -> None:
    with pytest.raises(ModelError, match=f"recipes.compose_tunes {name}.*`tympan train FOLDER`"):
        tympan.compose(model=name)
    with pytest.raises(ModelError, match="there is no model 'folke'"):
        tympan.compose(model="folke")
