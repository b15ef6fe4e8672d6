"""Folders as the authors of public data sets give them out, small and made here."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import tympan
from tympan import synth
from tympan.data import Table, guess_task, read_folder, split_table
from tympan.errors import DataError


def sound(path: Path, seed: int, tone: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    clip = (
        synth.sine(300 + 10 * seed, duration_s=0.6, rate_hz=16000)
        if tone
        else synth.white_noise(duration_s=0.6, rate_hz=16000, amplitude=0.2, seed=seed)
    )
    clip.save(path)


def gtzan(root: Path) -> None:
    for genre in ("blues", "hiphop"):
        for i in range(4):
            sound(root / "genres" / genre / f"{genre}.{i:05d}.wav", i + len(genre))


TRACKS = """,album,album,artist,artist,set,set,track,track
,id,title,id,name,split,subset,genre_top,title
track_id,,,,,,,,
2,1,AWOL,1,"A, Way",training,small,Hip-Hop,Food
5,1,AWOL,1,"A, Way",training,small,Hip-Hop,"This
World"
10,6,Constant,6,Kurt,validation,small,Pop,Freeway
140,61,Alec,54,Alec,test,small,Folk,Queen
141,61,Alec,54,Alec,test,small,,Nameless
999,9,Gone,9,Gone,training,large,Pop,Absent
"""


HEAD = ",album,artist,set,track"


def fma(root: Path) -> None:
    (root / "fma_metadata").mkdir()
    (root / "fma_metadata" / "tracks.csv").write_text(TRACKS)
    (root / "fma_metadata" / "genres.csv").write_text("genre_id,title\n1,Pop\n")
    for i in (2, 5, 10, 140, 141):
        sound(root / "fma_small" / f"{i // 1000:03d}" / f"{i:06d}.mp3", i)


def magnatagatune(root: Path, shared: bool = False) -> None:
    tags = ["guitar", "no voice", "classical"]
    lines = ["\t".join(f'"{one}"' for one in ["clip_id", *tags, "mp3_path"])]
    infos = ["clip_id\ttrack_number\ttitle\tartist\turl"]
    for i, folder in enumerate("0123abcdef"):
        name = f"{folder}/artist_{i}-album-01-song-0-29.mp3"
        sound(root / name, i)
        said = [i % 2, (i + 1) % 2, 1]
        lines.append("\t".join(f'"{one}"' for one in [i, *said, name]))
        artist = "one" if shared and folder in "0f" else f"Artist {i}"
        infos.append(f'"{i}"\t"1"\t"Song"\t"{artist}"\t"http://a"')
    lines.append("\t".join(f'"{one}"' for one in [99, 1, 1, 1, "e/absent.mp3"]))
    (root / "annotations_final.csv").write_text("\n".join(lines))
    (root / "clip_info_final.csv").write_text("\n".join(infos))


def jamendo(root: Path, splits: bool = True) -> None:
    header = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"
    lines, sets = [header], {"train": [header], "validation": [header], "test": [header]}
    for i in range(10):
        tags = "\t".join(
            ["genre---rock", "instrument---electricguitar", "mood/theme---sad"][: i % 3 + 1]
        )
        line = f"track_{i:07d}\tartist_{i // 2:06d}\talbum_{i:06d}\t0{i}/{i}.mp3\t30.1\t{tags}"
        lines.append(line)
        sound(root / f"0{i}" / f"{i}.low.mp3", i)
        sets[("train", "train", "train", "validation", "test")[i // 2]].append(line)
    (root / "autotagging.tsv").write_text("\n".join(lines))
    (root / "autotagging_genre.tsv").write_text("\n".join(lines))
    if splits:
        (root / "splits" / "split-0").mkdir(parents=True)
        for name, rows in sets.items():
            (root / "splits" / "split-0" / f"autotagging-{name}.tsv").write_text("\n".join(rows))


def audioset(root: Path) -> None:
    (root / "class_labels_indices.csv").write_text(
        'index,mid,display_name\n0,/m/09x0r,"Speech"\n1,/m/05zppz,"Male speech, man speaking"\n'
        "2,/m/04rlf,Music\n"
    )
    heads = "# Segment csv created Sun Mar  5\n# num_ytids=4\n"
    heads += "# YTID, start_seconds, end_seconds, positive_labels\n"
    (root / "balanced_train_segments.csv").write_text(
        heads + '--4gqARaEJE, 0.000, 10.000, "/m/09x0r,/m/05zppz"\n'
        '-0xzrMun0Rs, 30.000, 40.000, "/m/04rlf"\n'
        'Y0000000000, 5.000, 15.000, "/m/04rlf,/m/09x0r"\n'
        'absentvideo, 5.000, 15.000, "/m/04rlf"\n'
    )
    (root / "eval_segments.csv").write_text(
        heads + 'a_b_c_d_e_f, 30.000, 40.000, "/m/04rlf"\nqqqqqqqqqqq, 1.000, 11.000, "/m/09x0r"\n'
    )
    names = (
        "--4gqARaEJE",
        "-0xzrMun0Rs_30.000",
        "YY0000000000",
        "a_b_c_d_e_f_30000",
        "qqqqqqqqqqq",
    )
    for i, name in enumerate(names):
        sound(root / "audio" / f"{name}.wav", i)


def fsd50k(root: Path) -> None:
    truth = root / "FSD50K.ground_truth"
    truth.mkdir()
    (truth / "dev.csv").write_text(
        'fname,labels,mids,split\n64760,"Electric_guitar,Guitar,Music","/m/02sgy,/m/0342h,/m/04rlf",train\n'
        "16399,Music,/m/04rlf,val\n16401,Bark,/m/0ghcn6,train\n99999,Bark,/m/0ghcn6,train\n"
    )
    (truth / "eval.csv").write_text(
        'fname,labels,mids\n37199,"Electric_guitar,Guitar",x\n175151,Bark,x\n'
    )
    (truth / "vocabulary.csv").write_text("0,Bark,/m/0ghcn6\n")
    for i in (64760, 16399, 16401):
        sound(root / "FSD50K.dev_audio" / f"{i}.wav", i)
    for i in (37199, 175151):
        sound(root / "FSD50K.eval_audio" / f"{i}.wav", i)


def told(table: Table) -> list[tuple[str, str, str, str]]:
    return sorted(
        (e.path.stem, e.label, e.columns.get("source", ""), e.columns.get("split", ""))
        for e in table
    )


def read(root: Path, make: Callable[[Path], None], name: str) -> Table:
    make(root)
    table = read_folder(root)
    assert table.notes[0].startswith(f"the folder is laid out as {name}: ")
    assert table.origin == name
    return table


def test_gtzan(tmp_path: Path) -> None:
    table = read(tmp_path, gtzan, "GTZAN")
    assert table.labels == ["blues", "hiphop"]
    assert guess_task(table).task == "classify"
    assert "repeated songs" in table.notes[1]


def test_gtzan_is_known_by_its_names(tmp_path: Path) -> None:
    sound(tmp_path / "blues" / "blues.00000.wav", 0)
    sound(tmp_path / "rock" / "other.wav", 1)
    assert read_folder(tmp_path).origin == "sub-folders"


def test_fma(tmp_path: Path) -> None:
    table = read(tmp_path, fma, "FMA")
    assert told(table) == [
        ("000002", "Hip-Hop", "1", "train"),
        ("000005", "Hip-Hop", "1", "train"),
        ("000010", "Pop", "6", "val"),
        ("000140", "Folk", "54", "test"),
    ]
    assert "3 artists" in table.notes[0]
    assert "1 recording without a top genre" in table.notes[1]


def test_magnatagatune_with_its_split(tmp_path: Path) -> None:
    table = read(tmp_path, magnatagatune, "MagnaTagATune")
    assert table.tags == ["classical", "guitar", "no voice"]
    assert len(table) == 10
    assert guess_task(table).task == "tag"
    sets = [e.columns["split"] for e in table]
    assert sets == ["train"] * 6 + ["val"] + ["test"] * 3
    assert table[1].label == "guitar;classical"
    assert table[3].columns["source"] == "Artist 3"


def test_magnatagatune_keeps_artists_apart_that_its_split_does_not(tmp_path: Path) -> None:
    table = read(tmp_path, lambda root: magnatagatune(root, shared=True), "MagnaTagATune")
    assert not table.has("split")
    assert "artists are kept apart" in table.notes[0]
    sources = [e.columns["source"] for e in table]
    assert sources.count("one") == 2
    for seed in range(5):
        split = split_table(table, val_fraction=0.2, test_fraction=0.2, seed=seed)
        sets = [
            {e.columns["source"] for e in rows} for rows in (split.train, split.val, split.test)
        ]
        assert sum(map(len, sets)) == len(set.union(*sets))


@pytest.mark.parametrize("splits", [True, False])
def test_jamendo(tmp_path: Path, splits: bool) -> None:
    table = read(tmp_path, lambda root: jamendo(root, splits), "MTG-Jamendo")
    assert table.tags == ["electricguitar", "rock", "sad"]
    assert [e.label for e in table][:3] == [
        "rock",
        "rock;electricguitar",
        "rock;electricguitar;sad",
    ]
    assert table.has("split") == splits
    split = split_table(table, val_fraction=0.2, test_fraction=0.2)
    sets = [{e.columns["source"] for e in rows} for rows in (split.train, split.val, split.test)]
    assert all(sets)
    assert sum(map(len, sets)) == 5
    if splits:
        assert [len(rows) for rows in (split.train, split.val, split.test)] == [6, 2, 2]
        assert "its split 0 is used" in table.notes[0]


def test_audioset(tmp_path: Path) -> None:
    table = read(tmp_path, audioset, "AudioSet")
    assert told(table) == [
        ("--4gqARaEJE", "Speech;Male speech, man speaking", "--4gqARaEJE", "train"),
        ("-0xzrMun0Rs_30.000", "Music", "-0xzrMun0Rs", "train"),
        ("YY0000000000", "Music;Speech", "Y0000000000", "train"),
        ("a_b_c_d_e_f_30000", "Music", "a_b_c_d_e_f", "test"),
        ("qqqqqqqqqqq", "Speech", "qqqqqqqqqqq", "test"),
    ]


def test_fsd50k(tmp_path: Path) -> None:
    table = read(tmp_path, fsd50k, "FSD50K")
    assert told(table) == [
        ("16399", "Music", "", "val"),
        ("16401", "Bark", "", "train"),
        ("175151", "Bark", "", "test"),
        ("37199", "Electric guitar;Guitar", "", "test"),
        ("64760", "Electric guitar;Guitar;Music", "", "train"),
    ]


def ljspeech(root: Path) -> None:
    lines = ["LJ001-0001|Printing, in 1 sense|Printing, in one sense", "LJ001-0002|No more|",
             "LJ009-0001|is not here|"]  # fmt: skip
    (root / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for i in (1, 2, 3):
        sound(root / "wavs" / f"LJ001-{i:04d}.wav", i)


def mailabs(root: Path) -> None:
    for kind, who, book in (
        ("female", "eva_k", "kleine"),
        ("male", "karl", "grosse"),
        ("mix", "x", "y"),
    ):
        place = root / "de_DE" / "by_book" / kind / who / book
        sound(place / "wavs" / "b_01_f000001.wav", len(book))
        sound(place / "wavs" / "b_01_f000002.wav", len(who))
        (place / "metadata.csv").write_text(
            "b_01_f000001|Im Jahr 5|Im Jahr fünf\nb_01_f000002|Ja|Ja"
        )


def commonvoice(root: Path, split: bool = True) -> None:
    head = "client_id\tpath\tsentence\tup_votes\n"
    rows = [f'{who * 20}\tcv_{i}.wav\t"Satz {i}, ja.\t2' for i, who in enumerate("aabbccdd")]
    names = ("validated", "train", "dev", "test") if split else ("validated",)
    for name, part in zip(names, (rows, rows[:4], rows[4:6], rows[6:7]), strict=False):
        (root / f"{name}.tsv").write_text(head + "\n".join(part) + "\n")
    for i in range(8):
        sound(root / "clips" / f"cv_{i}.wav", i)


def test_ljspeech(tmp_path: Path) -> None:
    table = read(tmp_path, ljspeech, "LJSpeech or M-AILABS")
    assert table.column("text") == ["Printing, in one sense", "No more"]
    assert not table.has("speaker")


def test_mailabs(tmp_path: Path) -> None:
    table = read(tmp_path, mailabs, "LJSpeech or M-AILABS")
    assert sorted(zip(table.column("speaker"), table.column("text"), strict=True)) == [
        ("", "Im Jahr fünf"), ("", "Ja"), ("eva_k", "Im Jahr fünf"), ("eva_k", "Ja"),
        ("karl", "Im Jahr fünf"), ("karl", "Ja"),
    ]  # fmt: skip


def test_a_metadata_csv_of_other_bars_is_no_ljspeech(tmp_path: Path) -> None:
    sound(tmp_path / "wavs" / "a.wav", 1)
    (tmp_path / "metadata.csv").write_text("file_name,text\nwavs/a.wav,a|b\n")
    assert read_folder(tmp_path).column("text") == ["a|b"]


def test_common_voice(tmp_path: Path) -> None:
    table = read(tmp_path, commonvoice, "Common Voice")
    assert table.column("split") == ["train"] * 4 + ["val"] * 2 + ["test"]
    assert table.column("text")[0] == '"Satz 0, ja.'
    assert len(set(table.column("speaker"))) == 4


def test_common_voice_without_its_split_keeps_speakers_apart(tmp_path: Path) -> None:
    commonvoice(tmp_path, split=False)
    table = read_folder(tmp_path)
    assert len(table) == 8
    split = split_table(table, val_fraction=0.25)
    assert not set(split.train.column("speaker")) & set(split.val.column("speaker"))


@pytest.mark.parametrize("make", [gtzan, fma, magnatagatune, jamendo, audioset, fsd50k])
def test_a_metadata_csv_comes_first(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path)
    some = next(p for p in sorted(tmp_path.rglob("*")) if p.suffix in (".wav", ".mp3"))
    name = some.relative_to(tmp_path).as_posix()
    (tmp_path / "metadata.csv").write_text(f"file_name,label\n{name},mine\n")
    assert read_folder(tmp_path).labels == ["mine"]


@pytest.mark.parametrize(
    ("make", "file", "text", "fault"),
    [
        (fma, "fma_metadata/tracks.csv", f"{HEAD}\n", "three header lines"),
        (fma, "fma_metadata/tracks.csv", f"{HEAD}\n,a,b,c,d\nx\n", "no column artist"),
        (magnatagatune, "annotations_final.csv", "a\tb\n", "no column 'clip_id'"),
        (magnatagatune, "annotations_final.csv", "clip_id\tx\tmp3_path\n1\n", "line 2 has 1 cell"),
        (
            magnatagatune, "annotations_final.csv",
            "clip_id\trock\tmp3_path\n1\t7\t0/artist_0-album-01-song-0-29.mp3\n",
            "other tags than 0 and 1",
        ),
        (jamendo, "autotagging.tsv", "A\tB\n", "no column 'TRACK_ID'"),
        (audioset, "eval_segments.csv", "qqqqqqqqqqq, x, 2, /m/04rlf\n", "which is no time"),
        (audioset, "eval_segments.csv", "qqqqqqqqqqq, 1, 2, /m/none\n", "does not name"),
        (fsd50k, "FSD50K.ground_truth/dev.csv", "fname,labels,mids\n64760\n", "line 2 has 1 cells"),
        (fma, "fma_metadata/tracks.csv", "\n".join(TRACKS.split("\n")[:3]), "none of the record"),
    ],
)  # fmt: skip
def test_damaged_tables_are_one_line(
    tmp_path: Path, make: Callable[[Path], None], file: str, text: str, fault: str
) -> None:
    make(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(DataError, match=fault) as caught:
        read_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_audioset_without_names_of_classes_says_what_is_missing(tmp_path: Path) -> None:
    audioset(tmp_path)
    (tmp_path / "class_labels_indices.csv").unlink()
    with pytest.raises(DataError, match=r"put class_labels_indices\.csv beside"):
        read_folder(tmp_path)


@pytest.mark.slow
def test_a_tagger_is_trained_on_magnatagatune(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TYMPAN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set").mkdir()
    magnatagatune(tmp_path / "set")
    lines: list[str] = []
    result = tympan.train(
        tmp_path / "set", out=tmp_path / "model", epochs=0, progress=False, say=lines.append
    )
    assert any("task: tag" in line for line in lines)
    assert any("laid out as MagnaTagATune" in line for line in lines)
    assert result.job.prepared.vocabulary == ("classical", "guitar", "no voice")
    assert "split column is obeyed" in result.split


def test_each_layout_that_is_known_is_named_where_training_is_described() -> None:
    """A set that is read as it comes is of no use to who is not told."""
    from tympan.data import known_sets

    text = (Path(__file__).resolve().parents[2] / "docs/verbs/train.md").read_text("utf-8")
    section = text.split("## Data sets as they come")[1].split("\n## ")[0]
    told = ", ".join(re.findall(r"^\| ([^|]+?) \|", section, re.M)[1:])
    rows = re.findall(r"^\| ([^|]+?) \|", known_sets.__doc__ or "", re.M)[1:]
    assert len(rows) == len(known_sets.SETS) == 11
    assert [name for row in rows for name in row.split(", ") if name not in told] == []
    for one in known_sets.SETS:
        # What is known by its sources alone has three names there.
        for name in one.name.split(" or "):
            assert name == "mixtures beside their sources" or name in section
    for name in ("MAESTRO", "DCASE task 2", "MIMII"):
        assert name in section
