"""ABC: pitches and lengths of tunes whose reading is known by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.errors import DataError
from tympan.notation import abc_tunes, read_abc
from tympan.notation.piece import TICKS_PER_BEAT as BEAT


def heard(music: str, head: str = "M:4/4\nL:1/8\nK:C") -> list[tuple[float, float, int]]:
    """Start and length in quarter notes, and pitch, of each note."""
    (tune,) = abc_tunes(f"X:1\n{head}\n{music}\n")
    return [(n.start / BEAT, n.length / BEAT, n.pitch) for n in tune.parts[0].notes]


def pitches(music: str, head: str = "M:4/4\nL:1/8\nK:C") -> list[int]:
    return [pitch for _, _, pitch in heard(music, head)]


def test_octaves_and_lengths() -> None:
    assert heard("C,2 C c/2 c'3/2") == [(0, 1, 48), (1, 0.5, 60), (1.5, 0.25, 72), (1.75, 0.75, 84)]


def test_the_key_alters_notes_until_an_accidental_does_and_only_for_its_bar() -> None:
    assert pitches("F=F F|F", "L:1/8\nK:D") == [66, 65, 65, 66]
    assert pitches("B E A", "L:1/8\nK:Eb") == [70, 63, 68]
    assert pitches("F f", "L:1/8\nK:Em") == [66, 78]
    assert pitches("F c", "L:1/8\nK:Ddor") == [65, 72]
    assert pitches("^F _B __E", "L:1/8\nK:C") == [66, 70, 62]


def test_broken_rhythm_and_tuplets() -> None:
    assert [length for _, length, _ in heard("C>D E<F")] == [0.75, 0.25, 0.25, 0.75]
    found = heard("(3CDE F")
    assert [round(length, 3) for _, length, _ in found] == [0.333, 0.333, 0.333, 0.5]
    assert found[-1][0] == 1


def test_ties_join_and_rests_take_time() -> None:
    assert heard("C4-|C2 z2 D") == [(0, 3, 60), (4, 0.5, 62)]


def test_chords_sound_at_once_and_chord_symbols_are_passed_over() -> None:
    assert heard('"Am"[CEG]2 {d}A') == [(0, 1, 60), (0, 1, 64), (0, 1, 67), (1, 0.5, 69)]


def test_repeats_are_written_out_with_their_endings() -> None:
    assert pitches("|:CD:|E") == [60, 62, 60, 62, 64]
    assert pitches("|:CD|1 E:|2 F|") == [60, 62, 64, 60, 62, 65]
    assert pitches("CD:|:EF:|") == [60, 62, 60, 62, 64, 65, 64, 65]


def test_tempo_metre_and_key_of_the_piece() -> None:
    (tune,) = abc_tunes("X:1\nT:A tune\nM:6/8\nL:1/8\nQ:3/8=60\nK:G\nG3\n")
    assert (tune.name, tune.metres, tune.keys) == ("A tune", ((0, 6, 8),), ((0, "G major"),))
    assert round(tune.tempo_bpm) == 90


def test_a_file_of_several_tunes(tmp_path: Path) -> None:
    text = "X:1\nK:C\nC\n\nX:2\nK:C\nD\n"
    assert [t.parts[0].notes[0].pitch for t in abc_tunes(text)] == [60, 62]
    path = tmp_path / "tunes.abc"
    path.write_text(text)
    assert read_abc(path).parts[0].notes[0].pitch == 60


def test_a_file_without_a_tune_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.abc"
    path.write_text("hello\n")
    with pytest.raises(DataError, match="holds no tune"):
        read_abc(path)
