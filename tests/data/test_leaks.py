"""The same sound is found under other names and in other formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests_training import write_tone
from tympan.data import AudioStore, Table, check_leaks, content_keys, read_folder, recording
from tympan.errors import DataError


def groups(keys: list[str]) -> list[int]:
    first: dict[str, int] = {}
    return [first.setdefault(key, i) for i, key in enumerate(keys)]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """0 and 1 are equal bytes, 2 the same samples as FLAC, 3 the same with tags; 4, 5 and 6 differ:
    in one late sample, in length, in all."""
    root = tmp_path / "data"
    first = write_tone(root / "0.wav", 300, seed=0, duration_s=1.0)
    wave, rate_hz = soundfile.read(first, dtype="int16")
    (root / "1.wav").write_bytes(first.read_bytes())
    soundfile.write(root / "2.flac", wave, rate_hz)
    with soundfile.SoundFile(root / "3.wav", "w", rate_hz, 1, "PCM_16") as file:
        file.title = "another title"
        file.write(wave)
    late = wave.copy()
    late[3500] += 1
    soundfile.write(root / "4.wav", late, rate_hz)
    soundfile.write(root / "5.wav", wave[:-1], rate_hz)
    write_tone(root / "6.wav", 300, seed=1, duration_s=1.0)
    return read_folder(root)


def test_equal_content_has_equal_keys(table: Table) -> None:
    assert groups(content_keys(table)) == [0, 0, 0, 0, 4, 5, 6]


def test_a_store_knows_the_same(table: Table, tmp_path: Path) -> None:
    store = AudioStore.open(table, 4000, tmp_path / "cache")
    assert groups(content_keys(table, store.keys(table))) == [0, 0, 0, 0, 4, 5, 6]
    assert groups([store.content_key(path) for path in table.paths]) == [0, 0, 0, 0, 4, 5, 6]


def test_two_rows_of_one_file_are_the_same(table: Table) -> None:
    events = Table(table.root, (table[6], table[0], table[6]))
    assert groups(content_keys(events)) == [0, 1, 0]


def test_files_that_cannot_be_decoded_count_by_their_bytes(tmp_path: Path) -> None:
    for name, content in (("a", b"junk 1"), ("b", b"junk 2"), ("c", b"junk 1")):
        (tmp_path / f"{name}.wav").write_bytes(content)
    assert groups(content_keys(read_folder(tmp_path))) == [0, 1, 0]


def test_check_leaks_names_the_files_of_both_sides(table: Table) -> None:
    check_leaks(table.subset([0, 1, 2]), table.subset([4, 5, 6]))
    with pytest.raises(DataError, match=r"0.wav = 2.flac; 1.wav = 2.flac|0.wav = 2.flac") as caught:
        check_leaks(table.subset([0, 4]), table.subset([2, 6]))
    assert "4.wav" not in str(caught.value)


def test_check_leaks_by_column(table: Table) -> None:
    rows = [recording(path, {"speaker": "xyz"[i % 3]}) for i, path in enumerate(table.paths)]
    people = Table(table.root, tuple(rows))
    check_leaks(people.subset([0]), people.subset([4, 5]), group_by=["speaker", "song"])
    with pytest.raises(DataError, match="speaker x is on both sides"):
        check_leaks(people.subset([0]), people.subset([5, 6]), group_by=["speaker"])


def test_silence_is_the_same_silence(tmp_path: Path) -> None:
    for name, length in (("a", 800), ("b", 800), ("c", 900)):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(length), 4000)
    assert groups(content_keys(read_folder(tmp_path))) == [0, 0, 2]
