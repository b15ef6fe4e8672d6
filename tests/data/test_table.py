"""The table of examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tympan.data import Example, Supervision, Table, recording
from tympan.errors import DataError

A, B = Path("d/a.wav"), Path("d/b.wav")


def test_the_main_file_of_an_example() -> None:
    assert Example({"voice": B, "mixture": A}).path == A
    assert Example({"midi": B, "audio": A}).path == A
    assert Example({"midi": B}).path == B
    assert Example({"odd": B}).path == B


def test_labels_and_speakers_of_supervisions() -> None:
    events = [Supervision(0, 1, "dog", speaker="s2"), Supervision(1, 2)]
    table = Table(Path("d"), (recording(A, {"speaker": "s1"}, events), recording(B)))
    assert table.event_labels == ["dog"]
    assert table.speakers == ["s1", "s2"]
    assert table.labels == []
    assert table.name(0) == "a.wav"


def test_notes_and_warnings_go_with_the_rows() -> None:
    table = Table(Path("d"), (recording(A), recording(B)), notes=("n",), warnings=("w",))
    assert (table.subset([1]).notes, table.subset([1]).warnings) == (("n",), ("w",))


def test_files_of_a_role() -> None:
    table = Table(Path("d"), (Example({"audio": A, "midi": B}), recording(B)))
    assert table.files("audio") == [A, B]
    with pytest.raises(DataError, match="has no midi file"):
        table.files("midi")


def test_the_digest_knows_all_files_and_supervisions(tmp_path: Path) -> None:
    for name in ("a.wav", "a.mid"):
        (tmp_path / name).write_bytes(name.encode())
    one = Example({"audio": tmp_path / "a.wav", "midi": tmp_path / "a.mid"}, {"label": "x"})
    table = Table(tmp_path, (one,))
    others = [
        replace(one, supervisions=(Supervision(0, 1),)),
        replace(one, columns={"label": "y"}),
        replace(one, files={"audio": tmp_path / "a.wav"}),
    ]
    digests = {Table(tmp_path, (other,)).digest for other in others} | {table.digest}
    assert len(digests) == 4
