"""Rows of table files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tympan.data.rows import read_names, read_rows
from tympan.errors import DataError


def never(names: object) -> bool:
    return False


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a,b\n1,2\n", ("a", "b")),
        ("a;b;c\n1;2,5;3\n", ("a", "b", "c")),
        ("a\tb\n1\t2\n", ("a", "b")),
        ("a|b\n1|2\n", ("a", "b")),
        ("sep=|\na|b,c\n1|2\n", ("a", "b,c")),
        ("a\n1\n", ("a",)),
        ("", ()),
    ],
)
def test_separators(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert read_rows(path).names == names
    assert read_names(path, never) == names


def test_names_that_make_sense_decide_between_separators(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("file;a,b,c,d\nx;1,2,3,4\n")
    assert read_rows(path).names == ("file;a", "b", "c", "d")
    assert read_rows(path, lambda names: "file" in names).rows == (
        (2, {"file": "x", "a,b,c,d": "1,2,3,4"}),
    )


def test_tabs_come_first_in_a_tsv(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("a\tb,c\n1\t2\n")
    assert read_rows(path).names == ("a", "b,c")


def test_names_of_files_that_are_no_tables(tmp_path: Path) -> None:
    for content in (b"\xff\xfe\x00", b"a,b\xff\n", b'"a', b"", b"\0"):
        (tmp_path / "a.csv").write_bytes(content)
        assert isinstance(read_names(tmp_path / "a.csv", never), tuple)
    (tmp_path / "a.jsonl").write_text("[1]\n")
    assert read_names(tmp_path / "a.jsonl", never) == ()
    assert read_names(tmp_path / "missing.csv", never) == ()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text().map(str.encode) | st.binary())
def test_whatever_it_holds(tmp_path: Path, content: bytes) -> None:
    for name in ("a.csv", "a.tsv", "a.jsonl"):
        (tmp_path / name).write_bytes(content)
        names = read_names(tmp_path / name, never)
        try:
            table = read_rows(tmp_path / name)
        except DataError:
            continue
        assert all(set(cells) <= set(table.names) for _, cells in table.rows)
        if name != "a.jsonl":
            assert [n for n in names if n] == list(table.names)
