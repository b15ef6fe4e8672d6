"""A folder as Common Voice comes: `train.tsv` and others beside a folder `clips`."""

from __future__ import annotations

from pathlib import Path

import pytest

from made_voices import made_voice
from tympan.data import guess_task, read_folder, split_table
from tympan.tasks.identify.task import TASK

NAMES = (
    *("client_id", "path", "sentence_id", "sentence", "sentence_domain", "up_votes"),
    *("down_votes", "age", "gender", "accents", "variant", "locale", "segment"),
)
AGES, GENDERS = ("twenties", "fifties", ""), ("male_masculine", "female_feminine", "")
PEOPLE, CLIPS = 9, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cv")
    (root / "clips").mkdir()
    rows = []
    for who in range(PEOPLE):
        for take in range(CLIPS):
            name = f"common_voice_en_{100 * who + take}.wav"
            made_voice(who, take, 1.0).save(root / "clips" / name)
            text = 'He said "so what," and left.'
            about = ("", "2", "0", AGES[who % 3], GENDERS[who // 3], "", "", "en", "")
            rows.append("\t".join((f"{who:0128x}", name, f"{who}-{take}", text, *about)))
    head = "\t".join(NAMES)
    for name, part in (("train", rows[:6]), ("dev", rows[6:12]), ("test", rows[12:])):
        (root / f"{name}.tsv").write_text("\n".join([head, *part, ""]), encoding="utf-8")
    (root / "validated.tsv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    (root / "other.tsv").write_text(f"{head}\n", encoding="utf-8")
    return root


def test_its_speakers_are_those_of_the_question(folder: Path) -> None:
    table = TASK.rows_of(read_folder(folder))
    assert len(table) == PEOPLE * CLIPS
    assert len(set(table.column("speaker"))) == PEOPLE
    assert table.column("text")[0] == 'He said "so what," and left.'
    assert set(table.column("split")) == {"train", "val", "test"}


def test_a_column_is_trained_on_as_labels_and_nobody_is_in_two_sets(folder: Path) -> None:
    table = read_folder(folder, metadata=folder / "validated.tsv", label_column="age")
    assert guess_task(table).task == "classify"
    assert table.labels == ["fifties", "twenties"]
    assert len(table) == 2 * PEOPLE * CLIPS // 3  # nothing is known of a third of the people
    split = split_table(table, test_fraction=0.2)
    people = [set(part.column("speaker")) for part in (split.train, split.val, split.test)]
    assert all(people)
    assert sum(map(len, people)) == len(set.union(*people)) == 2 * PEOPLE // 3
