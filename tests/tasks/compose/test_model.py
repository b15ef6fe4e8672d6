"""A composer: orders, streams, harmonies, and pieces that were copied."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests_compose import some_steps, tiny_composer
from tympan.errors import ArgumentError
from tympan.notation import Piece, read_midi, synthesize
from tympan.tasks.compose import model as module
from tympan.tasks.compose.copying import Known
from tympan.tasks.compose.grid import piece_of, steps_of
from tympan.tasks.compose.model import Composer, Order
from tympan.tasks.compose.playing import sounding


def test_a_piece_has_its_bars_key_and_tempo(composer: Composer) -> None:
    found = composer.compose(Order(seed=3, bars=2, key=7, tempo_bpm=90))
    assert (found.bars, found.key, found.seed) == (2, "G major", 3)
    assert found.piece.tempo_bpm == pytest.approx(90, abs=0.01)
    assert found.piece.keys == ((0, "G major"),)
    assert found.duration_s <= 2 * 4 * 60 / 90 + 0.01
    assert found.piece == composer.compose(Order(seed=3, bars=2, key=7, tempo_bpm=90)).piece
    assert found.piece != composer.compose(Order(seed=4, bars=2, key=7, tempo_bpm=90)).piece


def test_the_stream_sounds_like_the_piece(composer: Composer) -> None:
    order = Order(seed=1, bars=2)
    blocks = list(sounding(composer, order, 8000))
    whole = synthesize(composer.compose(order).piece, 8000).samples[0]
    found = np.concatenate(blocks)
    assert np.allclose(found[: len(whole)], whole, atol=1e-5)
    assert not found[len(whole) :].any()


def test_it_goes_on_from_a_piece(composer: Composer) -> None:
    given = piece_of(some_steps(composer.config, 16, 5), composer.config, tempo_bpm=70)
    found = composer.compose(Order(bars=2, given=given))
    begun = steps_of(given, composer.config)
    more = 2 * composer.bar_steps
    assert found.piece.tempo_bpm == pytest.approx(70, abs=0.01)
    assert np.array_equal(steps_of(found.piece, composer.config)[: len(begun)], begun)
    assert found.bars == -(-(len(begun) + more) // composer.bar_steps)


def test_it_finds_voices_to_a_melody() -> None:
    composer = tiny_composer("fill")
    whole = piece_of(some_steps(composer.config, 24), composer.config, tempo_bpm=80)
    melody = Piece(whole.parts[:1], whole.ticks_per_beat, whole.tempi)
    found = composer.compose(Order(given=melody, harmonize=True))
    assert found.piece.parts[0].notes == melody.parts[0].notes
    assert all(len(part.notes) for part in found.piece.parts)
    outer = Piece((whole.parts[0], whole.parts[3]), whole.ticks_per_beat, whole.tempi)
    both = composer.compose(Order(given=outer, harmonize=True))
    assert both.piece.parts[3].notes == outer.parts[1].notes
    with pytest.raises(ArgumentError, match="for each voice"):
        composer.compose(Order(given=whole, harmonize=True))


def test_what_only_goes_on_cannot_harmonize() -> None:
    composer = tiny_composer("voices")
    given = piece_of(some_steps(composer.config, 8), composer.config, tempo_bpm=80)
    with pytest.raises(ArgumentError, match="cannot fill in"):
        composer.compose(Order(given=given, harmonize=True))
    with pytest.raises(ArgumentError, match="no melody"):
        composer.compose(Order(harmonize=True))


def test_a_copy_is_thrown_away_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    composer = tiny_composer("voices")
    monkeypatch.setattr(module, "MOST_COPIED_BARS", 1)
    order = Order(seed=2, bars=2, key=0)
    first = np.concatenate(list(composer.stream(order)))
    composer.known = Known([first], composer.config)
    found = composer.compose(order)
    assert not np.array_equal(steps_of(found.piece, composer.config), first)
    assert found.copied_steps <= composer.bar_steps
    assert any("thrown away" in line for line in found.warnings)
    monkeypatch.setattr(module, "MOST_COPIED_BARS", -1)
    with pytest.raises(ArgumentError, match="in a row"):
        composer.compose(order)


def test_it_is_saved_as_midi_score_picture_and_sound(tmp_path: Path) -> None:
    found = tiny_composer("voices").compose(Order(bars=1))
    for ending in ("mid", "musicxml", "svg", "json", "csv", "wav"):
        found.save(tmp_path / f"a.{ending}")
    assert read_midi(tmp_path / "a.mid").parts[0].notes == found.piece.parts[0].notes
    again = found.save(tmp_path / "b.svg")
    assert again.read_bytes() == (tmp_path / "a.svg").read_bytes()
    assert "Music, made by a machine" in found.clip().tags["comment"]
    with pytest.raises(ArgumentError, match="cannot be written"):
        found.save(tmp_path / "a.txt")


def test_many_together_are_those_that_each_seed_gives() -> None:
    composer = tiny_composer("voices")
    orders = [Order(seed=seed, bars=1) for seed in range(3)]
    for order, found in zip(orders, composer.many(orders), strict=True):
        assert np.array_equal(found, np.concatenate(list(composer.stream(order))))
