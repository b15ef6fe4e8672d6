"""`metadata.csv` and `metadata.jsonl`, right and wrong."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tympan.data import Table, read_folder
from tympan.errors import DataError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with three files called as recordings; nothing here decodes them."""
    folder = tmp_path / "data"
    (folder / "audio").mkdir(parents=True)
    for name in ("a.wav", "b.wav", "audio/c.wav", "Ümlaut ü.wav"):
        (folder / name).write_bytes(b"RIFF....WAVE")
    return folder


def write(root: Path, text: str | bytes, name: str = "metadata.csv") -> None:
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def test_columns_are_read_in_the_order_of_the_file(root: Path) -> None:
    write(root, "label, file_name ,source\ndog,audio/c.wav,7\n\n cat ,a.wav,\n")
    table = read_folder(root)
    assert [table.relative(p) for p in table.paths] == ["audio/c.wav", "a.wav"]
    assert table.column("label") == ["dog", "cat"]
    assert table.column("source") == ["7", ""]
    assert table.ignored == 2
    assert table.origin == "metadata.csv"
    assert "file_name" not in table.column_names


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbffile_name,label\na.wav,x\nb.wav,y\n",  # a BOM, as Excel writes it
        "file_name,label\r\na.wav,x\r\nb.wav,y\r\n",
        "file_name;label\na.wav;x\nb.wav;y\n",  # Excel in half of Europe
        "file_name\tlabel\na.wav\tx\nb.wav\ty\n",
        "file_name,label\na.wav,x\nb.wav,y\n".encode("utf-16"),
        'file_name,label\n"a.wav",x\n"b.wav",y',
        "sep=,\r\nfile_name,label\r\na.wav,x\r\nb.wav,y\r\n",  # Excel, asked for a comma
        "sep=;\nfile_name;label\na.wav;x\nb.wav;y\n",
        b'\xef\xbb\xbf"sep=|"\nfile_name|label\na.wav|x\nb.wav|y\n',
        "file_name,label\na.wav,x,,\nb.wav,y, \n",  # cells that were once used
        "file_name,label,,\na.wav,x,,\nb.wav,y\n",
        "file_name,label\n./a.wav,x\naudio\\c.wav,y\n",  # written on Windows
    ],
)
def test_the_dialects_that_programs_write(root: Path, text: str | bytes) -> None:
    write(root, text)
    assert read_folder(root).labels == ["x", "y"]


def test_names_and_texts_in_any_script(root: Path) -> None:
    write(root, 'file_name,text\nÜmlaut ü.wav,"Grüße, ""Welt""\nund mehr"\n')
    table = read_folder(root)
    assert table.paths[0].name == "Ümlaut ü.wav"
    assert table.column("text") == ['Grüße, "Welt"\nund mehr']


