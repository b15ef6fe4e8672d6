"""What is checked of recordings before a classifier is trained on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests_sounds import sound
from tympan.audio import Clip, concat
from tympan.data import AudioStore, Supervision, Table, read_folder, recording
from tympan.errors import DataError
from tympan.tasks.classify import TASK
from tympan.tasks.classify.recordings import (
    check_contradictions,
    check_labelled,
    check_labels,
    chunks_of,
    silent_recordings,
)


def table_of(*labels: str) -> Table:
    rows = (recording(Path(f"{i}.wav"), {"label": label}) for i, label in enumerate(labels))
    return Table(Path("pets"), tuple(rows))


def test_a_recording_without_a_label_is_named() -> None:
    with pytest.raises(DataError, match=r"1\.wav: has no label, like 1 other .*fill in"):
        check_labelled(table_of("dog", "", ""))
    check_labelled(table_of("dog", "dog"))


def test_a_label_that_no_card_can_hold_is_named() -> None:
    for wrong in ("a\nb", "a\udc80", "\x1b[31m"):
        with pytest.raises(DataError, match="unusable label"):
            check_labelled(table_of("dog", wrong))
    check_labelled(table_of("Hund", "Vögel", "猫"))


def test_labels_of_parts_are_refused() -> None:
    part = recording(Path("a.wav"), {"label": "dog"}, [Supervision(0.0, 1.0, label="dog")])
    with pytest.raises(DataError, match="has labels for parts of recordings"):
        check_labelled(Table(Path("pets"), (part,)))


def test_one_label_is_not_enough() -> None:
    with pytest.raises(DataError, match="only the label 'dog', a classifier needs two"):
        check_labels(table_of("dog", "dog"))
    check_labels(table_of("dog", "cat"))


def test_the_same_sound_under_two_labels_is_refused() -> None:
    table = table_of("dog", "cat", "dog", "cat")
    check_contradictions(table, ["1", "2", "1", "3"])
    with pytest.raises(DataError, match=r"3\.wav: is the same sound as 0\.wav, .*'cat'.*'dog'"):
        check_contradictions(table, ["1", "2", "3", "1"])
    # All of them at once, so that a folder is mended in one go.
    with pytest.raises(DataError, match=r"1\.wav: .*; so are 3\.wav and 2\.wav"):
        check_contradictions(table, ["1", "1", "2", "2"])


def test_columns_that_could_be_the_label_are_named() -> None:
    rows = (recording(Path(f"{i}.wav"), {"mood": "calm", "room": "a"}) for i in range(2))
    with pytest.raises(DataError, match="its columns are mood, room: --label-column"):
        check_labelled(Table(Path("pets"), tuple(rows)))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One recording of five is silent; so are all of the label `silence`."""
    root = tmp_path_factory.mktemp("quiet")
    for kind in ("noise", "tone", "silence"):
        (root / kind).mkdir()
        for i in range(3):
            clip = Clip(np.zeros(900 + i), 16000) if kind == "silence" else sound(kind, i)
            clip.save(root / kind / f"{i}.wav")
    Clip(np.zeros(8000), 16000).save(root / "tone" / "mute.wav")
    faint = 2 * 10 ** (-90 / 20)  # 6 dB above what is called silent
    Clip(np.full(8000, faint), 16000).save(root / "tone" / "faint.wav", subtype="FLOAT")
    return root


def test_silent_recordings_are_named_unless_silence_is_a_label(quiet: Path, tmp_path: Path) -> None:
    table = read_folder(quiet)
    store = AudioStore.open(table, 16000, tmp_path)
    warning = "warning: silent, so better left out: tone/mute.wav (1 in all)"
    assert silent_recordings(table, store) == (warning,)
    # Of the recordings without it there is nothing to say.
    rest = table.subset(i for i, path in enumerate(table.paths) if path.stem != "mute")
    assert silent_recordings(rest, store) == ()
    notes = TASK.check(table, store)
    assert notes[0] == warning
    assert "'noise' (3), 'silence' (3), 'tone' (5)" in notes[1]
    assert len(notes) == 2


def test_a_sound_after_a_minute_of_silence_is_found(tmp_path: Path) -> None:
    silence = Clip(np.zeros(65 * 8000), 8000)
    (tmp_path / "a").mkdir()
    concat([silence, sound("tone", 1, rate_hz=8000)]).save(tmp_path / "a" / "late.wav")
    table = read_folder(tmp_path)
    store = AudioStore.open(table, 8000, tmp_path / "store")
    assert silent_recordings(table, store) == ()
    parts = list(chunks_of(store, table.paths[0]))
    assert [len(part) for part in parts[:2]] == [30 * 8000] * 2
    np.testing.assert_array_equal(np.concatenate(parts), store.mono(table.paths[0]))
