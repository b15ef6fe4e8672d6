"""`metadata.csv` and `metadata.jsonl`, right and wrong."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tympan.data import Supervision, Table, read_folder
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
    assert "z.wav (line 4)" in read_folder(root).warnings[0]


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


def test_events_of_a_file_are_one_example(root: Path) -> None:
    write(root, "file_name,start_s,end_s,label\na.wav,1,2,y\na.wav,0,1.5,x\nb.wav,0,3,x\n")
    table = read_folder(root)
    assert [table.relative(p) for p in table.paths] == ["a.wav", "b.wav"]
    assert table[0].supervisions == (Supervision(0, 1.5, "x"), Supervision(1, 2, "y"))
    assert table.event_labels == ["x", "y"]
    assert not table.has("label")


ALL_AT_ONCE = (
    r"names /etc/passwd \(line 3\), which leads out of the folder; "
    r"has an empty file_name in line 4; "
    r"names a.wav twice \(lines 2 and 6\); names z.wav \(line 5\) that does not exist \(file names"
)
CSV_ERRORS = [
    ("", r"no column 'file_name'.*empty"),
    ("file_name,label\n", r"has no rows"),
    ("name,label\nz,x\n", r"no column 'file_name', .*columns are: name, label; --file-column"),
    ("name,label\n", r"no column 'file_name', .*columns are: name, label"),
    ("file_name,label\na.wav,x,,z\n", r"line 2 has 4 cells, the header 2"),
    ("file_name,label,label\na.wav,x,y\n", r"the column 'label' twice"),
    ("file_name,label\nz.wav,x\ny.wav,x\n", r"z.wav \(line 2\), y.wav \(line 3\) that do not"),
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
    ("file_name,label\na.wav,x\n/etc/passwd,x\n,x\nz.wav,x\na.wav,y\n", ALL_AT_ONCE),
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
    ('{"label": "x"}\n', "no column 'file_name', .*columns are: label"),
    ('{"file_name": "a.wav"}\n{"label": "x"}\n', "empty file_name in line 2"),
    ('{"file_name": 3}\n', r"names 3 .line 1. that does not exist"),
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


# -- other names of columns ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "filename,label\na.wav,x\nb.wav,y\n",
            "metadata.csv: files in 'filename', labels in 'label'",
        ),
        ("File Name;Class\na.wav;x\nb.wav;y\n", "files in 'File Name', labels in 'Class'"),
        ("path\tcategory\na.wav\tx\nb.wav\ty\n", "files in 'path', labels in 'category'"),
        ("file_name,Label\na.wav,x\nb.wav,y\n", "files in 'file_name', labels in 'Label'"),
        ("file|labels|text\na.wav|x|\nb.wav|y|\n", "files in 'file', text"),
        ("id,recorded,target\n1,a.wav,x\n2,b.wav,y\n", "files in 'recorded', labels in 'target'"),
        ("filename,target,category\na.wav,0,x\nb.wav,1,y\n", "labels in 'category'"),
    ],
)
def test_usual_names_of_columns_are_known_and_named(root: Path, text: str, note: str) -> None:
    write(root, text)
    table = read_folder(root)
    assert note.split(",")[0] in table.notes[0]
    if "text" not in note:  # beside a text, only a column called label asks for classes
        assert table.labels == ["x", "y"]
        assert note in table.notes[0]


def test_beside_a_text_only_a_column_called_label_is_one(root: Path) -> None:
    write(root, "file_name,text,category\na.wav,hello,x\nb.wav,you,y\n")
    assert read_folder(root).column_names == ["category", "text"]
    write(root, "file_name,text,label\na.wav,hello,x\nb.wav,you,y\n")
    assert read_folder(root).labels == ["x", "y"]


def test_a_subset_is_a_split_if_it_names_sets(root: Path) -> None:
    write(root, "file_name,label,subset\na.wav,x,training\nb.wav,y,dev\n")
    assert read_folder(root).column("split") == ["training", "dev"]
    write(root, "file_name,label,subset\na.wav,x,clean\nb.wav,y,dev\n")
    assert read_folder(root).column("subset") == ["clean", "dev"]


def test_plain_metadata_needs_no_note(root: Path) -> None:
    write(root, "file_name,label,speaker,fold\na.wav,x,s,1\nb.wav,y,t,2\n")
    assert read_folder(root).notes == ()


def test_columns_may_be_chosen(root: Path) -> None:
    write(root, "id,file_name,take,emotion,label\n1,-,a.wav,sad,9\n2,-,b.wav,glad,8\n")
    table = read_folder(root, file_column="take", label_column="emotion")
    assert table.column("label") == ["sad", "glad"]
    assert table.paths == [root / "a.wav", root / "b.wav"]
    assert "emotion" not in table.column_names
    for options in ({"label_column": "mood"}, {"file_column": "mood"}):
        with pytest.raises(DataError, match=r"no column 'mood' .its columns are: id, file_name, t"):
            read_folder(root, **options)  # type: ignore[arg-type]


def test_a_table_elsewhere_may_name_files_everywhere(tmp_path: Path, root: Path) -> None:
    (tmp_path / "other").mkdir()
    away = tmp_path / "other" / "z.wav"
    away.write_bytes(b"RIFF....WAVE")
    listed = tmp_path / "lists" / "my list.csv"
    listed.parent.mkdir()
    rows = [str(away), "../other/z2.wav", "a.wav", "audio/c.wav"]
    (tmp_path / "other" / "z2.wav").write_bytes(b"RIFF....WAVE")
    listed.write_text("path,label\n" + "".join(f'"{row}",x\n' for row in rows))
    table = read_folder(root, metadata=listed)
    assert [p.name for p in table.paths] == ["z.wav", "z2.wav", "a.wav", "c.wav"]
    assert table.origin == "my list.csv"
    assert table.ignored == 2
    inside = root / "metadata.csv"
    inside.write_bytes(listed.read_bytes())
    with pytest.raises(DataError, match="leads out of the folder"):
        read_folder(root)
    with pytest.raises(DataError, match=r"does not exist .check the name of the table"):
        read_folder(root, metadata=tmp_path / "no.csv")


def test_files_are_found_by_their_names(root: Path) -> None:
    write(root, "file_name,label\nc.wav,x\na,y\n")
    table = read_folder(root)
    assert table.paths == [root / "audio" / "c.wav", root / "a.wav"]
    assert "files are found by their names (c.wav is audio/c.wav)" in table.notes[0]
    (root / "more").mkdir()
    (root / "more" / "c.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(DataError, match=r"c.wav \(line 2\), which could be .*/c.wav or "):
        read_folder(root)


def test_two_spellings_of_a_column_are_named(root: Path) -> None:
    rows = ['{"file_name": "a.wav", "label": "x"}', '{"file_name": "b.wav", "Label": "y"}']
    write(root, "\n".join(rows), "metadata.jsonl")
    table = read_folder(root)
    assert (table.labels, table.unlabelled) == (["x"], 1)
    assert table.warnings == (
        "warning: metadata.jsonl: the column 'Label' is not used beside 'label'",
    )


# -- values that are none --------------------------------------------------------------------------


def test_missing_values_and_numbers_have_one_form(root: Path) -> None:
    write(
        root,
        "file_name,label,fold,speaker\na.wav,1.0,1.0,nan\nb.wav,2,<NA>,s\naudio/c.wav,NaN,2,s\n",
    )
    table = read_folder(root)
    assert (table.labels, table.unlabelled) == (["1", "2"], 1)
    assert table.column("fold") == ["1", ""]
    assert table.column("speaker") == ["", "s"]
    assert "warning: metadata.csv: 'NaN' (1 times) in the column label is taken for no value" in (
        table.warnings
    )


def test_missing_values_of_json(root: Path) -> None:
    labels: list[object] = [0, 1, float("nan"), 1.0]
    names = ["a.wav", "b.wav", "audio/c.wav", "Ümlaut ü.wav"]
    rows = [json.dumps({"file_name": n, "label": v}) for n, v in zip(names, labels, strict=True)]
    write(root, "\n".join(rows), "metadata.jsonl")
    table = read_folder(root)
    assert (table.labels, table.unlabelled) == (["0", "1"], 1)
    assert table.warnings == ()


def test_words_that_only_seem_missing_stay(root: Path) -> None:
    write(root, "file_name,label\na.wav,None\nb.wav,na\n")
    table = read_folder(root)
    assert table.labels == ["None", "na"]
    assert "'None' (1) is a label like others" in table.warnings[0]


# -- what lies in several files --------------------------------------------------------------------


def test_a_mixture_and_its_sources(root: Path) -> None:
    write(
        root,
        "mixture,voice_path,drums,gain,split\n"
        "a.wav,audio/c.wav,b.wav,-3,train\nb.wav,a.wav,,0,test\n",
    )
    table = read_folder(root)
    assert table[0].files == {
        "mixture": root / "a.wav",
        "voice": root / "audio" / "c.wav",
        "drums": root / "b.wav",
    }
    assert set(table[1].files) == {"mixture", "voice"}
    assert table.column("gain") == ["-3", "0"]
    assert table.notes == ("metadata.csv: files in 'mixture', 'voice_path', 'drums'",)


def test_a_row_without_one_of_its_sources_is_left_out(root: Path) -> None:
    write(root, "mixture,voice\na.wav,b.wav\nb.wav,z.wav\n")
    table = read_folder(root)
    assert [e.path.name for e in table] == ["a.wav"]
    assert "names z.wav (line 3) that does not exist: 1 of 2 rows is left out" in table.warnings[0]


def test_rows_without_their_file_are_left_out_and_lost_labels_named(root: Path) -> None:
    """As a broken file is: the training goes on without it."""
    rows = ["a.wav,x", "z1.wav,x", "z2.wav,x", "z3.wav,y", "b.wav,w;v", "z4.wav,w;v"]
    write(root, "\n".join(["file_name,label", *rows]) + "\n")
    table = read_folder(root)
    assert [(e.path.name, e.label) for e in table] == [("a.wav", "x"), ("b.wav", "w;v")]
    assert table.warnings == (
        "warning: metadata.csv names z1.wav (line 3), z2.wav (line 4), z3.wav (line 5), "
        "z4.wav (line 7) that do not exist: 4 of 6 rows are left out (file names are relative to "
        "the folder of the table or of the recordings)",
        "warning: label 'x' has lost 2 of its 3 rows",
        "warning: nothing is left of label 'y': the files of its 1 row do not exist",
    )


@given(there=st.lists(st.booleans(), min_size=1, max_size=12), several=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_label_of_a_missing_file_is_kept_or_named(root: Path, there, several) -> None:
    labels = [f"l{i % 4}" + (f";m{i % 3}" if several else "") for i in range(len(there))]
    for i, exists in enumerate(there):
        (root / f"r{i}.wav").unlink(missing_ok=True)
        if exists:
            (root / f"r{i}.wav").write_bytes(b"RIFF....WAVE")
    rows = [f"r{i}.wav,{label}" for i, label in enumerate(labels)]
    write(root, "\n".join(["file_name,label", *rows]) + "\n")
    if not any(there):
        with pytest.raises(DataError, match=r"that do(es)? not exist"):
            read_folder(root)
        return
    table = read_folder(root)
    assert [e.path.stem for e in table] == [f"r{i}" for i, one in enumerate(there) if one]
    text = " ".join(table.warnings)
    for label in {one for row in labels for one in row.split(";")}:
        assert label in table.tags or f"nothing is left of label {label!r}" in text
    assert ("left out" in text) is not all(there)


def test_a_table_alone_stands_for_its_folder(root: Path, tmp_path: Path) -> None:
    write(root, "file_name,label\na.wav,x\nb.wav,y\n", "mine.csv")
    for table in (read_folder(metadata=root / "mine.csv"), read_folder(root / "mine.csv")):
        assert table.root == root
        assert table.place == root / "mine.csv"
        assert table.labels == ["x", "y"]
    with pytest.raises(DataError, match="no recordings are given"):
        read_folder()


def test_a_recording_and_its_score(root: Path) -> None:
    for name in ("a.mid", "b.mid"):
        (root / name).write_bytes(b"MThd")
    write(root, "midi_filename,audio_filename,composer\na.mid,b.wav,x\nb.mid,a.wav,y\n")
    table = read_folder(root)
    assert [(e.files["audio"].name, e.files["midi"].name) for e in table] == [
        ("b.wav", "a.mid"),
        ("a.wav", "b.mid"),
    ]
    assert table.column("composer") == ["x", "y"]


def test_scores_alone(root: Path) -> None:
    (root / "a.mid").write_bytes(b"MThd")
    write(root, "midi,label\na.mid,jig\n")
    assert [e.files for e in read_folder(root)] == [{"midi": root / "a.mid"}]


def test_annotations_that_rows_name(root: Path) -> None:
    (root / "rttm").mkdir()
    (root / "rttm" / "x.rttm").write_text("SPEAKER q 1 0.5 1 <NA> <NA> anna <NA> <NA>\n")
    write(root, "file_name,rttm,room\na.wav,rttm/x.rttm,1\nb.wav,,2\n")
    table = read_folder(root)
    assert [e.supervisions for e in table] == [(Supervision(0.5, 1.5, speaker="anna"),), ()]
    assert table.column_names == ["room"]
    write(root, "file_name,rttm\na.wav,rttm/y.rttm\n")
    with pytest.raises(DataError, match=r"names rttm/y.rttm \(line 2\) that does not exist"):
        read_folder(root)
    (root / "rttm" / "y.rttm").write_text("hello\n")
    with pytest.raises(DataError, match=r"y.rttm: line 1 begins with 'hello'"):
        read_folder(root)


WORDS = '''file_name label mixture midi start_s end_s path nan 1 a.wav b.wav audio/c.wav
, ; .. / { } : [ ] " ü 1e999 "file_name":"a.wav"'''
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