@pytest.mark.parametrize("listed", ["NFC", "NFD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_accents_in_both_spellings_are_one(tmp_path: Path, listed: str, stored: str) -> None:
    (tmp_path / unicodedata.normalize(stored, "Möwe.wav")).write_bytes(b"RIFF....WAVE")
    (tmp_path / "b.wav").write_bytes(b"RIFF....WAVE")
    write(tmp_path, unicodedata.normalize(listed, "file_name,label\nMöwe.wav,Möwe\nb.wav,Möwe\n"))
    table = read_folder(tmp_path)
    assert table.labels == [unicodedata.normalize("NFC", "Möwe")]
    assert table.paths[0].is_file()


def test_label_folders_in_both_spellings_are_one(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        folder = tmp_path / unicodedata.normalize(form, "Möwe")
        folder.mkdir(exist_ok=True)
        (folder / f"{form}.wav").write_bytes(b"RIFF....WAVE")
    table = read_folder(tmp_path)
    assert (len(table), table.labels) == (2, [unicodedata.normalize("NFC", "Möwe")])


def test_lines_are_counted_from_the_separator_line(root: Path) -> None:
    write(root, "sep=;\nfile_name;label\na.wav;x\nz.wav;y\n")
    with pytest.raises(DataError, match=r"z.wav \(line 4\)"):
        read_folder(root)


def test_jsonl(root: Path) -> None:
    rows = [
        {"file_name": "a.wav", "label": ["dog", "rain"], "gain_db": -3.5, "note": None},
        {"file_name": "b.wav", "label": "cat", "slots": {"drink": "tea"}, "loud": True},
    ]
    write(root, "\n".join(json.dumps(row) for row in rows) + "\n\n", "metadata.jsonl")
    table = read_folder(root)
    assert table.column("label") == ["dog;rain", "cat"]
    assert table.tags == ["cat", "dog", "rain"]
    assert table.column("gain_db") == ["-3.5", ""]
    assert table.column("slots") == ["", '{"drink": "tea"}']
    assert table.column("loud") == ["", "true"]
    assert table.column("note") == ["", ""]


def test_rows_without_a_label_are_left_out_and_counted(root: Path) -> None:
    write(root, "file_name,label\na.wav,x\nb.wav,\naudio/c.wav,y\n")
    table = read_folder(root)
    assert (len(table), table.unlabelled) == (2, 1)


def test_of_several_labels_a_row_may_have_none(root: Path) -> None:
    write(root, "file_name,label\na.wav,x;y\nb.wav,\n")
    table = read_folder(root)
    assert [e.tags for e in table] == [("x", "y"), ()]


def test_events_may_name_a_file_often(root: Path) -> None:
    write(root, "file_name,start_s,end_s,label\na.wav,0,1,x\na.wav,1,2,y\nb.wav,0,3,x\n")
    assert len(read_folder(root)) == 3


CSV_ERRORS = [
    ("", r"no column 'file_name'.*empty"),
    ("file_name,label\n", r"has no rows"),
    ("name,label\na.wav,x\n", r"no column 'file_name'.*it is: name, label"),
    ("filename,label\na.wav,x\n", r"'filename' .write it 'file_name'.*are: filename, label"),
    ("File Name;label\na.wav;x\n", r"'File Name' .write it 'file_name'.*: File Name, label"),
    ("file_name,Label\na.wav,x\n", r"no column 'label', but .*'Label' .*are: file_name, Label"),
    ("file_name,label\na.wav,x,,z\n", r"line 2 has 4 cells, the header 2"),
    ("file_name,label,label\na.wav,x,y\n", r"the column 'label' twice"),
    ("file_name,label\nz.wav,x\ny.wav,x\n", r"z.wav \(line 2\), y.wav \(line 3\) that do not"),
    ("file_name,label\na.wav,x\nz.wav,x\n", r"z.wav \(line 3\) that does not exist"),
    ("file_name,label\na.wav,x\nb.wav,x\na.wav,y\n", r"a.wav twice \(lines 2 and 4\)"),
    ("file_name,label\na.wav,x\n./a.wav,y\n", r"a.wav twice \(lines 2 and 3\)"),
    ("file_name,label\n,x\n", r"empty file_name in line 2"),
    ("file_name,label\na.wav,\nb.wav,\n", r"empty label in every row"),
    ("file_name,label\na.wav\n", r"line 2 has 1 cells, the header 2"),
    ("file_name,label\na.wav,x,y\n", r"line 2 has 3 cells, the header 2.*quotes"),
    ("file_name,label\n../out.wav,x\n", r"\.\./out.wav \(line 2\), which leads out"),
    ("file_name,label\naudio/../../out.wav,x\n", r"which leads out of the folder"),
    ("file_name,label\n..\\out.wav,x\n", r"which leads out of the folder"),
    ("file_name,label\n/etc/passwd,x\n", r"/etc/passwd \(line 2\), which leads out"),
    ("file_name,label\nC:\\a.wav,x\n", r"which leads out of the folder"),
    ("file_name,label\n" + "a" * 5000 + ".wav,x\n", r"does not exist"),
    ("file_name,label\naudio,x\n", r"audio \(line 2\) that does not exist"),
    ('file_name,label\n"a.wav,x\n', r"is not CSV"),
    ("file_name,label\na.wav,\0\n", r"NUL bytes"),
    ("file_name,label\na.wav," + "x" * 200_000 + "\n", r"is not CSV .line 2"),
    ("file_name,label\na.wav,x\nb.wav,Gr\xfc\xdfe\n".encode("latin-1"), r"not UTF-8 text .line 3"),
    (b"\xff\xfea\x00b", r"not UTF-8 text|file_name"),
]


@pytest.mark.parametrize(("text", "message"), CSV_ERRORS, ids=[m for _, m in CSV_ERRORS])
def test_a_wrong_csv_is_refused_by_line(root: Path, text: str | bytes, message: str) -> None:
    (root.parent / "out.wav").write_bytes(b"RIFF....WAVE")
    write(root, text)
    with pytest.raises(DataError, match=message) as caught:
        read_folder(root)
    assert "metadata.csv" in str(caught.value)


JSONL_ERRORS = [
    ("", "has no rows"),
    ('{"file_name": "a.wav"}\n{"file_name"', "line 2 is not JSON"),
    ("[1, 2]\n", "line 1 is not a JSON object"),
    ('{"label": "x"}\n', "line 1 has no 'file_name'"),
    ('{"file_name": "a.wav", "Label": "x"}\n', "no column 'label' in line 1, but .*'Label'"),
    ('{"filename": "a.wav"}\n', "write it 'file_name'"),
    ('{"file_name": 3}\n', "line 1 has no 'file_name'"),
    ('{"file_name": "../out.wav"}\n', "leads out of the folder"),
    ('{"file_name": "a\\u0000.wav"}\n', "NUL character"),
    ("[" * 100_000, "line 1 is not JSON"),
]


@pytest.mark.parametrize(("text", "message"), JSONL_ERRORS, ids=[m for _, m in JSONL_ERRORS])
def test_a_wrong_jsonl_is_refused_by_line(root: Path, text: str, message: str) -> None:
    write(root, text, "metadata.jsonl")
    with pytest.raises(DataError, match=message) as caught:
        read_folder(root)
    assert "metadata.jsonl" in str(caught.value)


def test_two_metadata_files(root: Path) -> None:
    write(root, "file_name,label\na.wav,x\n")
    write(root, '{"file_name": "a.wav"}\n', "metadata.jsonl")
    with pytest.raises(DataError, match=r"both metadata.csv and metadata.jsonl"):
        read_folder(root)


WORDS = 'file_name label a.wav b.wav audio/c.wav , ; .. / { } : [ ] " ü 1e999 "file_name":"a.wav"'
PIECES = st.sampled_from([*WORDS.split(), "\t", "\n", "\r\n", "\ufeff", "\0", "\u2028"])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(PIECES, max_size=25).map("".join).map(str.encode) | st.binary(max_size=60))
@example(b'{"file_name": "a.wav", "label": NaN}')
def test_whatever_it_holds_it_is_read_or_refused(root: Path, content: bytes) -> None:
    for name in ("metadata.csv", "metadata.jsonl"):
        write(root, content, name)
        try:
            table = read_folder(root)
        except DataError:
            pass
        else:
            assert isinstance(table, Table)
            assert all(path.is_file() for path in table.paths)
        (root / name).unlink()
