"""Folk tunes and pop songs: which part of the set each score is in."""

from __future__ import annotations

import csv
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from recipes import compose_tunes
from tympan.notation import Piece, PiecePart, TickNote, midi_bytes, read_midi


def tune(seed: int, higher: int = 0) -> bytes:
    """A melody of its own, and a chord below it."""
    pitches = higher + np.random.default_rng(seed).integers(60, 73, 30)
    melody = PiecePart(tuple(TickNote(240 * i, 240, int(p)) for i, p in enumerate(pitches)))
    chord = PiecePart((TickNote(0, 1920, 48 + higher),))
    return midi_bytes(Piece((melody, chord)))


def archive(folder: Path, name: str, scores: dict[str, bytes]) -> None:
    path = folder / "symbolic" / compose_tunes.ARCHIVES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:xz") as tar:
        for member, data in scores.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def splits(folder: Path) -> dict[str, str]:
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
        return {row["file_name"]: row["split"] for row in csv.DictReader(file)}


def test_a_tune_is_in_one_part_at_whatever_pitch_it_stands(tmp_path: Path) -> None:
    scores = {f"jigs{i}.mid": tune(i) for i in range(1, 13)}
    scores["reels1.mid"] = tune(1, higher=3)
    scores["reels2.mid"] = tune(5, higher=2)
    archive(tmp_path, "folk", scores)
    compose_tunes.unpack("folk", tmp_path, tmp_path / "out", 0, 0)
    found = splits(tmp_path / "out")
    assert sorted(found) == sorted(scores)
    test = {name for name, part in found.items() if part == "test"}
    assert test == {"jigs1.mid", "jigs11.mid", "reels1.mid"}
    assert {name for name, part in found.items() if part == "val"} == {"jigs2.mid", "jigs12.mid"}
    assert (tmp_path / "out" / "reels2.mid").read_bytes() == scores["reels2.mid"]
    assert compose_tunes.count_of(tmp_path / "out", "train") == 9


def test_earlier_versions_of_songs_are_left_out_and_numbers_decide(tmp_path: Path) -> None:
    scores = {f"{i:03}/{i:03}.mid": tune(i) for i in range(8, 22)}
    scores["010/versions/010-v1.mid"] = tune(1)
    archive(tmp_path, "pop", scores)
    compose_tunes.unpack("pop", tmp_path, tmp_path / "out", 4, 1)
    found = splits(tmp_path / "out")
    assert [name for name, part in found.items() if part == "test"] == ["010.mid"]
    assert [name for name, part in found.items() if part == "val"] == ["015.mid"]
    assert [name for name, part in found.items() if part == "train"] == [
        "008.mid", "012.mid", "016.mid", "021.mid",
    ]  # fmt: skip
    assert len(read_midi(tmp_path / "out" / "012.mid").parts) == 2


@pytest.mark.parametrize(("one", "other"), [("a9", "a10"), ("jigs2", "reels1"), ("99", "100")])
def test_numbers_in_names_count_as_numbers(one: str, other: str) -> None:
    assert compose_tunes.natural(one) < compose_tunes.natural(other)
