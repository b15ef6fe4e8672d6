"""Each file is decoded once for all questions, and what goes wrong stays where it went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tympan
from tests_separate import save_separator
from tympan.errors import ArgumentError
from tympan.scale import one_pass
from tympan.scale.job import Asked, BatchJob, asked_of
from tympan.scale.one_pass import OnePass
from tympan.scale.store import read_part
from tympan.scale.tables import encoded, plain_rows, schema


@pytest.fixture(scope="module")
def both() -> OnePass:
    return OnePass(BatchJob(asked_of(["classify", "segment"], {"classify": {"top": 2}})))


def files(archive: Path) -> list[str]:
    return sorted(map(str, archive.rglob("*.wav")))


def test_rows_are_the_answers_of_the_verbs(both: OnePass, archive: Path) -> None:
    rows = both.rows(files(archive))
    assert [row.file for row in rows] == files(archive)
    whole = [row for row in rows if not row.errors]
    assert len(whole) == 8
    for row in whole[:3]:
        alone = tympan.answer("classify", row.file, top=2)
        found = row.answers["classify"]
        assert found.duration_s == alone.duration_s == row.duration_s
        assert found.warnings == alone.warnings
        for one, other in zip(found.labels, alone.labels, strict=True):
            assert abs(one.score - other.score) < 1e-4
        assert row.answers["segment"].segments == tympan.segment(row.file).segments


def test_a_file_that_cannot_be_read_is_a_row(both: OnePass, archive: Path) -> None:
    rows = {Path(row.file).name: row for row in both.rows([*files(archive), "gone.wav"])}
    for name in ("broken.wav", "empty.wav", "gone.wav"):
        assert name in rows[name].errors[""]
        assert not rows[name].answers
        assert rows[name].duration_s is None


def test_each_file_is_opened_once(
    both: OnePass, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    real = one_pass.blocks_of

    def counting(source: Any) -> Any:
        seen.append(source)
        return real(source)

    monkeypatch.setattr(one_pass, "blocks_of", counting)
    both.rows(files(archive))
    assert sorted(seen) == files(archive)


def test_a_question_that_fails_leaves_the_others_their_answers(
    both: OnePass, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, segmenter = both.models[1]
    real = type(segmenter).session

    def failing(self: Any, *, name: str = "", **options: Any) -> Any:
        if name.endswith("4.wav"):
            raise RuntimeError("no such luck")
        return real(self, name=name, **options)

    monkeypatch.setattr(type(segmenter), "session", failing)
    rows = {Path(row.file).name: row for row in both.rows(files(archive))}
    assert rows["4.wav"].errors == {"segment": "unexpected RuntimeError: no such luck"}
    assert "classify" in rows["4.wav"].answers
    assert not rows["5.wav"].errors


def test_files_that_answers_name_stay_with_the_results(archive: Path, tmp_path: Path) -> None:
    model, out = save_separator(tmp_path / "mine"), tmp_path / "out"
    job = BatchJob(asked_of(["segment", f"separate:{model}"]), made=str(out))
    names = [str(archive / name) for name in ("deep/0.wav", "1.wav", "empty.wav", "deep/0.wav")]
    rows = OnePass(job).rows(names)
    assert [sorted(row.errors) for row in rows] == [[], [], [""], []]
    told = plain_rows(rows, ["segment", "separate_mine"])["files"]
    assert told[0]["separate_mine_json"] == told[3]["separate_mine_json"]  # of one file
    for row in rows[:2]:
        sources = {key: out / path for key, path in row.answers["separate_mine"].sources.items()}
        whole = tympan.load(row.file)
        parts = [tympan.load(path) for path in sources.values()]
        assert [(one.rate_hz, one.samples.shape) for one in parts] == [
            (whole.rate_hz, whole.samples.shape)
        ] * 2
        np.testing.assert_allclose(sum(one.samples for one in parts), whole.samples, atol=1e-6)
    assert len(list(out.rglob("*.wav"))) == 4
    assert str(out) not in str(told[0])


def test_noise_is_taken_away_before_where_it_is_wished(archive: Path) -> None:
    asked = asked_of(["classify"], {"classify": {"top": 2}})
    plain, clean = BatchJob(asked), BatchJob(asked, clean=True)
    assert plain.identity != clean.identity  # the rows of one are not those of the other
    path = str(archive / "deep" / "3.wav")
    (found,) = OnePass(clean).rows([path])
    wanted = tympan.classify(tympan.clean(path), top=2)
    before = tympan.classify(path, top=2)
    assert [one.label for one in found.answers["classify"].labels] == [
        one.label for one in wanted.labels
    ]
    for one, other in zip(found.answers["classify"].labels, wanted.labels, strict=True):
        assert abs(one.score - other.score) < 1e-4
    assert found.answers["classify"].labels != before.labels
    assert found.duration_s == wanted.duration_s


def test_a_session_gets_the_channels_that_it_wants(both: OnePass, archive: Path) -> None:
    """As of `transcribe` with `channels="separate"`: its model mixes them otherwise."""
    heard: list[tuple[int, ...]] = []

    class Session:
        mono = False

        def push(self, wave: Any) -> tuple[()]:
            heard.append(wave.shape)
            return ()

        def result(self) -> Any:
            return tympan.segment(str(archive / "1.wav"))

    segmenter = both.models[1][1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(segmenter), "session", lambda self, **options: Session())
        both.rows([str(archive / "1.wav")])
    assert {shape[0] for shape in heard} == {2}


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_tables_are_read_back(both: OnePass, archive: Path, tmp_path: Path, kind: str) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow")
    columns = [one.column for one in both.job.asked]
    tables = plain_rows(both.rows([*files(archive)[:2], str(archive / "empty.wav")]), columns)
    for name, wanted in schema(columns).items():
        path = tmp_path / f"{name}.{kind}"
        path.write_bytes(encoded(tables[name], wanted, kind))
        found = list(read_part(path, kind))
        assert list(found[0]) == list(wanted)
        assert len(found) == len(tables[name])
    first = tables["files"][0]
    assert first["classify"].count("%") == 2
    assert '"labels"' in first["classify_json"]
    labels = [row for row in tables["parts"] if row["list"] == "labels"]
    assert [row["place"] for row in labels[:2]] == [0, 1]
    assert labels[0]["score"] >= labels[1]["score"]
    assert tables["files"][2]["classify"] is None
    assert "empty.wav" in tables["files"][2]["error"]


def test_names_that_are_no_text_are_escaped(both: OnePass) -> None:
    tables = plain_rows(both.rows(["caf\udce9.wav"]), ["classify", "segment"])
    content = encoded(tables["files"], schema(["classify", "segment"])["files"], "jsonl")
    assert b"caf\\\\udce9.wav" in content


def test_questions_are_checked_before_anything_is_read() -> None:
    assert Asked.of("tag:sex").column == "tag_sex"
    with pytest.raises(ArgumentError, match="takes a text"):
        Asked.of("speak")
    with pytest.raises(ArgumentError, match="no task is called"):
        Asked.of("clasify")
    with pytest.raises(ArgumentError, match="has no option"):
        asked_of(["classify"], {"classify": {"tops": 1}})
    with pytest.raises(ArgumentError, match="not asked"):
        asked_of(["classify"], {"tag": {"top": 1}})
    with pytest.raises(ArgumentError, match="asked twice"):
        BatchJob(asked_of(["classify", "classify"]))


def test_what_is_wrong_for_every_file_is_told_before_any() -> None:
    crossed = {"onset": 0.2, "offset": 0.9}
    with pytest.raises(ArgumentError, match="nothing would last"):
        OnePass(BatchJob(asked_of(["segment"], {"segment": crossed})))
