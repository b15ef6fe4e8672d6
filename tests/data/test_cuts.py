"""Labelled parts of recordings as recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tympan
from tympan.audio import Clip
from tympan.data import Supervision, Table, cut_parts, read_folder, recording, split_table
from tympan.errors import DataError


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """Ten seconds; each second is as loud as its number."""
    wave = np.repeat(np.arange(10) / 20, 8000)
    return Clip(wave[None], 8000).save(tmp_path / "ramp.wav", subtype="FLOAT")


def parts_of(ramp: Path, *parts: tuple[float, float, str]) -> Table:
    supervisions = tuple(Supervision(*one) for one in parts)
    return Table(ramp.parent, (recording(ramp, {"speaker": "x"}, supervisions),))


def test_parts_hold_their_sound_and_their_source(ramp: Path, tmp_path: Path) -> None:
    found = cut_parts(parts_of(ramp, (2, 4, "a"), (7.5, 8.5, "b")), tmp_path / "cache")
    assert [(e.label, e.columns["source"], e.columns["speaker"]) for e in found] == [
        ("a", "ramp.wav", "x"),
        ("b", "ramp.wav", "x"),
    ]
    waves = [tympan.load(e.path).samples[0] for e in found]
    assert np.allclose(waves[0], np.repeat([2, 3], 8000) / 20)
    assert np.allclose(waves[1], np.repeat([7, 8], 4000) / 20)
    assert found.warnings == (
        "warning: all parts are of one recording, so the score says how well other parts of the "
        "same recording are recognised",
    )


def test_equal_times_are_one_example_with_several_labels(ramp: Path, tmp_path: Path) -> None:
    table = parts_of(ramp, (1, 2, "b"), (1, 2, "a;c"), (1, 2, ""), (3, 4, ""), (1, 2.5, "a"))
    found = cut_parts(table, tmp_path / "cache")
    assert [e.label for e in found] == ["a;b;c", "a"]
    assert found.unlabelled == 1
    assert "1 part without a label is left out" in found.notes[-1]


def test_what_is_not_in_the_recording_is_left_out(ramp: Path, tmp_path: Path) -> None:
    table = parts_of(ramp, (1, 1.001, "a"), (12, 13, "a"), (9.5, 30, "a"))
    found = cut_parts(table, tmp_path / "cache")
    assert len(found) == 1
    assert found.place == table.root  # and not the cache
    assert tympan.load(found[0].path).duration_s == pytest.approx(0.5)
    assert any("left out: 2 parts shorter" in line for line in found.warnings)
    with pytest.raises(DataError, match="no labelled part"):
        cut_parts(parts_of(ramp, (12, 13, "a")), tmp_path / "cache")


def test_cut_again_it_is_the_same_table(ramp: Path, tmp_path: Path) -> None:
    table = parts_of(ramp, (1, 2, "a"), (3, 4, "b"))
    digests = []
    for cache in ("one", "one", "two"):
        found = cut_parts(table, tmp_path / cache)
        digests.append((found.digest, [e.path.stat().st_mtime_ns for e in found]))
    assert digests[0] == digests[1] == digests[2]


def test_a_recording_that_changed_is_cut_anew(ramp: Path, tmp_path: Path) -> None:
    table = parts_of(ramp, (1, 2, "a"))
    first = cut_parts(table, tmp_path / "cache")[0].path
    Clip(np.zeros((1, 80_001), np.float32), 8000).save(ramp)
    second = cut_parts(table, tmp_path / "cache")[0].path
    assert first != second
    assert not tympan.load(second).samples.any()


def test_parts_of_one_recording_are_on_one_side(tmp_path: Path) -> None:
    lines = ["file_name,start_s,end_s,label"]
    for i in range(8):
        wave = np.random.default_rng(i).normal(size=(1, 40_000)) / 10
        Clip(wave, 8000).save(tmp_path / f"{i}.wav")
        lines += [f"{i}.wav,{j},{j + 1},{'ab'[j % 2]}" for j in range(4)]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    found = cut_parts(read_folder(tmp_path), tmp_path / "cache")
    split = split_table(found, val_fraction=0.25, test_fraction=0.25)
    sets = [{e.columns["source"] for e in rows} for rows in (split.train, split.val, split.test)]
    assert all(sets)
    assert not sets[0] & sets[1]
    assert not sets[0] & sets[2]
    assert not sets[1] & sets[2]


def test_whole_recordings_stay(ramp: Path) -> None:
    table = Table(ramp.parent, (recording(ramp, {"label": "a"}),))
    assert cut_parts(table) is table


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF....WAVE")
    table = Table(tmp_path, (recording(tmp_path / "a.wav", {}, (Supervision(0, 1, "a"),)),))
    with pytest.raises(DataError, match=r"a\.wav"):
        cut_parts(table, tmp_path / "cache")
