"""Where answers go: names of files, one file for all, what fits no format."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.cli.outputs import FileEach, FileForAll, Once, Output, choose, json_line, unique_targets
from tympan.cli.sources import Recording
from tympan.errors import ArgumentError, TympanError
from tympan.tasks import Anomaly, Classification, Label, Segment
from tympan.tasks.results.formats import WITH_TIMES
from tympan.tasks.results.parts import AboutModel

ENDINGS = WITH_TIMES


def recording(name: str, listed: bool = False) -> Recording:
    return Recording(Path(name), Path(name), listed)


def answer(file: str, *labels: str) -> Classification:
    timeline = tuple(Segment(i, i + 1, label, 0.5) for i, label in enumerate(labels))
    return Classification(file, (Label(labels[0], 0.5),) if labels else (), timeline, 2.0, "m")


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "d/"]), st.sampled_from("aAb"), st.sampled_from("123")),
        min_size=1,
    )
)
def test_no_two_recordings_share_a_file(names: list[tuple[str, str, str]]) -> None:
    found = [recording(f"{folder}{stem}.{suffix}") for folder, stem, suffix in names]
    targets = unique_targets(found, Path("out"), ".csv")
    assert set(targets) == set(found)
    # Nor on a system where case makes no difference.
    assert len({str(path).lower() for path in targets.values()}) == len(set(found))
    assert all(path.suffix == ".csv" and path.parts[0] == "out" for path in targets.values())


def test_a_name_that_is_not_free_is_left_alone() -> None:
    def free(path: Path, recording: Recording) -> bool:
        return path.name not in {"a.html", "a-2.html"}

    assert unique_targets([recording("a.wav")], Path(), ".html", free) == {
        recording("a.wav"): Path("a-3.html")
    }


def test_the_ending_chooses_the_format_and_a_folder_holds_a_file_each(tmp_path: Path) -> None:
    one, many = [recording("a.wav")], [recording("a.wav"), recording("b.wav")]
    folder = str(tmp_path / "new")
    assert type(choose(one, ENDINGS, None, None, several=False)) is Output
    for found in (one, many):
        output = choose(found, ENDINGS, folder, "txt", several=len(found) > 1)
        written = [output.write(each, answer("a.wav", "x")) for each in found]
        assert written == [tmp_path / "new" / f"{each.within.stem}.txt" for each in found]
    file = tmp_path / "x.TextGrid"
    assert choose(one, ENDINGS, str(file), None, several=False).write(one[0], answer("a")) == file
    assert isinstance(choose(one, ENDINGS, str(tmp_path / "a.csv"), None, several=True), FileForAll)
    assert isinstance(choose(one, ENDINGS, str(tmp_path / "a.csv"), None, several=False), FileEach)
    # By default a folder holds JSON.
    assert choose(one, ENDINGS, folder, None, several=False).write(one[0], answer("a")) == (
        tmp_path / "new" / "a.json"
    )


@pytest.mark.parametrize(
    ("out", "format_", "several", "told"),
    [
        ("a.xls", None, False, "use one of .json"),
        ("a.srt", None, True, "is about one recording"),
        (None, "csv", False, "in a folder"),
        ("folder/", "xls", False, "one of json, csv, txt"),
        ("a.csv", "txt", False, "give one"),
        ("no/such/a.csv", None, False, "its folder does not exist"),
        ("file.txt/x/", None, False, "cannot be made"),
    ],
)
def test_what_cannot_be_written_is_known_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out, format_, several: bool, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file.txt").touch()
    with pytest.raises(ArgumentError, match=told):
        choose([recording("a.wav")], ENDINGS, out, format_, several=several)


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Path]:
    """A folder that may be read only, and a user who is not above that."""
    folder = tmp_path / "shut"
    folder.mkdir()
    folder.chmod(0o555)
    if sys.platform == "win32":
        pytest.skip("permissions of another kind")
    above = os.getuid() == 0
    if above:
        os.setreuid(65534, -1)
    try:
        yield folder
    finally:
        if above:
            os.setreuid(0, -1)


def test_a_folder_that_may_not_be_written_to_is_noticed_before_the_work(shut: Path) -> None:
    with pytest.raises(ArgumentError, match=r"a\.csv: .* its folder may not be written to"):
        choose([recording("a.wav")], ENDINGS, str(shut / "a.csv"), None, several=False)


def test_one_table_holds_all_recordings(tmp_path: Path) -> None:
    found = [recording("a.wav"), recording("b.wav")]
    with FileForAll(tmp_path / "all.csv", found) as output:
        output.write(found[0], answer("a.wav"))  # an answer without rows
        output.write(found[1], answer("b.wav", "x", "y"))
        output.write(found[0], answer("c, d.wav", "z"))
    rows = list(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text())))
    assert [(row["file"], row["label"]) for row in rows] == [
        ("b.wav", "x"),
        ("b.wav", "y"),
        ("c, d.wav", "z"),
    ]
    with FileForAll(tmp_path / "all.jsonl", found) as output:
        output.write(found[0], answer("a\udce9.wav", "x"))
        output.write(found[1], answer("b.wav"))
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["a\udce9.wav", "b.wav"]


def test_rttm_of_several_keeps_recordings_of_one_name_apart(tmp_path: Path) -> None:
    found = [recording("a.wav"), recording("a.mp3"), recording("d/a.wav")]
    with FileForAll(tmp_path / "all.rttm", found) as output:
        for one in found:
            output.write(one, answer(str(one.path), "x"))
    names = [line.split()[1] for line in (tmp_path / "all.rttm").read_text().splitlines()]
    assert names == ["a.wav", "a.mp3", "d/a"]


def test_of_a_table_that_could_not_be_finished_nothing_is_left(tmp_path: Path) -> None:
    target = tmp_path / "all.csv"
    target.write_text("before")

    def interrupted() -> None:
        with FileForAll(target, [recording("a.wav")]) as output:
            output.write(recording("a.wav"), answer("a.wav", "x"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]
    assert target.read_text() == "before"


def test_answers_that_are_no_table_cannot_be_joined_in_one(tmp_path: Path) -> None:
    class Foreign:
        """An answer with nothing but what the contract wants."""

        file, model, duration_s, warnings = "a.wav", "m", 1.0, ()

        def to_json(self) -> dict[str, object]:
            return {"file": self.file}

    with FileForAll(tmp_path / "a.jsonl", []) as output:
        output.write(recording("a.wav"), Foreign())  # type: ignore[arg-type]
    for name in ("a.csv", "a.rttm"):
        with (
            pytest.raises(TympanError, match="cannot be joined"),
            FileForAll(tmp_path / name, []) as output,
        ):
            output.write(recording("a.wav"), Foreign())  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii", "latin-1"])
@given(text=st.text() | st.just("日本語 café 😀 \udce9"))
def test_a_line_of_json_fits_every_encoding(encoding: str, text: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        line = json_line({"file": text})
    line.encode(encoding)
    assert json.loads(line) == {"file": text}
    assert "\n" not in line


def test_a_warning_about_the_model_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    once = Once()
    files = [Anomaly(name, 1.0, 2.0, (), warnings=(AboutModel("few"), "odd")) for name in "ab"]
    assert [str(once(one)).splitlines()[1:] for one in files] == [["a: odd"], ["b: odd"]]
    assert capsys.readouterr().err == "tympan: few\n"
    Once(quiet=True)(files[0])
    assert capsys.readouterr().err == ""
